"""The table of metrics: a row each, and the sets of metrics that have a name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

Direction = Literal["higher", "lower", "context"]


@dataclass(frozen=True)
class Metric:
    """One row of the table. ``home`` is module:function; ``fooled_by`` says what betters it for nothing.

    ``direction`` is higher or lower for better; context for figures that say what a picture is like, not how good.
    ``range`` is for n sources.
    """

    name: str
    title: str
    unit: str
    direction: Direction
    range: str
    reference: str
    fooled_by: str
    home: str

    @property
    def function(self) -> Callable[..., Any]:
        """The function itself, loaded when first asked for."""
        module, name = self.home.split(":")
        return getattr(import_module(f"MedFusionLib.metrics.{module}"), name)  # type: ignore[no-any-return]

    @property
    def family(self) -> str:
        """The file it lives in; its metrics share intermediate results."""
        return self.home.partition(":")[0]


_ROWS = (
    Metric("mutual_information", "Mutual information", "bit", "higher", "0 to 8n",
           "Qu, Zhang and Yan 2002", "copying a source", "information:mutual_information"),
    Metric("entropy", "Entropy", "bit", "context", "0 to 8",
           "survey, table 1", "noise and haze", "information:entropy"),
    Metric("ssim", "Structural similarity", "", "higher", "-n to n",
           "Wang et al. 2004", "averaging the sources", "ssim:ssim"),
    Metric("ssim_uniform", "Structural similarity as in CDDFuse's tables", "", "higher", "-n to n",
           "Zhao et al. 2023", "averaging the sources", "ssim:ssim_uniform"),
    Metric("q_y", "Yang's Q_Y", "", "higher", "-1 to 1",
           "Yang et al. 2008", "copying a source", "combined_similarity:q_y"),
    Metric("mse", "Mean squared error", "", "lower", "0 to 1",
           "survey, table 1", "averaging the sources", "signal:mse"),
    Metric("psnr", "Peak signal-to-noise ratio", "dB", "higher", "0 and more",
           "survey, table 1", "averaging the sources", "signal:psnr"),
    Metric("correlation", "Correlation coefficient CC", "", "higher", "-1 to 1",
           "survey, table 1", "averaging the sources", "signal:correlation"),
    Metric("scd", "Sum of the correlations of differences", "", "higher", "-n to n",
           "Aslantas and Bendes 2015", "adding the sources; stretching the contrast", "signal:scd"),
    Metric("qabf", "Edge preservation Qabf (Q_G)", "", "higher", "0 to 1",
           "Xydeas and Petrovic 2000", "a mild sharpening", "edges:qabf"),
    Metric("labf", "Edge loss Labf", "", "lower", "0 to 1",
           "Petrovic and Xydeas 2005", "noise and sharpening", "edges:labf"),
    Metric("nabf", "Fusion artefacts Nabf", "", "lower", "0 to 1",
           "Petrovic and Xydeas 2005", "blurring and averaging", "edges:nabf"),
    Metric("vif", "Visual information fidelity", "", "higher", "0 and more",
           "Sheikh and Bovik 2006", "stretching the contrast; copying a source", "visual_information:vif"),
    Metric("vif_min", "Visual information fidelity to the worse source", "", "higher", "0 and more",
           "Sheikh and Bovik 2006", "adding the sources and stretching the contrast", "visual_information:vif_min"),
)

METRICS: dict[str, Metric] = {row.name: row for row in _ROWS}

METRIC_SETS: dict[str, tuple[str, ...]] = {
    "basic": ("mutual_information", "ssim", "psnr", "entropy"),
    "panel": ("qabf", "ssim", "q_y", "scd", "vif", "vif_min"),
    "all": tuple(METRICS),
}
