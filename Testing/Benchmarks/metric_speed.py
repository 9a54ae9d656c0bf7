"""Seconds of every metric on 100 pairs of 256 x 256 and on one volume, beside scikit-image's and torchmetrics'.

    OMP_NUM_THREADS=1 taskset -c 0 python Testing/Benchmarks/metric_speed.py [--pairs 100] [--volume 256 256 180]

Seconds of the processor, on one core, and for MedFusion those of the clock beside them: other work on the machine makes
both larger, the clock's more. Freed memory is kept, as the command line keeps it. First each metric alone; "all" is one
call for all of them, in which they share intermediate results. scikit-image and torchmetrics measure fused against both
sources, pair by pair.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter

ROOT = Path(__file__).resolve().parents[2]


def pictures(shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Fused and sources of ``shape`` (batch, *spatial), 8-bit levels in [0, 1] as float32, black background."""
    random = np.random.default_rng(0)
    sources = []
    for _ in range(2):
        field = gaussian_filter(random.random(shape, dtype=np.float32), (0, *(1.5,) * (len(shape) - 1)))
        field = (field - field.mean()) / field.std()
        sources.append(np.round(255 * np.clip(0.3 * field, 0, 1)) / np.float32(255))
    both = np.stack(sources, axis=1)
    return both.max(axis=1), both


def both_times(work: Callable[[], Any]) -> tuple[float, float]:
    """Seconds of the processor and of the clock that one call takes."""
    clock, processor = time.perf_counter(), time.process_time()
    work()
    return time.process_time() - processor, time.perf_counter() - clock


def seconds(work: Callable[[], Any]) -> float:
    """Processor seconds of one call."""
    return both_times(work)[0]


def peers(fused: np.ndarray, sources: np.ndarray) -> dict[str, dict[str, float]]:
    """Seconds of the same figures by scikit-image and by torchmetrics, for those that they have."""
    import skimage.measure
    import skimage.metrics
    import torch
    import torchmetrics.functional.image as functional

    torch.set_num_threads(1)
    pairs = [(one, source) for one, both in zip(fused, sources, strict=True) for source in both]
    gaussian = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 1.0}
    ours = {
        "ssim": lambda a, b: skimage.metrics.structural_similarity(a, b, **gaussian),
        "ssim_uniform": lambda a, b: skimage.metrics.structural_similarity(255 * a, 255 * b, data_range=2.0),
        "mse": skimage.metrics.mean_squared_error,
        "psnr": lambda a, b: skimage.metrics.peak_signal_noise_ratio(a, b, data_range=1.0),
        "studholme": lambda a, b: skimage.metrics.normalized_mutual_information(a, b, bins=256),
        "entropy": lambda a, b: skimage.measure.shannon_entropy(a),
    }
    theirs: dict[str, Callable[..., Any]] = {
        "ssim": lambda a, b: functional.structural_similarity_index_measure(a, b, data_range=1.0),
        "psnr": lambda a, b: functional.peak_signal_noise_ratio(a, b, data_range=1.0),
    }
    if fused.ndim == 3:
        theirs["vif"] = lambda a, b: functional.visual_information_fidelity(255 * a, 255 * b)
        theirs["ms_ssim"] = lambda a, b: functional.multiscale_structural_similarity_index_measure(a, b, data_range=1.0)
    tensors = [tuple(torch.from_numpy(picture)[None, None] for picture in pair) for pair in pairs]
    return {
        "scikit-image": {name: seconds(lambda f=f: [f(*pair) for pair in pairs]) for name, f in ours.items()},
        "torchmetrics": {name: seconds(lambda f=f: [f(*pair) for pair in tensors]) for name, f in theirs.items()},
    }


def load() -> str:
    """What else the machine does: the average number of running processes over a minute, and its cores."""
    return f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores" if hasattr(os, "getloadavg") else "unknown"


def report(title: str, shape: tuple[int, ...], limit: float, compare: bool) -> bool:
    """Print the table for pictures of ``shape``; True when all together stay under ``limit`` seconds."""
    from MedFusionLib.metrics import METRICS, figures

    fused, sources = pictures(shape)
    figures(fused[:1, ..., :32, :32], sources[:1, ..., :32, :32])
    others = peers(fused, sources) if compare else {"scikit-image": {}, "torchmetrics": {}}
    print(f"\n{title}\n{'metric':20} {'processor':>9} {'clock':>8} {'scikit-image':>13} {'torchmetrics':>13}")
    for name in METRICS:
        own, clock = both_times(lambda name=name: figures(fused, sources, (name,)))
        columns = [f"{others[peer][name]:13.2f}" if name in others[peer] else " " * 13 for peer in others]
        print(f"{name:20} {own:9.2f} {clock:8.2f} {' '.join(columns)}", flush=True)
    together, clock = both_times(lambda: figures(fused, sources, ("all",)))
    print(f"{'all in one call':20} {together:9.2f} {clock:8.2f}   limit {limit:g} s of the processor", flush=True)
    print(f"load {load()}", flush=True)
    return together <= limit


def main() -> int:
    """Print both tables; returns 1 when all metrics together take longer than the limits of the project."""
    from MedFusionLib.allocation import keep_memory

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=100)
    parser.add_argument("--volume", type=int, nargs=3, default=[256, 256, 180], metavar=("X", "Y", "Z"))
    parser.add_argument("--alone", action="store_true", help="without scikit-image and torchmetrics")
    given = parser.parse_args()
    keep_memory()
    quick = report(f"{given.pairs} pairs of 256 x 256", (given.pairs, 256, 256), 20.0, not given.alone)
    volume = (1, *given.volume[::-1])
    return int(not (report(f"a volume of {given.volume}", volume, 60.0, not given.alone) and quick))


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
