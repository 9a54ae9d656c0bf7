"""The frame that Slicer and its Extensions Index look at: description, module, icon, licence, what is installed."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

import MedFusionLib

ROOT = Path(MedFusionLib.__file__).parents[1]
TOP = (ROOT / "CMakeLists.txt").read_text()
MODULE = ROOT / "MedFusion" / "MedFusion.py"
# Slicer/Schemas/slicer-extension-catalog-entry-schema-v1.0.2.json: properties and their types.
SCHEMA = {"$schema": str, "category": str, "scm_url": str, "scm_revision": str, "scm_type": str,
          "build_dependencies": list, "dicom_support_rule": str, "build_subdirectory": str, "enabled": bool,
          "tier": int}
# What the Index's reviewers allow at file scope, beside the standard library and our own package.
ALLOWED = {"qt", "ctk", "slicer", "vtk", "numpy", "MedFusionLib"}


def cmake_value(name: str) -> str:
    """The text of ``set(name ...)`` in the top CMakeLists.txt."""
    found = re.search(rf"set\({name} (.*)\)", TOP)
    assert found, f"{name} is not set"
    return found[1]


def test_the_index_entry_follows_the_schema_and_names_the_extension() -> None:
    entry = json.loads((ROOT / "MedFusion.json").read_text())
    assert entry["$schema"].endswith("/slicer-extension-catalog-entry-schema-v1.0.2.json#")
    assert {"$schema", "category", "scm_url"} <= entry.keys() <= SCHEMA.keys()
    assert all(isinstance(entry[key], SCHEMA[key]) for key in entry)
    assert entry["category"] == "Registration"
    assert entry["scm_url"].endswith("/SlicerMedFusion.git")
    assert 1 <= entry["tier"] <= 5
    assert re.search(r"project\((\w+)\)", TOP)[1] == "MedFusion"


def test_index_entry_and_build_name_the_same_dependencies_and_the_same_home() -> None:
    entry = json.loads((ROOT / "MedFusion.json").read_text())
    assert re.findall(r'"(\w+)"', cmake_value("EXTENSION_DEPENDS")) == entry["build_dependencies"]
    home = entry["scm_url"].removesuffix(".git")
    assert cmake_value("EXTENSION_HOMEPAGE").strip('"') == home
    for name in ("EXTENSION_ICONURL", "EXTENSION_SCREENSHOTURLS"):
        url = cmake_value(name).strip('"')
        assert url.startswith(home.replace("github.com", "raw.githubusercontent.com") + "/main/")
    assert (ROOT / cmake_value("EXTENSION_ICONURL").strip('"').split("/main/")[1]).is_file()


def test_the_icon_is_a_picture_of_128_by_128_with_something_on_it() -> None:
    icon = sitk.ReadImage(str(ROOT / "MedFusion" / "Resources" / "Icons" / "MedFusion.png"))
    assert icon.GetSize() == (128, 128)
    assert icon.GetNumberOfComponentsPerPixel() == 4
    assert len(np.unique(sitk.GetArrayViewFromImage(icon).reshape(-1, 4), axis=0)) > 500


def test_the_licence_is_apache_2_in_full() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert all(f"\n   {number}. " in text for number in range(1, 10))
    assert "END OF TERMS AND CONDITIONS" in text


def test_every_file_of_the_module_is_installed() -> None:
    listed = (ROOT / "MedFusion" / "CMakeLists.txt").read_text().replace("${MODULE_NAME}", "MedFusion")
    files = [path.relative_to(MODULE.parent).as_posix() for path in MODULE.parent.rglob("*") if path.is_file()]
    missing = [name for name in files if "__pycache__" not in name and name != "CMakeLists.txt" and name not in listed]
    assert missing == []


def test_all_resources_are_installed_but_the_screenshots() -> None:
    listed = (ROOT / "MedFusionLib" / "CMakeLists.txt").read_text()
    assert "${_root}/Resources/*)" in listed
    assert re.findall(r'EXCLUDE REGEX "(.*)"', listed) == ["^Resources/Screenshots/"]


def test_the_module_has_the_classes_slicer_looks_for_and_imports_nothing_heavy() -> None:
    tree = ast.parse(MODULE.read_text())
    defined = {item.name for item in tree.body if isinstance(item, ast.ClassDef)}
    imported = [name for item in tree.body if isinstance(item, ast.Import) for name in [a.name for a in item.names]]
    imported += [item.module for item in tree.body if isinstance(item, ast.ImportFrom)]
    assert {"MedFusion", "MedFusionWidget", "MedFusionTest"} <= defined
    assert "MedFusionLib.ui.logic" in imported
    assert {name.split(".")[0] for name in imported} - set(sys.stdlib_module_names) <= ALLOWED


def test_an_installed_tree_in_another_place_imports_the_library_and_finds_its_resources(tmp_path: Path) -> None:
    # As Slicer's macros lay it out: module, library and resources in one folder.
    ignore = shutil.ignore_patterns("__pycache__", "SampleData", "Models", "Screenshots")
    shutil.copytree(ROOT / "MedFusionLib", tmp_path / "MedFusionLib", ignore=ignore)
    shutil.copytree(ROOT / "Resources", tmp_path / "Resources", ignore=ignore)
    ask = ("import MedFusionLib, MedFusionLib.scene as scene; from MedFusionLib.resources import resource\n"
           "print(MedFusionLib.__file__, resource('Registration'), scene.MedFusionLogic.__name__, sep='\\n')")
    command = [sys.executable, "-c", ask]
    answer = subprocess.run(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    assert answer == [str(tmp_path / "MedFusionLib" / "__init__.py"), str(tmp_path / "Resources" / "Registration"),
                      "MedFusionLogic"]


@pytest.mark.parametrize("folder", ["MedFusionLib", "MedFusion"])
def test_only_the_scene_and_the_panel_know_slicer(folder: str) -> None:
    allowed = {"scene": {"slicer", "vtk", "vtkmodules"}, "ui": {"slicer", "vtk", "vtkmodules", "qt", "ctk"}}
    for path in (ROOT / folder).rglob("*.py"):
        wing = path.relative_to(ROOT / folder).parts[0]
        may = allowed["ui"] if folder == "MedFusion" else allowed.get(wing, set())
        for item in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in item.names] if isinstance(item, ast.Import) else []
            names += [item.module or ""] if isinstance(item, ast.ImportFrom) else []
            used = {name.split(".")[0] for name in names} & allowed["ui"]
            assert used <= may, f"{path} imports {used - may}"
