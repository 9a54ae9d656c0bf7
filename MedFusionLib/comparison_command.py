"""The command ``medfusion compare``: methods side by side, with reference rows, ranks and pictures."""

from __future__ import annotations

import argparse
from pathlib import Path

from MedFusionLib.comparison import compare
from MedFusionLib.comparison_files import as_text, write_comparison
from MedFusionLib.console import print_json, progress_of
from MedFusionLib.errors import BadInput
from MedFusionLib.outputs import check_folder
from MedFusionLib.record import NOTICE
from MedFusionLib.volume import Volume


def run(given: argparse.Namespace) -> int:
    """Read the volumes, compare the methods on them, write everything and print the table."""
    from MedFusionLib.cli import read_volumes, recipe_of
    from MedFusionLib.pipeline import methods_named

    if len(given.volumes) < 2:
        raise BadInput(f"only one volume, {given.volumes[0]}", "Give the fixed volume and at least one moving volume")
    recipe = recipe_of(given)
    check_folder(given.output, given.overwrite)
    progress = progress_of(given.progress)
    progress("read", 0.0, ", ".join(Path(path).name for path in given.volumes))
    volumes = read_volumes(given)
    lesion = Volume.read_mask(given.lesion, on=volumes[0]) if given.lesion else None
    methods = methods_named(given.methods, len(volumes), volumes[0].dimension, recipe.plane)
    comparison = compare(volumes, methods, recipe, lesion, progress)
    files = write_comparison(comparison, given.output, progress)
    if given.progress == "json":
        print_json({"done": True, "files": [str(file) for file in files], "record": comparison.result.record.as_dict()})
    elif given.progress == "bar":
        print("\n".join([as_text(comparison), "", f"Written to {given.output}", NOTICE]))
    return 0
