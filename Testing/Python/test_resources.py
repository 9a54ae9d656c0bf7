"""Resources are found by name, whatever the installation looks like."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from shutil import copy

import pytest

import MedFusionLib
from MedFusionLib.errors import BadInput
from MedFusionLib.resources import resource

LIBRARY = Path(MedFusionLib.__file__).parent
ASK = "from MedFusionLib.resources import resource; print(resource('Registration/one.txt').read_text())"


@pytest.mark.parametrize("place", ["Resources", "MedFusionLib/Resources"])
def test_a_resource_is_found_in_a_checkout_and_in_an_installation(tmp_path: Path, place: str) -> None:
    package = tmp_path / "MedFusionLib"
    package.mkdir()
    for name in ("__init__.py", "errors.py", "resources.py"):
        copy(LIBRARY / name, package / name)
    folder = tmp_path / place / "Registration"
    folder.mkdir(parents=True)
    (folder / "one.txt").write_text("found")
    answer = subprocess.run([sys.executable, "-c", ASK], cwd=tmp_path, check=True,
                            capture_output=True, text=True)
    assert answer.stdout.strip() == "found"


def test_the_folder_of_all_resources_is_there() -> None:
    assert resource().is_dir()


@pytest.mark.parametrize("name", ["../pyproject.toml", "/etc/hostname", "a\\b", "Registration/../../LICENSE"])
def test_a_name_that_leaves_the_resources_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match="no name of a resource"):
        resource(name)


def test_a_missing_resource_is_one_clear_line() -> None:
    with pytest.raises(BadInput, match=r"no resource 'Models/nothing.safetensors'. Install MedFusion again"):
        resource("Models/nothing.safetensors")
