"""A study whose truth is planted: pictures of known methods, and readers who follow known qualities with errors."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from MedFusionLib.study import CRITERIA, Key
from MedFusionLib.volume import Volume

#: What readers are made to think of each method, on the scale from 1 to 5.
QUALITY = {"good": 4.3, "fair": 3.2, "poor": 1.8}


def write_folders(folder: Path, cases: int = 8) -> dict[str, Path]:
    """PNG pictures of every method and of two sources; every picture differs from every other."""
    random = np.random.default_rng(0)
    names = [*QUALITY, "CT", "MR"]
    for name in names:
        (folder / name).mkdir(parents=True)
        for case in range(cases):
            pixels = random.integers(0, 256, (20, 30), dtype=np.uint8)
            Volume.from_array(pixels).write(folder / name / f"patient{case}.png")
    return {name: folder / name for name in names}


def write_answers(key: Key, folder: Path, readers: int = 5, noise: float = 0.6, seed: int = 0) -> list[Path]:
    """The answers of ``readers`` who score with errors of ``noise``, each more or less strict than the others."""
    random = np.random.default_rng(seed)
    files = []
    for reader in range(readers):
        strict = random.normal(0, 0.2)
        scores = {
            item.identity: {
                name: int(np.clip(round(QUALITY[item.method] + strict + random.normal(0, noise)), 1, 5))
                for name in CRITERIA
            }
            for item in key.items
        }
        choices = {}
        for choice in key.choices:
            gap = QUALITY[choice.left] - QUALITY[choice.right]
            choices[choice.identity] = "left" if random.random() < 1 / (1 + np.exp(-gap)) else "right"
        data = {"format": 1, "study": key.study, "reader": f"R{reader}", "scores": scores, "choices": choices}
        files.append(folder / f"R{reader}.json")
        files[-1].write_text(json.dumps(data))
    return files
