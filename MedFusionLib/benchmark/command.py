"""The command ``medfusion benchmark``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from MedFusionLib.errors import BadInput

if TYPE_CHECKING:
    from MedFusionLib.benchmark.cases import Case

_METRICS = ("panel", "nabf", "basic")


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    command.add_argument("--a", type=Path, metavar="DIR", help="pictures of the first source (2-D, registered)")
    command.add_argument("--b", type=Path, metavar="DIR", help="pictures of the second source, with the same names")
    command.add_argument("--cases", type=Path, metavar="DIR", help="instead: folders of volumes, one a patient")
    command.add_argument(
        "--volumes", nargs="+", default=[], metavar="FILE", help="with --cases: the files of each case, fixed first"
    )
    command.add_argument("--lesion", metavar="FILE", help="with --cases: mask of the lesion in each case, if there")
    command.add_argument("--methods", required=True, metavar="A,B,C",
                         help="fusion methods (with parameters: ifcnn:rule=mean), or all that can be used")
    command.add_argument(
        "--fused", action="append", default=[], metavar="NAME=DIR", help="fused images made elsewhere, named as cases"
    )
    command.add_argument("--series", nargs="+", default=[], metavar="NAME", help="only these patients")
    command.add_argument("--recipe", type=Path, metavar="FILE", help="with --cases: registration, windows and colours")
    command.add_argument("--all-figures", action="store_true", help="print every figure, not only the main ones")
    command.add_argument("--json", type=Path, metavar="FILE", help="everything, case by case")
    command.add_argument("--html", type=Path, metavar="FILE", help="a report to show to others")
    command.add_argument(
        "--pictures", type=_count, default=6, metavar="N", help="so many cases are shown in the report (default 6)"
    )
    command.add_argument("--csv", type=Path, metavar="FILE", help="means, intervals and tests")
    command.add_argument("--progress", choices=("bar", "json", "none"), default="bar", help="what to say meanwhile")


def _count(text: str) -> int:
    """A number of cases, 0 or more."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text} is no number of cases: give 0 or more")
    return int(text)


def run(given: argparse.Namespace) -> int:
    """Check the arguments, run the benchmark, write it and print the table."""
    from MedFusionLib.benchmark.run import benchmark
    from MedFusionLib.benchmark.table import as_data, as_text, write_csv
    from MedFusionLib.console import progress_of
    from MedFusionLib.outputs import check_file
    from MedFusionLib.pipeline import methods_named
    from MedFusionLib.recipe import Recipe
    from MedFusionLib.report.benchmark import write_benchmark

    for file, suffix in ((given.json, ".json"), (given.csv, ".csv"), (given.html, ".html")):
        if file is not None:
            check_file(file, (suffix,))
    cases, notes = _cases(given)
    if given.cases is None:
        methods = methods_named(given.methods, 2, dimension=2)
    else:
        plane = Recipe.read(given.recipe).plane if given.recipe else None
        methods = methods_named(given.methods, len(given.volumes), plane=plane)
    pictures = given.pictures if given.html is not None else 0
    result = benchmark(cases, methods, notes, progress_of(given.progress), pictures)
    if given.json is not None:
        given.json.write_text(json.dumps(as_data(result), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if given.csv is not None:
        write_csv(result, given.csv)
    if given.html is not None:
        write_benchmark(result, given.html)
    print(as_text(result, given.all_figures))
    return 0


def _cases(given: argparse.Namespace) -> tuple[list[Case], tuple[str, ...]]:
    """The cases that the arguments name, with notes on what is left out."""
    from MedFusionLib.benchmark.cases import picture_pairs
    from MedFusionLib.benchmark.volumes import Files, volume_cases
    from MedFusionLib.metrics import metric_names
    from MedFusionLib.recipe import Recipe

    fused = _folders(given.fused)
    if given.cases is not None:
        recipe = Recipe.read(given.recipe) if given.recipe else Recipe()
        recipe = replace(recipe, metrics=metric_names(_METRICS))
        files = Files(tuple(given.volumes), given.lesion or "")
        return volume_cases(given.cases, files, fused, given.series, recipe)
    if given.a is None or given.b is None:
        raise BadInput("no cases", "Give --a and --b (folders of pictures), or --cases (a folder of folders)")
    return picture_pairs((given.a, given.b), fused, given.series, metric_names(_METRICS))


def _folders(entries: Sequence[str]) -> dict[str, Path]:
    """Entries NAME=DIR; the names must differ from each other and from those of the catalog."""
    from MedFusionLib.fusion import catalog

    found: dict[str, Path] = {}
    for entry in entries:
        name, sign, folder = entry.partition("=")
        if not sign or not name or not folder:
            raise BadInput(f"fused '{entry}' is not NAME=DIR", "Put the name, an equals sign and the folder")
        if name in found or name in catalog.names():
            raise BadInput(f"the name '{name}' is taken", "Give every folder of fused images a name of its own")
        found[name] = Path(folder)
    return found
