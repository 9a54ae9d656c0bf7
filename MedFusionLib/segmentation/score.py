"""How well an outline agrees with an expert's."""

from __future__ import annotations

import numpy as np

from MedFusionLib.volume import Array


def dice(found: Array, truth: Array) -> float:
    """Dice's coefficient 2 |A and B| / (|A| + |B|) of two masks of one shape (non-zero: inside), 1 for equal ones.

    NaN where ``truth`` is empty, which no patient's mask is. Computed by MONAI.
    """
    import torch
    from monai.metrics.meandice import compute_dice

    one, other = (torch.from_numpy(np.ascontiguousarray(mask > 0))[None, None] for mask in (found, truth))
    return float(compute_dice(one, other, ignore_empty=True))
