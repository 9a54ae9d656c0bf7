"""The command ``medfusion compare``: methods side by side, with reference rows, ranks and pictures."""

from __future__ import annotations

import argparse

from MedFusionLib.comparison import compare
from MedFusionLib.comparison_files import as_text, write_comparison
from MedFusionLib.console import print_json
from MedFusionLib.record import NOTICE
from MedFusionLib.volume import Volume


def run(given: argparse.Namespace) -> int:
    """Read the volumes, compare the methods on them, write everything and print the table."""
    from MedFusionLib.cli import opened
    from MedFusionLib.pipeline import methods_named

    volumes, recipe, progress = opened(given)
    lesion = Volume.read_mask(given.lesion, on=volumes[0]) if given.lesion else None
    methods = methods_named(given.methods, len(volumes), volumes[0].dimension, recipe.plane)
    comparison = compare(volumes, methods, recipe, lesion, progress)
    files = write_comparison(comparison, given.output, progress)
    if given.progress == "json":
        print_json({"done": True, "files": [str(file) for file in files], "record": comparison.result.record.as_dict()})
    elif given.progress == "bar":
        print("\n".join([as_text(comparison), "", f"Written to {given.output}", NOTICE]))
    return 0
