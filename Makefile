# Two commands: "make demo" runs the main job on the bundled patient, "make test" runs the checks and all tests.
# Both set up a virtual environment in .venv first; nothing else is touched.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: demo test fast check clean

demo: $(READY)
	$(BIN)/medfusion demo --output demo

test: check
	$(BIN)/python -m pytest -n 2

fast: $(READY)
	$(BIN)/python -m pytest -n 2 -m "not slow"

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/mypy

# torch is named first and exactly: this is the build without CUDA, and later requirements are then satisfied.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt torch==2.13.0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[test]"
	touch $(READY)

clean:
	rm -rf .venv build demo
