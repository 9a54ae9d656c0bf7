"""What the tests of training share: pairs of pictures in which each source shows what the other does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from MedFusionLib.training import TrainingRecipe

SIZE = 40


def write_pairs(root: Path, series: int = 3, slices: int = 4, colour: bool = False) -> Path:
    """Folders ``a`` and ``b`` with pictures 1001.png, 1002.png, ... of some series; ``a`` in colour if asked."""
    for side in ("a", "b"):
        (root / side).mkdir(parents=True, exist_ok=True)
    for number in range(series):
        for place in range(slices):
            chance = np.random.default_rng(100 * number + place)
            first, second = (_blobs(chance) for _ in range(2))
            shown = np.stack([first, first // 3, 0 * first], axis=-1) if colour else first
            name = f"{number + 1}{place + 1:03d}.png"
            Image.fromarray(shown).save(root / "a" / name)
            Image.fromarray(second).save(root / "b" / name)
    return root


def _blobs(chance: np.random.Generator) -> np.ndarray:
    """Some bright discs with a texture, on black."""
    y, x = np.mgrid[:SIZE, :SIZE]
    picture = np.zeros((SIZE, SIZE))
    for _ in range(4):
        middle, radius = chance.uniform(8, SIZE - 8, 2), chance.uniform(5, 11)
        inside = np.hypot(y - middle[0], x - middle[1]) < radius
        picture[inside] = chance.uniform(0.3, 0.9) + 0.1 * np.sin(x + y)[inside]
    return np.round(picture * 255.0).astype(np.uint8)


def recipe(**changes: Any) -> TrainingRecipe:
    """A training of the default network on those pairs that takes a second."""
    told = {
        "network": "medfusion",
        "data": [{"name": "made", "a": "a", "b": "b", "validation": ["3"], "terms": "made for tests"}],
        "losses": {"intensity_maximum": 1.0, "gradient_maximum": 2.0, "ssim": 1.0},
        "patch": 32, "batch": 4, "steps": 6, "validate_every": 2, "learning_rate": 0.003, "seed": 5,
    }
    return TrainingRecipe.from_dict({**told, **changes})
