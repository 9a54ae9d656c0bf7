"""The panel on the shared test series beside the published figures of the facts, and where they differ.

    python Testing/Benchmarks/metric_agreement.py DATA [--facts quality.md]

DATA holds ``harvard/MODALITY/{CT,PET,SPECT,MRI}/*.png`` and ``peers/NAME/MODALITY/*.png``. Sources are BT.601 luma in
8 bits. The table is the one of ``--facts`` whose rows are "pairs | method | Qabf | ...". Its ``average`` is rounded
half up; its ``lap_max`` has five levels of Burt and Adelson's filter, mirrored borders and the maximum of both bands;
its ``dwt`` is db4 at four levels with half-sample symmetric borders, the average of the low band and the larger
magnitude of the others; both are rounded to 8 bits. Those two are made here by SciPy and PyWavelets alone, and in the
rows "ours" by the library's methods with the same parameters: the wavelet is the same to the last digit, while the
pyramid differs because it keeps within what the sources show next to each voxel. Qabf of pictures by networks may
differ by .001: its angle wraps at 90 degrees, where rounding decides.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from scipy.ndimage import correlate1d

ROOT = Path(__file__).resolve().parents[2]
PAIRS = {"CT-MRI": "CT", "PET-MRI": "PET", "SPECT-MRI": "SPECT"}
COLUMNS = ("qabf", "ssim", "q_y", "scd", "vif", "vif_min", "nabf")
PEERS = ("IFCNN-MAX", "EMFusion", "DenseFuse-L1", "GeSeNet")
OURS = {
    "lap_max": ("laplacian", {"levels": 5, "low": "maximum"}),
    "dwt": ("dwt", {"wavelet": "db4", "levels": 4, "low": "average", "limit": False}),
}
BINOMIAL = np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / 16


def luma(path: Path) -> np.ndarray:
    """A PNG as BT.601 luma in [0, 1], rounded to 8 bits."""
    from matplotlib.image import imread

    picture = np.asarray(imread(path), np.float64)
    return eight_bits(picture if picture.ndim == 2 else picture[..., :3] @ (0.299, 0.587, 0.114))


def eight_bits(picture: np.ndarray) -> np.ndarray:
    """Rounded half up to 256 levels; halves that are but a rounding error short count as halves."""
    return np.floor(255 * np.clip(picture, 0, 1) + 0.5 + 1e-6) / 255


def livelier(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The larger in magnitude."""
    return np.where(np.abs(one) >= np.abs(other), one, other)


def smoothed(pictures: np.ndarray, gain: float = 1.0) -> np.ndarray:
    """Burt and Adelson's filter over the last two axes, mirrored at the border."""
    for axis in (-2, -1):
        pictures = correlate1d(pictures, gain * BINOMIAL, axis, mode="mirror")
    return pictures


def expanded(pictures: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Pictures at twice their size, between their own values filled by the filter."""
    larger = np.zeros(shape)
    larger[..., ::2, ::2] = pictures
    return smoothed(larger, 2.0)


def plain_laplacian(sources: np.ndarray, levels: int = 5) -> np.ndarray:
    """The maximum of the low band, and the larger magnitude of every other of a Laplacian pyramid."""
    low, details = sources, []
    for _ in range(levels):
        smaller = smoothed(low)[..., ::2, ::2]
        details.append(low - expanded(smaller, low.shape))
        low = smaller
    fused = low.max(axis=1)
    for detail in details[::-1]:
        fused = expanded(fused, detail[:, 0].shape) + livelier(detail[:, 0], detail[:, 1])
    return eight_bits(fused)


def plain_dwt(sources: np.ndarray, levels: int = 4) -> np.ndarray:
    """The average of the low band, and the larger magnitude of every other of the db4 wavelet."""
    import pywt

    one, other = (pywt.wavedec2(sources[:, place], "db4", level=levels, axes=(1, 2)) for place in range(2))
    details = [tuple(map(livelier, *bands)) for bands in zip(one[1:], other[1:], strict=True)]
    fused = pywt.waverec2([(one[0] + other[0]) / 2, *details], "db4", axes=(1, 2))
    return eight_bits(fused[:, : sources.shape[2], : sources.shape[3]])


def made(sources: np.ndarray) -> dict[str, np.ndarray]:
    """The rows of the table that need no network, and the library's two methods beside the plain ones."""
    from MedFusionLib.fusion import catalog

    fused = {
        "maximum": sources.max(axis=1),
        "average": eight_bits(sources.mean(axis=1)),
        "copy_b": sources[:, 1],
        "lap_max": plain_laplacian(sources),
        "dwt": plain_dwt(sources),
    }
    for name, (method, parameters) in OURS.items():
        output = catalog.load(method, **parameters).fuse(sources.astype(np.float32))
        fused[f"{name}, ours"] = eight_bits(np.asarray(output, np.float64).reshape(sources[:, 0].shape))
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
            there = known.get((pairs, method.partition(",")[0]), [float("nan")] * len(COLUMNS))
            cells = (f"{own:8.4f} ({own - other:+.3f})" for own, other in zip(means, there, strict=True))
            print(f"{pairs:10} {method:13}" + "".join(cells), flush=True)
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
