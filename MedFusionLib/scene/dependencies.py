"""What a run needs that this Slicer lacks, and how it gets there: with the user's consent, when it is needed.

The versions are those of Resources/requirements.txt. Methods without ``requires`` on their card need nothing beyond
numpy, SimpleITK and scipy, so nothing is installed for them.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from MedFusionLib.errors import MissingDependency
from MedFusionLib.scene.brainsfit_run import BrainsfitRun
from MedFusionLib.scene.elastix_run import ElastixRun

if TYPE_CHECKING:
    from MedFusionLib.recipe import Recipe

# Cards name what is imported, the list names what is installed.
PACKAGES = {"pywt": "PyWavelets", "array_api_compat": "array-api-compat", "itk": "itk-elastix", "torch": "torch",
            "safetensors": "safetensors"}
# Torch tensors go through the namespace of array-api-compat.
TOGETHER = {"torch": ("torch", "array-api-compat")}
DEVICES_OF_TORCH = ("cuda", "mps")
# Slicer has its own SimpleITK, and its torch fits the graphics card: pip must not replace them.
SKIPPED = ["SimpleITK", "torch"]


@dataclass(frozen=True)
class Missing:
    """A package that is missing: its requirement, why the run needs it, and where it comes from.

    ``source`` is "pip", "PyTorch" (the extension installs it), or "Slicer" (cannot be installed here).
    """

    package: str
    why: str
    source: Literal["pip", "PyTorch", "Slicer"] = "pip"

    def __str__(self) -> str:
        return f"{self.package} is missing: {self.why}"


def missing(recipe: Recipe, methods: Sequence[str] = ()) -> list[Missing]:
    """What a run of ``recipe`` (or a comparison of ``methods``) needs and is not there; installs nothing.

    Raises ``BadInput`` for an unknown method.
    """
    listed = requirements()
    reasons: dict[str, str] = {}
    for package, why in _wanted(recipe, methods):
        for each in TOGETHER.get(package, (package,)):
            reasons.setdefault(each, why)
    found = [
        Missing(listed[package], why, "PyTorch" if package == "torch" else "pip")
        for package, why in reasons.items() if not _installed(listed[package])
    ]
    if recipe.settings.method == "brainsfit" and not _brainsfit(recipe):
        found.append(Missing("BRAINSFit", "the registration 'brainsfit' is a module of Slicer", "Slicer"))
    return found


def ensure(recipe: Recipe, methods: Sequence[str] = ()) -> None:
    """Ask the user for what is missing, and install it; returns at once when nothing is. For the click on Apply.

    Raises ``MissingDependency`` when the user declines, and for what cannot be installed from here.
    """
    lacking = missing(recipe, methods)
    for one in (one for one in lacking if one.source == "Slicer"):
        raise MissingDependency(str(one), "Choose another registration method")
    if any(one.source == "PyTorch" for one in lacking):
        _install_torch(next(one for one in lacking if one.source == "PyTorch"))
    packages = [one for one in lacking if one.source == "pip"]
    if packages:
        _install(packages)
    importlib.invalidate_caches()


def requirements() -> dict[str, str]:
    """The lines of Resources/requirements.txt by the name of the package, such as "torch": "torch>=2.6"."""
    from packaging.requirements import Requirement

    from MedFusionLib.resources import resource

    lines = resource("requirements.txt").read_text(encoding="utf-8").splitlines()
    return {Requirement(line).name: line for line in lines if line and not line.startswith("#")}


def _wanted(recipe: Recipe, methods: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The packages beyond Slicer's own that a run needs, each with the reason."""
    from MedFusionLib.fusion import automatic, catalog

    for name in dict.fromkeys([*methods] or [automatic.resolve(recipe.method, recipe.plane)]):
        card = catalog.card(name)
        for package in card.requires:
            yield PACKAGES.get(package, package), f"the method '{card.title}' needs it"
    if recipe.device in DEVICES_OF_TORCH:
        yield "torch", f"computing on '{recipe.device}' needs it"
    if recipe.settings.method == "elastix" and ElastixRun.missing():
        yield "itk-elastix", "the registration 'elastix' needs it, or the extension SlicerElastix"


def _installed(requirement: str) -> bool:
    """Whether this Python has what ``requirement`` names, in a version that it allows."""
    from importlib.metadata import PackageNotFoundError, version

    from packaging.requirements import Requirement

    parsed = Requirement(requirement)
    try:
        return parsed.specifier.contains(version(parsed.name), prereleases=True)
    except PackageNotFoundError:
        return False


def _brainsfit(recipe: Recipe) -> bool:
    """Whether there is a BRAINSFit: Slicer's, or one that the recipe or the environment names."""
    from MedFusionLib.registration.brainsfit import executable

    return not BrainsfitRun.missing() or bool(executable(recipe.settings))


def _install_torch(torch: Missing) -> None:
    """torch by the extension PyTorch, which chooses the build for this computer."""
    try:
        logic = importlib.import_module("PyTorchUtils").PyTorchUtilsLogic()
    except ModuleNotFoundError:
        raise MissingDependency(str(torch), "Install the extension PyTorch and restart Slicer") from None
    if logic.installTorch(askConfirmation=True, torchVersionRequirement=torch.package.removeprefix("torch")) is None:
        raise MissingDependency(str(torch), "Allow its installation, or choose another method")


def _install(packages: list[Missing]) -> None:
    """``packages`` by Slicer's own installer, which asks the user."""
    from slicer.packaging import pip_ensure

    try:
        pip_ensure([one.package for one in packages], skip_packages=SKIPPED, requester="MedFusion")
    except RuntimeError:
        mend = "Allow its installation, or choose another method"
        raise MissingDependency("; ".join(str(one) for one in packages), mend) from None
