"""Fusion quality: one definition a function, listed in one table.

Every metric is ``metric(fused, sources, mask=None, spacing=None)`` on numpy arrays or torch tensors, fused
(batch, *spatial) and sources (batch, source, *spatial) in [0, 1], two or three spatial dimensions, and returns one
value for each item of the batch. A newcomer adds a function in a file of its own and a row here.

| name | title | direction | range |
|---|---|---|---|
| mutual_information | Mutual information | higher | 0 and more, bits |
| ssim | Structural similarity | higher | -n to n for n sources |
| psnr | Peak signal-to-noise ratio | higher | dB |
| entropy | Entropy | context | 0 to 8 bits |
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

from MedFusionLib.errors import BadInput


@dataclass(frozen=True)
class Metric:
    """One row of the table. ``home`` is module:function; ``fooled_by`` says what raises it for nothing."""

    name: str
    title: str
    unit: str
    direction: Literal["higher", "lower", "context"]
    reference: str
    fooled_by: str
    home: str

    @property
    def function(self) -> Callable[..., Any]:
        """The function itself, loaded when first asked for."""
        module, name = self.home.split(":")
        return getattr(import_module(f"MedFusionLib.metrics.{module}"), name)  # type: ignore[no-any-return]


METRICS: dict[str, Metric] = {
    entry.name: entry
    for entry in (
        Metric(
            "mutual_information",
            "Mutual information",
            "bit",
            "higher",
            "Qu, Zhang and Yan 2002",
            "copying a source",
            "information:mutual_information",
        ),
        Metric(
            "ssim",
            "Structural similarity",
            "",
            "higher",
            "Wang et al. 2004",
            "averaging the sources",
            "ssim:ssim",
        ),
        Metric(
            "psnr",
            "Peak signal-to-noise ratio",
            "dB",
            "higher",
            "survey, table 1",
            "averaging the sources",
            "signal:psnr",
        ),
        Metric("entropy", "Entropy", "bit", "context", "survey, table 1", "noise and haze", "information:entropy"),
    )
}


def metric(name: str) -> Metric:
    """The row called ``name``; raises ``BadInput`` with the known names otherwise."""
    if name not in METRICS:
        raise BadInput(f"metric '{name}' is not known", f"Use one of {', '.join(METRICS)}")
    return METRICS[name]
