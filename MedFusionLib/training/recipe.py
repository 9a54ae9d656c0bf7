"""TrainingRecipe: every choice of a training as data, in JSON and out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from MedFusionLib.errors import BadInput
from MedFusionLib.faithfulness.retention import RADII
from MedFusionLib.faithfulness.structures import least_edge
from MedFusionLib.fields import anything, check_fields, flag, list_of, mapping_of, number, one_of, text
from MedFusionLib.networks.segmenters import TRAINABLE
from MedFusionLib.recipe import Recipe
from MedFusionLib.training.recipe_layers import read_layers
from MedFusionLib.training.series import series_text

FORMAT = 1
SCHEDULES = ("constant", "linear", "cosine")


@dataclass(frozen=True)
class DataSet:
    """Pairs of one kind: pictures with equal names in the folders ``a`` and ``b``, or ``volumes`` of ``cases``.

    ``cases`` holds one folder a patient, and ``volumes`` are the names of its files, the fixed one first. Paths are
    relative to the data root. ``train``, ``validation`` and ``test`` name series, or parts of them as "41[:-50]"; no
    ``train`` means all series that are named nowhere else, and ``test`` series are never read. ``functional`` says for
    each source whether it is functional; empty: those that have colour. ``weight`` is how often a batch comes from
    here, relative to the others. ``terms`` is the licence or the terms of use, for the card. ``plane`` is the axis
    along which a network for pictures takes slices of volumes. ``windows`` and ``colour_maps`` are as in a run's
    recipe.
    """

    name: str
    a: str = ""
    b: str = ""
    cases: str = ""
    volumes: tuple[str, ...] = ()
    train: tuple[str, ...] = ()
    validation: tuple[str, ...] = ()
    test: tuple[str, ...] = ()
    functional: tuple[bool, ...] = ()
    weight: float = 1.0
    terms: str = ""
    plane: Literal["axial", "coronal", "sagittal"] = "axial"
    windows: Mapping[str, Any] = field(default_factory=dict)
    colour_maps: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, data: Any, owner: str = "data") -> DataSet:
        """The data set that ``data`` describes; raises ``BadInput`` for what is missing, unknown or contradictory."""
        given = check_fields(data, _DATA_CHECKS, owner)
        made = cls(**{"name": "", **given})
        if not made.name:
            raise BadInput(f"{owner} has no name", "Give it one, for the card")
        if bool(made.a and made.b) == bool(made.cases and len(made.volumes) > 1):
            raise BadInput(f"{owner} '{made.name}' is neither two folders nor cases of volumes",
                           "Give a and b, or cases and two volumes or more")
        if made.functional and len(made.functional) != made.count:
            raise BadInput(f"{owner} '{made.name}': functional has {len(made.functional)} entries for {made.count} "
                           "sources", "Give true or false for each")
        made.shown_as()
        return made

    def shown_as(self) -> Recipe:
        """Windows and colour maps as a run's recipe has them; raises ``BadInput`` for those that it would refuse."""
        return Recipe.from_dict({"windows": dict(self.windows), "colour_maps": dict(self.colour_maps)})

    @property
    def count(self) -> int:
        """The number of sources."""
        return len(self.volumes) or 2


@dataclass(frozen=True)
class TrainingRecipe:
    """The choices of a training.

    ``network`` is a row of the networks' or the segmenters' catalog and ``name`` the weights' file (empty: the
    network's). ``losses`` are weights by name, ``colour_losses`` those for pairs that have colour (empty: the same),
    ``augmentation`` a preset ("" for none). ``patch`` is the edge of a crop in voxels, or one for each axis; ``batch``
    the crops of a step, over all processes together; ``balanced`` draws the series first and then its slice.
    ``schedule`` is how the learning rate falls after ``warm_up`` steps, ``clip`` the largest norm of
    a gradient (0: any). After every ``validate_every`` steps the network is judged on ``validate_on`` pictures of
    each validation series, evenly spread (0: all), and a checkpoint is written; after ``patience`` judgements
    without a better one training ends (0: never). ``average`` is the decay of a running mean of the weights, which is
    then what is judged and kept (0: none). ``precision`` "mixed" computes the network in 16 bits where that is safe.
    ``workers`` are processes that prepare batches. ``start_from`` is "shipped" or the path of a weights' file of this
    network, to tune it further, or of its sibling for pictures, to begin with what that one learned. ``store`` "half"
    keeps the weights' file in 16 bits. ``step`` is what the network's own training step can be told.
    """

    network: str
    data: tuple[DataSet, ...]
    losses: Mapping[str, float] = field(default_factory=dict)
    colour_losses: Mapping[str, float] = field(default_factory=dict)
    name: str = ""
    augmentation: str = ""
    patch: int | tuple[int, ...] = 128
    batch: int = 8
    balanced: bool = False
    steps: int = 1000
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    schedule: Literal["constant", "linear", "cosine"] = "cosine"
    warm_up: int = 0
    clip: float = 0.0
    average: float = 0.0
    validate_every: int = 100
    validate_on: int = 0
    patience: int = 0
    seed: int = 0
    precision: Literal["full", "mixed"] = "full"
    workers: int = 0
    start_from: str = ""
    store: Literal["full", "half"] = "full"
    step: Mapping[str, Any] = field(default_factory=dict)

    @property
    def dimension(self) -> int:
        """The spatial dimensions that the network takes."""
        return TRAINABLE[self.network].dimensions[0]

    @property
    def edges(self) -> tuple[int, ...]:
        """The size of a crop, one edge for each spatial axis."""
        return (self.patch,) * self.dimension if isinstance(self.patch, int) else self.patch

    def as_dict(self) -> dict[str, Any]:
        """The recipe as plain data that ``from_dict`` takes back."""
        return {"format": FORMAT, **asdict(self)}

    def to_json(self) -> str:
        """The recipe as JSON text."""
        return json.dumps(self.as_dict(), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_dict(cls, data: Any) -> TrainingRecipe:
        """The recipe that ``data`` describes; raises ``BadInput`` that names the field, its value and the mend."""
        given = check_fields(data, {"format": one_of(FORMAT), **_CHECKS}, "training recipe")
        given.pop("format", None)
        for name in ("network", "data"):
            if name not in given:
                raise BadInput(f"the training recipe does not say its {name}", f"Give {name}")
        recipe = cls(**given)
        _check_together(recipe)
        return recipe

    @classmethod
    def read(cls, path: str | Path) -> TrainingRecipe:
        """The recipe in the file ``path``, over its base if it names one (see ``recipe_layers``).

        Raises ``BadInput`` when it cannot be read or is no recipe.
        """
        return cls.from_dict(read_layers(path))


def _check_together(recipe: TrainingRecipe) -> None:
    """Raise ``BadInput`` for fields that do not go together."""
    network = TRAINABLE[recipe.network]
    if not recipe.data:
        raise BadInput("the training recipe has no data", "Name one data set or more")
    if not any(entry.weight for entry in recipe.data):
        raise BadInput("the data sets of the training recipe all have the weight 0", "Give one of them a weight")
    if len({entry.name for entry in recipe.data}) < len(recipe.data):
        raise BadInput("two data sets of the training recipe have the same name", "Name them apart")
    least, most = network.sources
    for entry in recipe.data:
        if not least <= entry.count <= (most or entry.count):
            raise BadInput(f"data set '{entry.name}' has {entry.count} sources", f"{network.title} takes {least}"
                           + ("" if most == least else f" to {most}" if most else " or more"))
        if recipe.dimension == 3 and not entry.volumes:
            raise BadInput(f"data set '{entry.name}' is of pictures, {network.title} takes volumes", "Give cases")
    if len(recipe.edges) != recipe.dimension:
        raise BadInput(f"training recipe: patch = {recipe.patch} has {len(recipe.edges)} edges",
                       f"Give one number, or {recipe.dimension}")
    needed = least_edge(min(RADII))
    if min(recipe.edges) < needed and any(losses.get("retention") for losses in (recipe.losses, recipe.colour_losses)):
        raise BadInput(f"training recipe: patch = {recipe.patch} is too small for the structures of loss 'retention'",
                       f"Give patches of at least {needed} voxels along every axis")
    if recipe.warm_up >= recipe.steps:
        raise BadInput(f"training recipe: warm_up = {recipe.warm_up} of {recipe.steps} steps", "Warm up for fewer")
    for losses in (recipe.losses, recipe.colour_losses):
        if losses and not any(losses.values()):
            raise BadInput("training recipe: losses all weigh 0", "Give one of them a weight")


_EDGE = number(8, 1024, int)


def _patch(name: str, value: Any) -> int | tuple[int, ...]:
    """One edge for all axes, or one for each."""
    return int(_EDGE(name, value)) if not isinstance(value, (list, tuple)) else list_of(_EDGE)(name, value)


_DATA_CHECKS = {
    "name": text,
    "a": text,
    "b": text,
    "cases": text,
    "volumes": list_of(text),
    "train": list_of(series_text),
    "validation": list_of(series_text),
    "test": list_of(series_text),
    "functional": list_of(flag),
    "weight": number(0.0, 1e6),
    "terms": text,
    "plane": one_of("axial", "coronal", "sagittal"),
    "windows": mapping_of(anything),
    "colour_maps": mapping_of(text),
}


def _data(name: str, value: Any) -> tuple[DataSet, ...]:
    """The data sets of a recipe."""
    entries: tuple[DataSet, ...] = list_of(lambda entry, given: DataSet.from_dict(given, entry))(name, value)
    return entries


_CHECKS = {
    "network": one_of(*TRAINABLE),
    "name": text,
    "data": _data,
    "losses": mapping_of(number(0.0, 1e6)),
    "colour_losses": mapping_of(number(0.0, 1e6)),
    "augmentation": text,
    "patch": _patch,
    "batch": number(1, 4096, int),
    "balanced": flag,
    "steps": number(1, 10_000_000, int),
    "learning_rate": number(1e-8, 10.0),
    "weight_decay": number(0.0, 10.0),
    "schedule": one_of(*SCHEDULES),
    "warm_up": number(0, 1_000_000, int),
    "clip": number(0.0, 1e6),
    "average": number(0.0, 0.99999),
    "validate_every": number(1, 1_000_000, int),
    "validate_on": number(0, 100_000, int),
    "patience": number(0, 100_000, int),
    "seed": number(0, 2**31 - 1, int),
    "precision": one_of("full", "mixed"),
    "workers": number(0, 256, int),
    "start_from": text,
    "store": one_of("full", "half"),
    "step": mapping_of(anything),
}
