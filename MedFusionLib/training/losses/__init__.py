"""Losses for the training of fusion networks: small differentiable functions, one idea a file, listed in ``LOSSES``.

Every loss is a scalar, lower is better: ``LOSSES[name](fused, batch)``; ``weighted({name: weight})`` adds several.
Those that come from a figure of ``MedFusionLib.metrics`` or ``MedFusionLib.faithfulness`` have its value, up to the
smoothing and single precision that their docstrings state. Importing this package imports no torch.
"""

from __future__ import annotations

from MedFusionLib.training.losses.table import LOSSES, LossEntry
from MedFusionLib.training.losses.weighted import Weighted, weighted

__all__ = ["LOSSES", "LossEntry", "Weighted", "weighted"]
