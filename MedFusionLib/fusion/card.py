"""The card of a fusion method: what it is, what it takes, and which parameters it has."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from MedFusionLib.errors import BadInput

Family = Literal["rule", "multiscale", "sparse", "cnn", "gan", "transformer"]


@dataclass(frozen=True)
class Parameter:
    """One parameter: its default, its range or choices, and one line on what it does."""

    name: str
    default: Any
    help: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[Any, ...] = ()

    def check(self, method: str, value: Any) -> Any:
        """``value`` as this parameter's type; raises ``BadInput`` when it is outside range or choices."""
        if self.choices and value not in self.choices:
            raise BadInput(f"method {method}: {self.name} = {value!r} is not known",
                           f"Use one of {', '.join(map(str, self.choices))}")
        if not isinstance(self.default, (int, float)) or isinstance(self.default, bool):
            return value
        try:
            number = type(self.default)(value)
            # int() would cut 3.7 to 3 without a word.
            same = float(number) == float(value)
        except (TypeError, ValueError, OverflowError):
            same = False
        if not same or isinstance(value, bool):
            kind = "a whole number" if isinstance(self.default, int) else "a number"
            raise BadInput(f"method {method}: {self.name} = {value!r} is not {kind}",
                           f"Use a number such as {self.default}")
        low, high = self.minimum, self.maximum
        if (low is not None and number < low) or (high is not None and number > high):
            raise BadInput(f"method {method}: {self.name} = {number} is out of range",
                           f"Use a value from {low} to {high}")
        return number


@dataclass(frozen=True)
class Card:
    """The description of a method that lists, panels and records show.

    ``sources`` is (least, most); ``most`` None means any number. ``dimensions`` are the spatial
    dimensions that ``fuse`` takes. ``symmetric``: the order of the sources does not matter.
    ``requires`` are the packages it needs beyond numpy, SimpleITK and scipy. ``workspace`` is the
    peak working memory as a multiple of the sources' (float32), without the sources themselves.
    ``receptive_field`` is how far (in voxels) a voxel of the output looks with the default parameters;
    None: at everything, so that a volume cannot be cut into tiles; a method whose parameters change it
    has the attribute ``receptive_field`` of its own. ``uses_validity``: ``fuse`` also takes the keyword
    ``validity``, boolean, shaped as the sources. ``uses_roles``: it also takes the keyword ``functional``, a tuple
    that says for each source whether it is the luma of a functional one, and after the sources the colours of those.
    For a network, ``trained`` says whether there are weights for it, ``learned_parameters`` counts its learned
    numbers, and ``published_parameters`` is the paper's count, None where the paper has none; the three are None for a
    method that learns nothing.
    """

    name: str
    title: str
    family: Family
    reference: str
    summary: str
    sources: tuple[int, int | None] = (2, None)
    dimensions: tuple[int, ...] = (2, 3)
    symmetric: bool = True
    trained: bool | None = None
    requires: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = field(default_factory=tuple)
    workspace: float = 8.0
    receptive_field: int | None = None
    uses_validity: bool = False
    uses_roles: bool = False
    learned_parameters: int | None = None
    published_parameters: int | None = None

    def settle(self, given: dict[str, Any]) -> dict[str, Any]:
        """All parameters, ``given`` ones checked and the others at their defaults."""
        known = {parameter.name: parameter for parameter in self.parameters}
        for name in given:
            if name not in known:
                raise BadInput(f"method {self.name} has no parameter '{name}'",
                               f"It has {', '.join(known) or 'none'}")
        return {name: parameter.check(self.name, given[name]) if name in given else parameter.default
                for name, parameter in known.items()}

    @property
    def counts(self) -> str:
        """How many sources it takes, to be read by people: "2", "2-4", "2+"."""
        least, most = self.sources
        if most is None:
            return f"{least}+"
        return str(least) if least == most else f"{least}-{most}"

    def as_dict(self) -> dict[str, Any]:
        """The card as plain data, for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Entry:
    """One line of the catalog: a card, and the "package.module:Class" that does what it says.

    The class is imported when the method is loaded and is called with the card and its settled parameters.
    """

    card: Card
    home: str
