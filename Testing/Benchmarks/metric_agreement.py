"""The panel on the shared test series beside the published figures of the facts, and where they differ.

    python Testing/Benchmarks/metric_agreement.py DATA [--facts quality.md]

DATA holds ``harvard/MODALITY/{CT,PET,SPECT,MRI}/*.png`` and ``peers/NAME/MODALITY/*.png``. Sources are BT.601 luma; the
average is rounded half up to 8 bits. ``lap_max`` and ``dwt`` are made by this library's methods, those of the table by
others. The table is the one of ``--facts`` whose rows are "pairs | method | Qabf | ...".
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
PAIRS = {"CT-MRI": "CT", "PET-MRI": "PET", "SPECT-MRI": "SPECT"}
COLUMNS = ("qabf", "ssim", "q_y", "scd", "vif", "vif_min", "nabf")
PEERS = ("IFCNN-MAX", "EMFusion", "DenseFuse-L1", "GeSeNet")
OURS = {"lap_max": ("laplacian", {"low": "maximum"}), "dwt": ("dwt", {})}


def luma(path: Path) -> np.ndarray:
    """A PNG as BT.601 luma in [0, 1]."""
    from matplotlib.image import imread

    picture = np.asarray(imread(path), np.float64)
    return picture if picture.ndim == 2 else picture[..., :3] @ (0.299, 0.587, 0.114)


def made(sources: np.ndarray) -> dict[str, np.ndarray]:
    """What every table should hold: maximum, average, the second source copied, and two pyramids of this library."""
    from MedFusionLib.fusion import catalog

    fused = {
        "maximum": sources.max(axis=1),
        "average": np.floor(255 * sources.mean(axis=1) + 0.5) / 255,
        "copy_b": sources[:, 1],
    }
    for name, (method, parameters) in OURS.items():
        output = catalog.load(method, **parameters).fuse(sources.astype(np.float32))
        fused[name] = np.asarray(output, np.float64).reshape(sources[:, 0].shape)
    return fused


def published(path: Path) -> dict[tuple[str, str], list[float]]:
    """The rows of the facts' table of the shared test series."""
    rows = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 2 + len(COLUMNS) and cells[0] in PAIRS and cells[2][:1].isdigit():
            rows[cells[0], cells[1]] = [float(cell) for cell in cells[2:]]
    return rows


def main() -> int:
    """Print for every row our means, the published ones, and the largest difference."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--facts", type=Path)
    given = parser.parse_args()
    from MedFusionLib.metrics import figures

    known = published(given.facts) if given.facts else {}
    print(f"{'pairs':10} {'method':13}" + "".join(f"{column:>16}" for column in COLUMNS))
    for pairs, functional in PAIRS.items():
        names = sorted(path.name for path in (given.data / "peers" / PEERS[0] / pairs).glob("*.png"))
        folders = [given.data / "harvard" / pairs / source for source in (functional, "MRI")]
        sources = np.stack([np.stack([luma(folder / name) for folder in folders]) for name in names])
        fused = made(sources)
        for peer in PEERS:
            fused[peer] = np.stack([luma(given.data / "peers" / peer / pairs / name) for name in names])
        for method, output in fused.items():
            means = [float(values.mean()) for values in figures(output, sources, COLUMNS).values()]
            there = known.get((pairs, method), [float("nan")] * len(COLUMNS))
            cells = (f"{own:8.4f} ({own - other:+.3f})" for own, other in zip(means, there, strict=True))
            print(f"{pairs:10} {method:13}" + "".join(cells), flush=True)
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
