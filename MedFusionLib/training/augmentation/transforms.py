"""The transform of a step as a plain call, whichever library it comes from, with all its chance from one generator."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor

from MedFusionLib.errors import MissingDependency
from MedFusionLib.training.augmentation.step import Step, resolve

Transform = Callable[..., Any]

_SEEDS = 2 ** 31


def load(step: Step, spatial: Sequence[int], magnitude: float, generator: torch.Generator) -> Transform:
    """The transform of ``step`` for pictures of the shape ``spatial``.

    It takes and gives a tensor (channel, *spatial), where the step's scope is "batch" a batch and a mask of items.
    Raises ``MissingDependency`` when its library is not installed.
    """
    settings = {key: resolve(value, spatial, magnitude) for key, value in step.settings.items()}
    library = step.transform.partition(".")[0].partition(":")[0]
    return _LIBRARIES[library](_named(step.transform, library), settings, generator)


@cache
def _named(transform: str, library: str) -> Callable[..., Any]:
    """The class or function that ``transform``, "module:name", means."""
    module, name = transform.split(":")
    if find_spec(library) is None:
        raise MissingDependency(f"augmentation with {name} needs {library}, which is not installed", "Install it")
    found: Callable[..., Any] = getattr(import_module(module), name)
    return found


def seed(generator: torch.Generator) -> int:
    """A number to seed another library's generator with."""
    return int(torch.randint(_SEEDS, (), generator=generator, device=generator.device))


def uniform(limits: Sequence[float], generator: torch.Generator) -> float:
    """A number between the two ``limits``."""
    drawn = float(torch.rand((), generator=generator, device=generator.device))
    return limits[0] + drawn * (limits[1] - limits[0])


def _monai(kind: Callable[..., Any], settings: Mapping[str, Any], generator: torch.Generator) -> Transform:
    """MONAI: NumPy's chance, one state for each transform."""
    from monai.transforms.transform import Randomizable

    transform = kind(**settings)
    if isinstance(transform, Randomizable):
        transform.set_random_state(seed=seed(generator))

    def change(picture: Tensor) -> Tensor:
        with _without_history():
            return torch.as_tensor(transform(picture)).as_subclass(Tensor)

    return change


@contextmanager
def _without_history() -> Iterator[None]:
    """MONAI keeping no record of what was done to a picture, which takes as long as doing it."""
    from monai.data.meta_obj import get_track_meta, set_track_meta

    before = get_track_meta()
    set_track_meta(False)
    try:
        yield
    finally:
        set_track_meta(before)


def _torchio(kind: Callable[..., Any], settings: Mapping[str, Any], generator: torch.Generator) -> Transform:
    """TorchIO: torch's own chance, which is given back as it was; a plane is a volume of one slice."""
    transform = kind(**settings)

    def change(picture: Tensor) -> Tensor:
        volume = picture if picture.ndim == 4 else picture.unsqueeze(-1)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed(generator))
            changed: Tensor = transform(volume)
        return changed.reshape(picture.shape)

    return change


def _own(function: Callable[..., Any], settings: Mapping[str, Any], generator: torch.Generator) -> Transform:
    return partial(function, generator=generator, **settings)


_LIBRARIES: dict[str, Callable[[Callable[..., Any], Mapping[str, Any], torch.Generator], Transform]] = {
    "monai": _monai,
    "torchio": _torchio,
    "MedFusionLib": _own,
}
