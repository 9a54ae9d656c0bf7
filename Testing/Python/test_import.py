"""Importing the library costs nothing and needs no more than what Slicer brings."""

import subprocess
import sys

import pytest

# What every Slicer brings; the rest is optional until it is asked for.
BARE = {"numpy", "scipy", "SimpleITK"}
OPTIONAL = (
    "torch",
    "monai",
    "itk",
    "pywt",
    "matplotlib",
    "pydicom",
    "skimage",
    "array_api_compat",
    "vtk",
    "slicer",
    "qt",
)


def _loaded(code):
    """The top-level modules that ``code`` brings in, in a new interpreter."""
    script = f"import sys\n{code}\nprint(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_library_loads_nothing_heavy():
    assert not _loaded("import MedFusionLib") & ({"numpy", "SimpleITK", "scipy"} | set(OPTIONAL))


@pytest.mark.parametrize("module", ["cli", "pipeline", "fusion.catalog", "registration", "scene", "metrics"])
def test_no_module_of_the_main_job_loads_an_optional_package(module):
    assert not _loaded(f"import MedFusionLib.{module}") & set(OPTIONAL)


def test_a_bare_slicer_can_fuse_with_the_methods_that_need_no_package():
    code = f"""
import importlib.abc
class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in {OPTIONAL!r}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Missing())
import numpy as np
from MedFusionLib import Recipe, Volume, run
from MedFusionLib.fusion import catalog
volumes = [Volume.from_array(np.random.default_rng(n).integers(0, 255, (20, 30), dtype=np.uint8)) for n in range(2)]
for card in catalog.cards():
    if not card.requires:
        run(volumes, Recipe(method=card.name))
"""
    _loaded(code)
