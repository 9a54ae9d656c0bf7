"""The table of metrics: a row each, and the sets of metrics that have a name.

``Resources/metrics.md`` is made from it by ``python -m MedFusionLib.metrics.document``.
"""

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
    Metric("nmi", "Normalised mutual information NMI (Q_MI)", "", "higher", "0 to n",
           "Hossny et al. 2008", "copying a source", "information:nmi"),
    Metric("studholme", "Studholme's normalised mutual information", "", "higher", "1 to 2",
           "Studholme et al. 1999", "copying a source", "information:studholme"),
    Metric("q_te", "Tsallis information TE", "", "higher", "0 and more",
           "Cvejic et al. 2006", "copying a source", "information:q_te"),
    Metric("fmi_pixel", "Feature mutual information, grey values", "", "higher", "0 to 1",
           "Haghighat et al. 2011", "copying a source", "feature_information:fmi_pixel"),
    Metric("fmi_gradient", "Feature mutual information, gradients", "", "higher", "0 to 1",
           "Haghighat et al. 2011", "copying a source", "feature_information:fmi_gradient"),
    Metric("fmi_wavelet", "Feature mutual information, wavelet", "", "higher", "0 to 1",
           "Haghighat et al. 2011", "copying a source", "feature_information:fmi_wavelet"),
    Metric("ssim", "Structural similarity", "", "higher", "-n to n",
           "Wang et al. 2004", "averaging the sources", "ssim:ssim"),
    Metric("ssim_uniform", "Structural similarity as in CDDFuse's tables", "", "higher", "-n to n",
           "Zhao et al. 2023", "averaging the sources", "ssim:ssim_uniform"),
    Metric("ms_ssim", "Multi-scale structural similarity", "", "higher", "0 to n",
           "Wang et al. 2003", "averaging the sources", "multiscale_ssim:ms_ssim"),
    Metric("q_y", "Yang's Q_Y", "", "higher", "-1 to 1",
           "Yang et al. 2008", "copying a source", "combined_similarity:q_y"),
    Metric("q_s", "Piella's Q_S", "", "higher", "-1 to 1",
           "Piella and Heijmans 2003", "copying the source of higher contrast", "combined_similarity:q_s"),
    Metric("q_c", "Cvejic's Q_C", "", "higher", "-1 to 1",
           "Cvejic et al. 2005", "copying a source", "combined_similarity:q_c"),
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
    Metric("q_m", "Wang and Liu's Q_M", "", "higher", "0 to 1",
           "Wang and Liu 2008", "copying the source of stronger edges", "wavelet_edges:q_m"),
    Metric("q_p", "Zhao's Q_P (of half the resolution over 4 million voxels)", "", "higher", "-1 to 1",
           "Zhao et al. 2007", "copying a source", "phase_features:q_p"),
    Metric("q_cb", "Chen and Blum's Q_CB", "", "higher", "0 to 1",
           "Chen and Blum 2009", "copying the source of higher contrast", "human_vision:q_cb"),
    Metric("q_cv", "Chen and Varshney's Q_CV", "", "lower", "0 and more",
           "Chen and Varshney 2007", "copying the source of stronger edges", "human_vision:q_cv"),
    Metric("vif", "Visual information fidelity", "", "higher", "0 and more",
           "Sheikh and Bovik 2006", "stretching the contrast; copying a source", "visual_information:vif"),
    Metric("vif_min", "Visual information fidelity to the worse source", "", "higher", "0 and more",
           "Sheikh and Bovik 2006", "adding the sources and stretching the contrast", "visual_information:vif_min"),
    Metric("viff", "Visual information fidelity for fusion", "", "higher", "0 and more",
           "Han et al. 2013", "stretching the contrast", "visual_information:viff"),
    Metric("standard_deviation", "Standard deviation SD", "grey level", "context", "0 to 127.5",
           "survey, table 1", "noise and stretching the contrast", "activity:standard_deviation"),
    Metric("spatial_frequency", "Spatial frequency SF", "grey level", "context", "0 and more",
           "Eskicioglu and Fisher 1995", "noise", "activity:spatial_frequency"),
    Metric("average_gradient", "Average gradient AG", "grey level", "context", "0 and more",
           "Cui et al. 2015", "noise and sharpening", "activity:average_gradient"),
    Metric("edge_intensity", "Edge intensity EI", "grey level", "context", "0 and more",
           "Rajalingam and Priya 2018", "noise and sharpening", "activity:edge_intensity"),
)

# Of volumes alone: called as every metric, but not part of "all".
_OF_VOLUMES = (
    Metric("flicker", "Flicker from slice to slice", "", "lower", "0 and more",
           "this project", "blurring across slices", "flicker:flicker"),
)
# Called with fused RGB, RGB of the functional source, and the mask of where that source is bright.
_OF_COLOUR = (
    Metric("hue_error", "Hue error", "degree", "lower", "0 to 180",
           "CIE 15:2004", "copying the functional source's hue onto anything", "chroma:hue_error"),
    Metric("chroma_error", "Chroma error", "CIELAB", "lower", "0 and more",
           "CIE 15:2004", "copying the functional source", "chroma:chroma_error"),
    Metric("ciede2000", "Colour difference CIEDE2000", "", "lower", "0 and more",
           "Sharma, Wu and Dalal 2005", "copying the functional source", "colour_difference:ciede2000"),
)

METRICS: dict[str, Metric] = {row.name: row for row in _ROWS}

VOLUME_METRICS: dict[str, Metric] = {row.name: row for row in _OF_VOLUMES}
COLOUR_METRICS: dict[str, Metric] = {row.name: row for row in _OF_COLOUR}

METRIC_SETS: dict[str, tuple[str, ...]] = {
    "basic": ("mutual_information", "ssim", "psnr", "entropy"),
    "panel": ("qabf", "ssim", "q_y", "scd", "vif", "vif_min"),
    "all": tuple(METRICS),
}
