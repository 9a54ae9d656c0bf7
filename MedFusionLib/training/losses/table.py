"""The losses as data: what can be said of each without importing torch."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from MedFusionLib.training.batch import Batch
    from MedFusionLib.training.losses.compared import Compared, Fuse


@dataclass(frozen=True)
class LossEntry:
    """One loss: a scalar, lower is better, differentiable in fused.

    ``source`` is the paper it is from and ``figure`` what of the library it agrees with (empty: none), whose better
    ``direction`` is given. ``home`` is file:function within this package. ``needs`` says what a batch or its caller
    must bring: colour, or the network itself. It is called as ``entry(fused, batch)``.
    """

    name: str
    title: str
    source: str
    home: str
    figure: str = ""
    direction: Literal["lower", "higher"] = "lower"
    dimensions: tuple[int, ...] = (2, 3)
    needs: tuple[Literal["colour", "network"], ...] = ()

    @property
    def function(self) -> Callable[[Compared], Tensor]:
        """The function itself, loaded when first asked for."""
        module, name = self.home.split(":")
        found: Callable[[Compared], Tensor] = getattr(
            import_module(f"MedFusionLib.training.losses.{module}"), name)
        return found

    def __call__(self, fused: Tensor, batch: Batch, fuse: Fuse | None = None) -> Tensor:
        """The loss of ``fused`` (batch, 1, *spatial); ``fuse`` is the network, for a loss that needs it."""
        from MedFusionLib.training.losses.compared import Compared

        return self.function(Compared(fused, batch, fuse))


_ROWS = (
    LossEntry("intensity", "Grey values of the sources", "Xu et al. 2020 (U2Fusion), intensity term",
              "intensity:intensity", "mse"),
    LossEntry("intensity_maximum", "Grey values of the brightest source", "Ma et al. 2022 (SwinFusion), intensity loss",
              "intensity:intensity_maximum"),
    LossEntry("gradient", "Slopes of the sources", "Ma et al. 2019 (FusionGAN), content loss", "gradient:gradient"),
    LossEntry("gradient_maximum", "The steepest source's slope", "Ma et al. 2022 (SwinFusion), texture loss",
              "gradient:gradient_maximum"),
    LossEntry("ssim", "Structural similarity", "Wang et al. 2004, equation 13", "similarity:ssim", "ssim", "higher"),
    LossEntry("qy", "Yang's Q_Y", "Yang et al. 2008", "similarity:qy", "q_y", "higher"),
    LossEntry("edges", "Edge preservation, 1 - Qabf", "Xydeas and Petrovic 2000", "edges:edges", "qabf", "higher"),
    LossEntry("vif", "Visual information fidelity", "Sheikh and Bovik 2006", "visual_information:vif", "vif", "higher"),
    LossEntry("vif_min", "Visual information fidelity to the worse source", "Sheikh and Bovik 2006",
              "visual_information:vif_min", "vif_min", "higher"),
    LossEntry("scd", "Correlations of differences", "Aslantas and Bendes 2015", "differences:scd", "scd", "higher"),
    LossEntry("mutual_information", "Mutual information", "Viola and Wells 1997; Qu, Zhang and Yan 2002",
              "mutual_information:mutual_information", "mutual_information", "higher"),
    LossEntry("perceptual", "Features of VGG-19", "Johnson, Alahi and Fei-Fei 2016, equation 2",
              "perceptual:perceptual", dimensions=(2,)),
    LossEntry("uniqueness", "What only one source shows", "this project, after Xu and Ma 2021 (EMFusion)",
              "uniqueness:uniqueness"),
    LossEntry("recoverability", "Recoverability of the worse source", "this project", "recoverability:recoverability",
              "recoverability", "higher"),
    LossEntry("hue", "Hue of the functional source", "CIE 15:2004", "chroma:hue", "hue_error", needs=("colour",)),
    LossEntry("chroma", "Chroma of the functional source", "CIE 15:2004", "chroma:chroma", "chroma_error",
              needs=("colour",)),
    LossEntry("retention", "Planted structures", "this project", "retention:retention", "retention", "higher",
              needs=("network",)),
    LossEntry("invention", "Contrast that no source has", "this project", "invention:invention", "invention"),
    LossEntry("panel_gain", "The worst of six gains over the maximum", "this project", "panel:panel_gain"),
)

LOSSES: dict[str, LossEntry] = {row.name: row for row in _ROWS}
