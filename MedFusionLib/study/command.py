"""The command ``medfusion study``: make a reader study, and analyse what the readers sent back."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from MedFusionLib.errors import BadInput


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The arguments of ``study make`` and ``study analyse``."""
    steps = command.add_subparsers(dest="step", required=True, metavar="STEP", parser_class=type(command))
    make = steps.add_parser("make", help="write the page that readers open, and the key")
    make.add_argument("--comparison", type=Path, metavar="DIR", help="folder that 'medfusion compare' wrote")
    make.add_argument("--fixed", type=Path, metavar="FILE", help="with --comparison: the fixed volume, to show it too")
    make.add_argument("--methods", default="", metavar="A,B,C", help="with --comparison: only these")
    make.add_argument("--fused", action="append", default=[], metavar="NAME=DIR", help="or: fused pictures of a method")
    make.add_argument("--source", action="append", default=[], metavar="NAME=DIR", help="pictures of a source")
    make.add_argument("--count", type=int, default=6, metavar="N", help="slices or pictures shown (default: 6)")
    make.add_argument("--pairs", type=int, default=30, metavar="N", help="forced choices at most (default: 30)")
    make.add_argument("--seed", type=int, default=0, metavar="N", help="of the order (default: 0)")
    make.add_argument("--page", type=Path, required=True, metavar="FILE", help="for the readers, .html")
    make.add_argument("--key", type=Path, required=True, metavar="FILE", help="not for the readers, .json")
    analyse = steps.add_parser("analyse", help="scores, agreement, preferences, correlation with the metrics")
    analyse.add_argument("answers", type=Path, nargs="+", metavar="ANSWERS", help="the readers' files, .json")
    analyse.add_argument("--key", type=Path, required=True, metavar="FILE", help="the file of 'study make'")
    analyse.add_argument("--figures", type=Path, metavar="FILE", help="comparison.json, or that of a benchmark")
    analyse.add_argument("--json", type=Path, metavar="FILE", help="everything as data")


def run(given: argparse.Namespace) -> int:
    """Do the step that was asked for."""
    return {"make": _make, "analyse": _analyse}[given.step](given)


def _make(given: argparse.Namespace) -> int:
    from MedFusionLib.study.gather import from_comparison, from_folders
    from MedFusionLib.study.make import check_places, make

    check_places(given.page, given.key)
    for name in ("count", "pairs", "seed"):
        if getattr(given, name) < (name == "count"):
            raise BadInput(f"{name} {getattr(given, name)}", "Give a positive number")
    if (given.comparison is None) == (not given.fused):
        raise BadInput("no pictures, or two kinds of them", "Give --comparison, or --fused for each method")
    if given.comparison is not None:
        methods = [name.strip() for name in given.methods.split(",") if name.strip()]
        cases = from_comparison(given.comparison, given.count, given.fixed, methods)
    else:
        cases = from_folders(_folders(given.fused), _folders(given.source), given.count, given.seed)
    key = make(cases, given.page, given.key, given.seed, given.pairs)
    print(f"{len(key.items)} pictures to score, {len(key.choices)} choices: {given.page}")
    print(f"Keep {given.key} from the readers")
    return 0


def _analyse(given: argparse.Namespace) -> int:
    from MedFusionLib.outputs import check_file
    from MedFusionLib.study.account import as_data, as_text
    from MedFusionLib.study.analyse import analyse
    from MedFusionLib.study.figures import read_figures
    from MedFusionLib.study.key import read_answers, read_key

    if given.json is not None:
        check_file(given.json, (".json",))
    key = read_key(given.key)
    figures = read_figures(given.figures) if given.figures else None
    analysis = analyse(key, [read_answers(file, key) for file in given.answers], figures)
    if given.json is not None:
        given.json.write_text(json.dumps(as_data(analysis), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(as_text(analysis))
    return 0


def _folders(entries: Sequence[str]) -> dict[str, Path]:
    """Entries NAME=DIR as a dict; raises ``BadInput`` for one of another form or a name that is taken."""
    found: dict[str, Path] = {}
    for entry in entries:
        name, sign, folder = entry.partition("=")
        if not sign or not name or not folder or name in found:
            raise BadInput(f"'{entry}' is not NAME=DIR, or its name is taken", "Name each folder once")
        found[name] = Path(folder)
    return found
