"""Seconds and peak memory of every fusion method that can run here on a pair of noisy phantoms.

    python Testing/Benchmarks/fusion_speed.py [--size 256 256 180] [--methods NAME ...]

Each method runs in a child process of its own, so that its peak memory (of the whole process, with the
sources and the libraries) is its own. A method for pictures alone is taken through the axial slices.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
LIMIT_GIB = 4.0


def phantom_pair(size: list[int]) -> np.ndarray:
    """Two sources ``(2, z, y, x)`` in [0, 1]: a bright shell and a noisy ball on black; ``size`` is x, y, z."""
    shape = size[::-1]
    axes = [np.linspace(-1, 1, n, dtype=np.float32) for n in shape]
    radius = np.sqrt(sum(axis**2 for axis in np.meshgrid(*axes, indexing="ij", sparse=True)))
    random = np.random.default_rng(0)
    noise = random.random(shape, dtype=np.float32)
    shell = np.where(np.abs(radius - 0.8) < 0.05, np.float32(0.9), np.float32(0))
    ball = np.where(radius < 0.78, np.float32(0.3) + np.float32(0.4) * noise, np.float32(0))
    return np.stack([shell, ball])


def peak_gib() -> float:
    """The greatest resident memory of this process so far, in GiB."""
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30


def measure(name: str, size: list[int]) -> dict[str, float]:
    """Fuse the phantoms with method ``name`` in this process; seconds and peak memory."""
    from MedFusionLib.fusion import catalog
    from MedFusionLib.fusion.inference import fuse_arrays

    sources = phantom_pair(size)
    before = peak_gib()
    start = time.perf_counter()
    fuse_arrays(catalog.load(name), sources)
    return {"seconds": time.perf_counter() - start, "peak_gib": peak_gib(), "before_gib": before,
            "workspace": (peak_gib() - before) * 2**30 / sources.nbytes}


def main() -> int:
    """Print one line for each method; returns 1 when one fails or takes more than 4 GiB."""
    from MedFusionLib.fusion import catalog

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, nargs=3, default=[256, 256, 180], metavar=("X", "Y", "Z"))
    usable = [card.name for card in catalog.cards() if catalog.can_run(card)]
    parser.add_argument("--methods", nargs="+", default=usable)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(measure(options.child, options.size)))
        return 0
    print(f"{'method':20} {'seconds':>8} {'peak GiB':>9} {'workspace':>10}   size {options.size}")
    failed = False
    for name in options.methods:
        command = [sys.executable, __file__, "--child", name, "--size", *map(str, options.size)]
        child = subprocess.run(command, capture_output=True, text=True, check=False)
        if child.returncode:
            failed = True
            print(f"{name:20} failed: {child.stderr.strip().splitlines()[-1:]}")
            continue
        result = json.loads(child.stdout)
        failed |= result["peak_gib"] > LIMIT_GIB
        print(f"{name:20} {result['seconds']:8.2f} {result['peak_gib']:9.2f} {result['workspace']:10.1f}",
              flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
