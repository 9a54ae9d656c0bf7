"""Milliseconds of every fusion network on a pair of 256 x 256 and on a volume, beside its operations and bytes.

    python Testing/Benchmarks/network_speed.py [--networks NAME ...] [--volume 256 256 180] [--threads 1 2]

Trained or not: speed does not depend on the numbers, so that the weights are random. A pair is the median of repeated
runs on noise; a network for pictures takes the volume slice by slice through the library. The floor of a pair is what
it cannot be without: its multiplications (torch's counter: two operations each) and the bytes of sources, result and
weights, each moved once. Freed memory is kept, as the command line keeps it. The last line is the time of a pair of
``medfusion`` over that of ``ifcnn``, taken in turn.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
SHARE = 1 / 8


def milliseconds(work: Callable[[], Any], device: str, repeats: int) -> float:
    """The median time of one call of ``work``, the processors of ``device`` at rest before and after."""
    import torch

    def settle() -> None:
        if device == "cuda":
            torch.cuda.synchronize()

    work()
    times = []
    for _ in range(repeats):
        settle()
        start = time.perf_counter()
        work()
        settle()
        times.append(1e3 * (time.perf_counter() - start))
    return median(times)


class Untrained:
    """Network ``name`` with random weights, as a method that ``fuse_arrays`` takes."""

    def __init__(self, name: str, device: str = "cpu") -> None:
        import torch
        from torch.nn.utils import convert_conv2d_weight_memory_format

        from MedFusionLib.fusion import catalog
        from MedFusionLib.fusion.precision import Precision
        from MedFusionLib.models import weights

        self.card = catalog.card(name)
        self._device, self._precision = device, Precision()
        torch.manual_seed(0)
        module = convert_conv2d_weight_memory_format(weights.build(name), torch.channels_last)
        self.module = module.eval().to(device)

    def fuse(self, sources: np.ndarray) -> np.ndarray:
        """Numpy in and out, as a trained network on the device."""
        import torch

        return self.answer(torch.from_numpy(sources).to(self._device)).cpu().numpy()

    def answer(self, sources: Any) -> Any:
        """Tensors in and out."""
        import torch

        with torch.inference_mode():
            return self._precision.answer(self.module, sources)


def floor(method: Untrained, pair: Any) -> tuple[float, float]:
    """Giga-operations and megabytes that one answer to ``pair`` cannot be without."""
    from torch.utils.flop_counter import FlopCounterMode

    counter = FlopCounterMode(display=False)
    with counter:
        method.answer(pair)
    weights = sum(weight.numel() for weight in method.module.parameters())
    moved = 4 * (pair.numel() * (1 + 1 / pair.shape[1]) + weights)
    return counter.get_total_flops() / 1e9, moved / 1e6


def noise(*shape: int) -> np.ndarray:
    """Sources in [0, 1]."""
    return np.random.default_rng(0).random(shape, dtype=np.float32)


def report(name: str, device: str, volume: tuple[int, ...], repeats: int) -> str:
    """The line of network ``name``."""
    import torch

    from MedFusionLib.fusion.inference import fuse_arrays

    method = Untrained(name, device)
    flat = 2 in method.card.dimensions
    pair = torch.from_numpy(noise(1, 2, 256, 256) if flat else noise(1, 2, 32, 32, 64)).to(device)
    operations, moved = floor(method, pair)
    one = milliseconds(lambda: method.answer(pair), device, repeats)
    told = f"{name:20} {one:10.1f} {operations:8.2f} {moved:7.2f} {operations / one * 1e3:8.1f}"
    if 0 in volume:
        return told
    sources = noise(2, *volume)
    start = time.perf_counter()
    fuse_arrays(method, sources)
    return f"{told} {time.perf_counter() - start:10.2f}"


def ratio(repeats: int) -> float:
    """The time of a pair of ``medfusion`` over that of ``ifcnn`` on one thread, in turn, so that both see the load."""
    import torch

    torch.set_num_threads(1)
    pair = torch.from_numpy(noise(1, 2, 256, 256))
    ours, theirs = Untrained("medfusion"), Untrained("ifcnn")
    shares = [milliseconds(lambda: ours.answer(pair), "cpu", 1) / milliseconds(lambda: theirs.answer(pair), "cpu", 1)
              for _ in range(repeats)]
    return median(shares)


def main() -> int:
    """Print the tables; returns 1 when ``medfusion`` takes more than an eighth of IFCNN's time."""
    import torch

    from MedFusionLib.allocation import keep_memory
    from MedFusionLib.networks.catalog import NETWORKS

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS), choices=list(NETWORKS))
    parser.add_argument("--volume", type=int, nargs=3, default=[256, 256, 180], metavar=("X", "Y", "Z"),
                        help="0 0 0: pairs alone")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--repeats", type=int, default=7)
    given = parser.parse_args()
    keep_memory()
    places = [("cpu", threads) for threads in given.threads] + [("cuda", 1)] * torch.cuda.is_available()
    for device, threads in places:
        torch.set_num_threads(threads)
        where = torch.cuda.get_device_name() if device == "cuda" else f"CPU, threads: {threads}"
        print(f"\n{where}; a pair of 256 x 256 (a network for volumes: 64 x 32 x 32), volume {given.volume}\n"
              f"{'network':20} {'pair ms':>10} {'Gflop':>8} {'MB':>7} {'Gflop/s':>8} {'volume s':>10}")
        for name in given.networks:
            print(report(name, device, tuple(given.volume[::-1]), given.repeats), flush=True)
    share = ratio(given.repeats)
    print(f"\nmedfusion takes {share:.3f} of ifcnn's time a pair on one thread; limit {SHARE:.3f}")
    return int(share > SHARE)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
