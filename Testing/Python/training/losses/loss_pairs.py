"""Small pairs: in one source a bright ring, in the other soft texture, black around; and fusions of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter


def pair(*spatial: int, batch: int = 2, seed: int = 0) -> np.ndarray:
    """(batch, 2, *spatial) in [0, 1], float32; every item differs."""
    random = np.random.default_rng(seed)
    places = np.stack(np.meshgrid(*(np.linspace(-1, 1, n) for n in spatial), indexing="ij"))
    made = []
    for item in range(batch):
        distance = np.sqrt(((places / (0.9 - 0.05 * item)) ** 2).sum(axis=0))
        texture = gaussian_filter(random.normal(size=spatial), 2.0)
        grain = random.normal(0.0, 0.01, (2, *spatial))
        ring = 0.9 * np.exp(-(((distance - 0.85) / 0.08) ** 2)) + 0.25 + grain[0]
        soft = 0.4 + 1.2 * texture + 0.2 * (distance < 0.4) + grain[1]
        made.append(np.clip([ring, soft], 0.0, 1.0) * (distance < 1.0))
    return np.asarray(made, np.float32)


def fusions(sources: np.ndarray) -> dict[str, np.ndarray]:
    """Fusions of ``sources``, (batch, *spatial): good ones, tricks and mistakes."""
    grain = np.random.default_rng(1).normal(0.0, 0.03, sources[:, 0].shape)
    brightest = sources.max(axis=1)
    return {
        "maximum": brightest,
        "average": sources.mean(axis=1),
        "copy": sources[:, 1].copy(),
        "uneven sum": 0.3 * sources[:, 0] + 0.8 * sources[:, 1],
        "noisy": np.asarray(np.clip(brightest + grain, 0.0, 1.0), np.float32),
        "inverted": 1.0 - brightest,
    }


def batch_of(sources: np.ndarray, **others: Any) -> Any:
    """``sources`` as a batch of anatomical ones."""
    import torch

    from MedFusionLib.training.batch import Batch

    return Batch(torch.tensor(sources), (False,) * sources.shape[1], **others)


def lost(name: str, fused: np.ndarray, sources: np.ndarray) -> float:
    """Loss ``name`` of ``fused`` (batch, *spatial)."""
    import torch

    from MedFusionLib.training.losses import LOSSES

    return float(LOSSES[name](torch.tensor(fused)[:, None], batch_of(sources)))


def coloured(*spatial: int, batch: int = 2) -> tuple[Any, np.ndarray, np.ndarray]:
    """A batch of anatomy and function, the anatomy (batch, *spatial), and the function's RGB (batch, *spatial, 3)."""
    import torch

    from MedFusionLib.colour import luma, to_colour
    from MedFusionLib.training.batch import Batch

    anatomy = pair(*spatial, batch=batch)[:, 1]
    uptake = gaussian_filter(pair(*spatial, batch=batch, seed=5)[:, 1], (0.0, *(4.0,) * len(spatial)))
    colour = to_colour(np.asarray(np.clip(4.0 * (uptake - 0.35), 0.0, 1.0) * (anatomy > 0), np.float32), "rainbow")
    sources = torch.tensor(np.stack([anatomy, luma(colour)], axis=1))
    return Batch(sources, (False, True), torch.tensor(np.moveaxis(colour, -1, 1).copy())), anatomy, colour
