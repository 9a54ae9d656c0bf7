"""Recipe: every choice of a run as data, in JSON and out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from MedFusionLib.colour import COLOUR_MAPS
from MedFusionLib.errors import BadInput
from MedFusionLib.fields import anything, check_fields, list_of, mapping_of, names_among, number, one_of, optional, text
from MedFusionLib.files import locate
from MedFusionLib.fusion.automatic import AUTO
from MedFusionLib.fusion.device import DEVICES
from MedFusionLib.metrics import METRIC_SETS, METRICS
from MedFusionLib.registration.settings import RegistrationSettings

FORMAT = 1
WindowRecipe = str | tuple[float, float]


@dataclass(frozen=True)
class Recipe:
    """The choices of a run.

    ``method`` and its ``parameters`` are those of the catalog; "auto" is the best method that can run here, at its
    defaults (see ``fusion.automatic``). ``registration`` is a back end's name or full settings. ``plane`` is axial,
    coronal, sagittal, all or volume (None: what the method does best). ``device`` is where methods compute: cpu, cuda,
    mps, or auto, which is the CPU for methods without weights and the best device present for those with. ``windows``
    and ``colour_maps`` are by a volume's name or by modality; what is not named takes the modality's default.
    ``combinations`` lists which volumes to fuse, by position (0 is the fixed one); empty means one fusion of all.
    ``metrics`` are names of the metrics' table or of its sets (basic, panel, all). ``on_rejection`` says whether a
    rejected registration stops the run.
    """

    method: str = AUTO
    parameters: Mapping[str, Any] = field(default_factory=dict)
    registration: RegistrationSettings | str = "auto"
    plane: str | None = None
    device: str = "auto"
    windows: Mapping[str, WindowRecipe] = field(default_factory=dict)
    colour_maps: Mapping[str, str] = field(default_factory=dict)
    combinations: tuple[tuple[int, ...], ...] = ()
    metrics: tuple[str, ...] = ("mutual_information", "ssim", "psnr", "entropy")
    on_rejection: Literal["stop", "continue"] = "stop"

    def __post_init__(self) -> None:
        """Refuse parameters of nobody knows which method."""
        if self.method == AUTO and self.parameters:
            raise BadInput(f"parameters {', '.join(self.parameters)} for the method '{AUTO}'",
                           "Name the method that they are meant for")

    @property
    def settings(self) -> RegistrationSettings:
        """The registration's settings, also when only a back end was named."""
        if isinstance(self.registration, RegistrationSettings):
            return self.registration
        return RegistrationSettings(method=self.registration)

    def with_registration(self, **changes: Any) -> Recipe:
        """This recipe with some of the registration's settings changed."""
        return replace(self, registration=replace(self.settings, **changes))

    def as_dict(self) -> dict[str, Any]:
        """The recipe as plain data that ``from_dict`` takes back."""
        return {"format": FORMAT, **asdict(replace(self, registration=self.settings))}

    def to_json(self) -> str:
        """The recipe as JSON text."""
        return json.dumps(self.as_dict(), indent=2, ensure_ascii=False)

    @classmethod
    def from_dict(cls, data: Any) -> Recipe:
        """The recipe that ``data`` describes; raises ``BadInput`` that names the field, its value and the mend."""
        given = check_fields(data, {"format": one_of(FORMAT), **_CHECKS}, "recipe")
        given.pop("format", None)
        return cls(**given)

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        """The recipe in ``text``; raises ``BadInput`` when it is no JSON or no recipe."""
        try:
            data = json.loads(text)
        except json.JSONDecodeError as error:
            raise BadInput(f"the recipe is not JSON: {error.msg} in line {error.lineno}", "Mend that line") from None
        return cls.from_dict(data)

    @classmethod
    def read(cls, path: str | Path) -> Recipe:
        """The recipe in the file ``path``; raises ``BadInput`` when it cannot be read."""
        file = locate(path)
        try:
            return cls.from_json(file.read_text(encoding="utf-8"))
        except (UnicodeDecodeError, IsADirectoryError):
            raise BadInput(f"recipe {file.name} is not text", "Give the path of a JSON file") from None


def _window(name: str, value: Any) -> str | tuple[Any, ...]:
    """A window's name, or two numbers."""
    return value if isinstance(value, str) else list_of(number(-1e9, 1e9))(name, value)


def _registration(name: str, value: Any) -> RegistrationSettings | str:
    """A back end's name, or full settings."""
    return value if isinstance(value, str) else RegistrationSettings.from_dict(value)


_CHECKS = {
    "method": text,
    "parameters": mapping_of(anything),
    "registration": _registration,
    "plane": optional(one_of("axial", "coronal", "sagittal", "all", "volume")),
    "device": one_of(*DEVICES),
    "windows": mapping_of(_window),
    "colour_maps": mapping_of(one_of(*COLOUR_MAPS)),
    "combinations": list_of(list_of(number(0, 1000, int))),
    "metrics": names_among((*METRICS, *METRIC_SETS)),
    "on_rejection": one_of("stop", "continue"),
}
