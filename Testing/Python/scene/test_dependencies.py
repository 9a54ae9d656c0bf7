"""What a run needs is named with its reason, asked for once, and nothing is installed for what needs nothing."""

from __future__ import annotations

import re
import sys
import tomllib
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import MedFusionLib
from MedFusionLib import Recipe
from MedFusionLib.errors import BadInput, MissingDependency
from MedFusionLib.fusion import catalog
from MedFusionLib.registration import elastix
from MedFusionLib.registration.settings import RegistrationSettings
from MedFusionLib.scene import dependencies
from MedFusionLib.scene.dependencies import ensure, missing, requirements

# ruff: noqa: N802, N803 (names of the extension PyTorch)

slicer = pytest.importorskip("slicer")
MAXIMUM = Recipe(method="maximum", registration="simpleitk")
WAVELET = Recipe(method="dwt", registration="simpleitk")
TORCH = Recipe(method="maximum", registration="simpleitk", device="cuda")


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A Python in which only the packages of the returned dict are installed, by version."""
    installed: dict[str, str] = {}

    def version(name: str) -> str:
        if name not in installed:
            raise PackageNotFoundError(name)
        return installed[name]

    monkeypatch.setattr("importlib.metadata.version", version)
    monkeypatch.setattr(elastix, "installed", lambda: "itk-elastix" in installed)
    monkeypatch.delenv("MEDFUSION_BRAINSFIT", raising=False)
    monkeypatch.setenv("PATH", "")
    return installed


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What ``slicer.packaging.pip_ensure`` was asked for; it consents."""
    calls: list[tuple[Any, ...]] = []
    packaging = ModuleType("slicer.packaging")
    packaging.pip_ensure = lambda requirements, skip_packages=None, requester=None: calls.append(
        (requirements, skip_packages, requester))
    monkeypatch.setitem(sys.modules, "slicer.packaging", packaging)
    return calls


def test_methods_of_numpy_scipy_and_simpleitk_need_nothing_and_nothing_is_asked(bare, asked) -> None:
    free = [card.name for card in catalog.cards() if not card.requires]
    assert {"maximum", "laplacian"} <= set(free)
    assert missing(MAXIMUM, free) == []
    ensure(MAXIMUM, free)
    assert asked == []


def test_a_method_says_which_package_it_lacks_and_why(bare) -> None:
    (one,) = missing(WAVELET)
    assert (one.package, one.source) == ("PyWavelets>=1.8", "pip")
    assert catalog.card("dwt").title in str(one)


@pytest.mark.parametrize(("version", "lacking"), [("1.7.0", 1), ("1.8", 0), ("2.0.1", 0)])
def test_a_version_that_is_too_old_is_missing(bare, version: str, lacking: int) -> None:
    bare["PyWavelets"] = version
    assert len(missing(WAVELET)) == lacking


def test_a_comparison_asks_for_each_package_once(bare) -> None:
    every = [card.name for card in catalog.cards() if card.requires == ("pywt",)]
    assert len(every) > 1
    assert [one.package for one in missing(MAXIMUM, every)] == ["PyWavelets>=1.8"]


def test_slicers_installer_asks_for_all_at_once_and_leaves_torch_and_simpleitk_alone(bare, asked) -> None:
    recipe = Recipe(method="dwt", registration="elastix")
    ensure(recipe)
    assert asked == [(["PyWavelets>=1.8", "itk-elastix>=0.25"], ["SimpleITK", "torch"], "MedFusion")]


def test_a_user_who_declines_reads_what_is_missing_and_why(bare, monkeypatch: pytest.MonkeyPatch) -> None:
    def decline(*given: Any, **named: Any) -> None:
        raise RuntimeError("User declined installation")

    monkeypatch.setitem(sys.modules, "slicer.packaging", SimpleNamespace(pip_ensure=decline))
    with pytest.raises(MissingDependency, match=r"PyWavelets>=1\.8 is missing: the method"):
        ensure(WAVELET)


def test_torch_comes_by_its_extension_and_the_rest_by_pip(bare, asked, monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}

    class PyTorchUtilsLogic:
        def installTorch(self, askConfirmation=False, forceComputationBackend=None,
                         torchVersionRequirement=None, torchvisionVersionRequirement=None):
            given.update(ask=askConfirmation, version=torchVersionRequirement)
            return object()

    monkeypatch.setitem(sys.modules, "PyTorchUtils", SimpleNamespace(PyTorchUtilsLogic=PyTorchUtilsLogic))
    assert [(one.package, one.source) for one in missing(TORCH)] == [
        ("torch>=2.6", "PyTorch"), ("array-api-compat>=1.12", "pip")]
    ensure(TORCH)
    assert given == {"ask": True, "version": ">=2.6"}
    assert [requirements for requirements, *_ in asked] == [["array-api-compat>=1.12"]]


def test_without_the_extension_pytorch_the_user_is_told_to_install_it(bare, asked) -> None:
    with pytest.raises(MissingDependency, match="Install the extension PyTorch and restart Slicer"):
        ensure(TORCH)
    assert asked == []


def test_elastix_is_there_by_the_package_or_by_the_extension(bare, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = Recipe(method="maximum", registration=RegistrationSettings(method="elastix"))
    assert [one.package for one in missing(recipe)] == ["itk-elastix>=0.25"]
    bare["itk-elastix"] = "0.25.4"
    assert missing(recipe) == []
    del bare["itk-elastix"]
    monkeypatch.setattr(slicer, "modules", SimpleNamespace(elastix=object()), raising=False)
    assert missing(recipe) == []


def test_brainsfit_cannot_be_installed_here(bare, asked, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = Recipe(method="dwt", registration="brainsfit")
    assert ("BRAINSFit", "Slicer") in [(one.package, one.source) for one in missing(recipe)]
    with pytest.raises(MissingDependency, match="Choose another registration method"):
        ensure(recipe)
    assert asked == []
    monkeypatch.setattr(slicer, "modules", SimpleNamespace(brainsfit=object()), raising=False)
    assert [one.package for one in missing(recipe)] == ["PyWavelets>=1.8"]


def test_an_unknown_method_is_refused(bare) -> None:
    with pytest.raises(BadInput, match="no_such_method"):
        missing(Recipe(method="no_such_method"))


def test_every_package_that_a_card_requires_is_listed() -> None:
    needed = {package for card in catalog.cards() for package in card.requires}
    assert {dependencies.PACKAGES[package] for package in needed} <= requirements().keys()


def test_the_list_asks_for_the_same_versions_as_the_library() -> None:
    path = Path(MedFusionLib.__file__).parents[1] / "pyproject.toml"
    project = tomllib.loads(path.read_text())["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    library = {re.split(r"[<>=]", line)[0]: line for group in groups for line in group}
    assert all(library[name] == line for name, line in requirements().items())
