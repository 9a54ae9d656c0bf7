"""What the panel decides: what is missing or cannot work, and so whether Apply may be clicked. No Qt, no MRML."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from typing import NamedTuple

from MedFusionLib.errors import BadInput
from MedFusionLib.fusion import catalog
from MedFusionLib.fusion.automatic import AUTO, resolve
from MedFusionLib.fusion.card import Card
from MedFusionLib.fusion.inference import PLANES
from MedFusionLib.registration.engines import ENGINES
from MedFusionLib.ui.choices import MOST_MOVING, Choices, VolumeChoice
from MedFusionLib.ui.recipes import recipe_of
from MedFusionLib.ui.translation import tr as _
from MedFusionLib.ui.windows import parse_window

LEAST_POINTS = 3


class Problem(NamedTuple):
    """What is wrong with its value, and what the user can do."""

    what: str
    mend: str

    @property
    def text(self) -> str:
        """Both in one line."""
        return f"{self.what}. {self.mend}." if self.mend else f"{self.what}."


Check = Callable[[Choices], Iterator[Problem]]


def _missing(choices: Choices) -> Iterator[Problem]:
    if choices.fixed is None:
        yield Problem(_("No fixed volume is chosen"), _("Choose the anatomical volume whose grid the result gets"))
    if not choices.moving:
        yield Problem(_("No moving volume is chosen"), _("Choose at least one volume to fuse with the fixed one"))


def _twice(choices: Choices) -> Iterator[Problem]:
    seen: set[str] = set()
    for volume in choices.volumes:
        if volume.identity and volume.identity in seen:
            yield Problem(_("Volume '{name}' is chosen twice").format(name=volume.name),
                          _("Choose different volumes of one patient"))
        seen.add(volume.identity)


def _unfit(choices: Choices) -> Iterator[Problem]:
    for volume in choices.volumes:
        name = volume.name
        if volume.kind == "label map":
            yield Problem(_("'{name}' is a label map, not an image").format(name=name),
                          _("Choose a scalar or colour volume; a label map can be the mask"))
        elif not volume.shape or 0 in volume.shape:
            yield Problem(_("Volume '{name}' has no voxels").format(name=name),
                          _("Load it again or choose another volume"))
        elif min(volume.shape) < 2:
            yield Problem(_("Volume '{name}' has a single slice").format(name=name), _("Choose a volume in 3-D"))
        if volume.warped:
            yield Problem(_("Volume '{name}' lies below a non-linear transform").format(name=name),
                          _("Harden the transform on a copy of the volume, or take the volume out of it"))


def _landmarks(choices: Choices) -> Iterator[Problem]:
    fixed, moving = choices.fixed_points, choices.moving_points
    if fixed is None and moving is None:
        if choices.registration == "landmarks":
            yield Problem(_("Registration by landmarks needs two point lists"),
                          _("Choose them under Inputs, Mask and starting point"))
        return
    if fixed is None or moving is None:
        yield Problem(_("Only one of the two point lists is chosen"),
                      _("Choose the fixed and the moving points, or neither"))
    elif fixed != moving:
        yield Problem(_("{fixed} fixed and {moving} moving points are no pairs").format(fixed=fixed, moving=moving),
                      _("Place the same points in the same order on both volumes"))
    elif fixed < LEAST_POINTS:
        yield Problem(_("{count} pairs of points are too few").format(count=fixed),
                      _("Place at least {least}").format(least=LEAST_POINTS))
    if len(choices.moving) > 1 and (fixed or moving):
        yield Problem(_("Landmarks belong to one moving volume, and {count} are chosen").format(
            count=len(choices.moving)), _("Align the volumes one after the other"))


def _engine(choices: Choices) -> Iterator[Problem]:
    if choices.registration == "auto":
        return
    engine = ENGINES.get(choices.registration)
    if engine is None:
        yield Problem(_("Registration method '{name}' is not known").format(name=choices.registration),
                      _("Choose another method"))
        return
    if choices.transform not in engine.transforms:
        yield Problem(_("{name} has no {transform} transform").format(name=engine.name, transform=choices.transform),
                      _("Choose one of {kinds}").format(kinds=", ".join(engine.transforms)))


def planes_for(method: str) -> tuple[str, ...]:
    """The planes to choose from for ``method``: its own, or every plane where it is chosen to fit the plane."""
    return ("", *PLANES, "all", "volume") if method == AUTO else planes_of(catalog.card(method))


def planes_of(card: Card) -> tuple[str, ...]:
    """The planes that a method can work in; "" is its own choice."""
    slices = (*PLANES, "all") if 2 in card.dimensions else ()
    return ("", *slices, *(("volume",) if 3 in card.dimensions else ()))


def method_problem(choices: Choices, name: str) -> Problem | None:
    """Why method ``name`` cannot fuse what is chosen, None when it can."""
    try:
        card = catalog.card(resolve(name, choices.plane))
        given = dict(choices.parameters) if name == choices.method else {}
        card.settle(given)
        if card.trained is False and not given.get("weights"):
            raise BadInput(_("{method} is not trained: it has no weights here").format(method=card.title),
                           _("Choose another method, or give weights of your own among its parameters"))
        least, most = card.sources
        count = len(choices.volumes)
        if choices.moving and choices.fixed and not least <= count <= (most or count):
            raise BadInput(_("{method} fuses {counts} volumes, not {count}").format(
                method=card.title, counts=card.counts, count=count), _("Choose another method"))
        if choices.plane not in planes_of(card):
            raise BadInput(_("{method} cannot work in the plane '{plane}'").format(
                method=card.title, plane=choices.plane), _("Choose another plane or method"))
    except BadInput as error:
        return Problem(error.what, error.mend)
    return None


def _fusion(choices: Choices) -> Iterator[Problem]:
    problem = method_problem(choices, choices.method)
    if problem is not None:
        yield problem


def _windows(choices: Choices) -> Iterator[Problem]:
    for volume in choices.volumes:
        try:
            parse_window(volume.window, volume.name)
        except BadInput as error:
            yield Problem(error.what, error.mend)


def _output(choices: Choices) -> Iterator[Problem]:
    output, kind = choices.output, "colour" if choices.is_coloured else "scalar"
    if output is None or not choices.volumes:
        return
    if output.identity in {volume.identity for volume in choices.volumes}:
        yield Problem(_("The output volume '{name}' is one of the inputs").format(name=output.name),
                      _("Choose a new output volume"))
    elif output.kind != kind:
        yield Problem(_("The output volume '{name}' is {there}, the result will be {here}").format(
            name=output.name, there=_kinds()[output.kind], here=_kinds()[kind]), _("Choose a new output volume"))


def _rest(choices: Choices) -> Iterator[Problem]:
    """What no recipe can hold, such as a choice that another version of MedFusion has saved with the scene."""
    try:
        recipe_of(choices)
    except BadInput as error:
        yield Problem(error.what, error.mend)


def _kinds() -> dict[str, str]:
    return {"scalar": _("grey"), "colour": _("in colour"), "label map": _("a label map")}


CHECKS: tuple[Check, ...] = (_missing, _twice, _unfit, _landmarks, _engine, _fusion, _windows, _output, _rest)


def problems(choices: Choices) -> list[Problem]:
    """Everything that keeps a run from succeeding, the first thing to mend first; empty: Apply may be clicked."""
    return [problem for check in CHECKS for problem in check(choices)]


def compare_problems(choices: Choices) -> list[Problem]:
    """The same for a comparison: the methods to be compared instead of the one method."""
    found = [problem for check in CHECKS if check not in (_fusion, _output) for problem in check(choices)]
    if len(choices.compare_methods) < 2:
        found.append(Problem(_("{count} methods are ticked").format(count=len(choices.compare_methods)),
                             _("Tick at least two to compare")))
    for name in choices.compare_methods:
        problem = method_problem(choices, name)
        if problem is not None:
            found.append(problem)
    return found


def missing_packages(methods: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """By method, the packages it needs that are not installed; methods that need none are left out."""
    needed = {name: catalog.card(name).requires for name in methods}
    absent = {name: tuple(package for package in packages if find_spec(package) is None)
              for name, packages in needed.items()}
    return {name: packages for name, packages in absent.items() if packages}


def suggested_inputs(volumes: Sequence[VolumeChoice]) -> list[VolumeChoice]:
    """The order in which to fill an empty panel with the ``volumes`` of a scene: CT before MR before the others.

    Empty where they are too few or too many to guess what is meant.
    """
    if not 2 <= len(volumes) <= 1 + MOST_MOVING:
        return []
    order = ("CT", "MR")
    ranks = {name: rank for rank, name in enumerate(order)}
    return sorted(volumes, key=lambda volume: ranks.get(volume.modality, len(order)))


def rows_to_show(filled: list[bool]) -> int:
    """How many rows for moving volumes to show: those up to the last one filled, and an empty one to go on."""
    last = max((index for index, full in enumerate(filled) if full), default=-1)
    return min(last + 2, len(filled))
