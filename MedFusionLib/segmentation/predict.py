"""A segmenter on the slices of a volume: tiles in plane, batches, bounded memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from MedFusionLib.colour import FloatArray
from MedFusionLib.progress import Progress, silent

if TYPE_CHECKING:
    from torch import nn

#: Edge of a tile in pixels: what the shipped networks were trained on.
PATCH = 96
_SLICES = 8


def probabilities(
    module: nn.Module, slices: FloatArray, device: str = "cpu", patch: int = PATCH, progress: Progress = silent
) -> FloatArray:
    """The probability of tumour, (slice, y, x), from ``slices`` (slice, channel, y, x) in [0, 1].

    Tiles of ``patch`` overlap by half and are blended by a Gaussian, by MONAI's sliding window. ``module`` is moved to
    ``device``.
    """
    import torch
    from monai.inferers.utils import sliding_window_inference

    module = module.to(device).eval()
    made = np.empty((len(slices), *slices.shape[2:]), np.float32)
    with torch.inference_mode():
        for start in range(0, len(slices), _SLICES):
            progress("segment", start / len(slices), f"slices {start + 1} to {min(start + _SLICES, len(slices))}")
            given = torch.from_numpy(np.ascontiguousarray(slices[start:start + _SLICES])).to(device)
            tiles = sliding_window_inference(given, (patch, patch), _SLICES, module, overlap=0.5, mode="gaussian")
            made[start:start + _SLICES] = torch.as_tensor(tiles)[:, 0].float().cpu().numpy()
    progress("segment", 1.0)
    return made
