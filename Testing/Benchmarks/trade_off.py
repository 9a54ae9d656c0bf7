"""What the luma panel costs: from ``medfusion`` to the maximum in steps, with the figures of function beside the panel.

    python Testing/Benchmarks/trade_off.py --a MRI --b PET [--fused NAME=DIR] [--series 41] [--every 4] [--steps 4]

Luma and strength of colour are mixed in proportion: 0 is ``medfusion``, 1 the voxel-wise maximum with the colour as it
was. The last column counts the figures of the panel (of six) that are above the maximum's. ``--fused`` names ready
pictures only so that their pairs are taken, as in the benchmark.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from MedFusionLib.benchmark.cases import Case, picture_pairs
from MedFusionLib.fusion import catalog
from MedFusionLib.metrics import METRIC_SETS
from MedFusionLib.scoring import score_method

_AS_IT_WAS = 0.5
_FIRST = ("recoverability", "retention_hot", "hue_error", "chroma_error")


class Between:
    """A method ``share`` of the way from ``medfusion`` to the maximum."""

    def __init__(self, share: float) -> None:
        self._share, self._trained = share, catalog.load("medfusion")
        self.card = self._trained.card

    def fuse(self, sources: Any, functional: tuple[bool, ...]) -> Any:
        """As the network's own ``fuse``, told the roles."""
        trained: Any = self._trained
        answer = trained.fuse(sources, functional=functional)
        plain = np.full_like(answer, _AS_IT_WAS)
        plain[:, :1] = sources[:, : len(functional)].max(axis=1, keepdims=True)
        return (1.0 - self._share) * answer + self._share * plain


def means_of(share: float, cases: list[Case]) -> dict[str, float]:
    """The mean of each figure over ``cases``."""
    scored = [score_method(Between(share), case.load().setting).figures for case in cases]
    return {name: float(np.nanmean([figures[name] for figures in scored])) for name in scored[0]}


def main() -> None:
    """Print the curve as a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--a", type=Path, required=True, help="pictures of the anatomical source")
    parser.add_argument("--b", type=Path, required=True, help="pictures of the functional source")
    parser.add_argument("--fused", nargs="*", default=[], metavar="NAME=DIR")
    parser.add_argument("--series", nargs="*", default=[])
    parser.add_argument("--every", type=int, default=1, help="take every so many pairs")
    parser.add_argument("--steps", type=int, default=4)
    given = parser.parse_args()
    ready = {name: Path(folder) for name, folder in (entry.split("=", 1) for entry in given.fused)}
    cases, _ = picture_pairs((given.a, given.b), ready, given.series, ("panel",))
    cases = cases[:: given.every]
    panel = METRIC_SETS["panel"]
    curve = {share: means_of(share, cases) for share in np.linspace(0.0, 1.0, given.steps + 1)}
    print(f"{len(cases)} pairs\n\n| to maximum | {' | '.join((*_FIRST, *panel))} | above maximum |")
    print("|---" * (len(_FIRST) + len(panel) + 2) + "|")
    for share, means in curve.items():
        above = sum(means[name] > curve[1.0][name] for name in panel)
        print(f"| {share:.2f} | " + " | ".join(f"{means[name]:.3f}" for name in (*_FIRST, *panel)) + f" | {above} |")


if __name__ == "__main__":
    main()
