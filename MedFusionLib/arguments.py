"""The arguments of the command ``medfusion``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, NoReturn

from MedFusionLib import __version__
from MedFusionLib.benchmark import command
from MedFusionLib.colour import COLOUR_MAPS
from MedFusionLib.fusion.device import DEVICES
from MedFusionLib.fusion.inference import PLANE_CHOICES
from MedFusionLib.modality import MODALITIES, UNITS
from MedFusionLib.segmentation import command as segmentation_command
from MedFusionLib.study import command as study_command
from MedFusionLib.training import command as training_command

_EPILOG = (
    "Research software, not a medical device. Exit codes: 0 done, 2 bad input, 3 registration rejected, 130 cancelled."
)
_TRANSFORMS = ("rigid", "similarity", "affine", "bspline")


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """One line on standard error, exit code 2."""
        print(f"medfusion: {message}. See {self.prog} --help", file=sys.stderr)
        sys.exit(2)


def parser() -> Parser:
    """The parser of all commands."""
    top = Parser(prog="medfusion", description="Align, fuse and measure volumes of one patient.", epilog=_EPILOG)
    top.add_argument("--version", action="version", version=f"MedFusion {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    _fuse(commands.add_parser("fuse", help="align, fuse and measure volumes; write everything to a folder"))
    _compare(commands.add_parser("compare", help="align once, fuse with several methods, measure each"))
    _register(commands.add_parser("register", help="find the transform that aligns one volume to another"))
    _evaluate(commands.add_parser("evaluate", help="measure a fused volume against its sources"))
    command.add_arguments(commands.add_parser("benchmark", help="judge methods on many cases, by patient"))
    _segment(commands.add_parser("segment", help="outline the tumour in a CT, a PET and an MR"))
    study_command.add_arguments(commands.add_parser("study", help="let readers judge, blinded; analyse what they say"))
    training_command.add_arguments(commands.add_parser("train", help="train or tune a network on pairs of your own"))
    for name, what in (("methods", "list the fusion methods"), ("metrics", "list the metrics")):
        commands.add_parser(name, help=what).add_argument("--json", action="store_true", help="as JSON")
    demo = commands.add_parser("demo", help="run the main job on the bundled patient")
    demo.add_argument("--output", type=Path, default=Path("demo"), help="folder for the results (default: demo)")
    _progress(demo)
    return top


def _fuse(command: argparse.ArgumentParser) -> None:
    command.add_argument("--method", metavar="NAME", help="fusion method (default: auto, the best that can run here; "
                         "see: medfusion methods)")
    _making(command)


def _compare(command: argparse.ArgumentParser) -> None:
    command.add_argument("--methods", required=True, metavar="A,B,C", help="fusion methods, or all that can be used")
    command.add_argument("--lesion", metavar="FILE", help="mask of a lesion on the fixed volume's grid (non-zero)")
    _making(command)


def _making(command: argparse.ArgumentParser) -> None:
    """What a run with one method and one with several share."""
    command.add_argument("volumes", nargs="+", metavar="VOLUME", help="files or DICOM folders; the first is fixed")
    command.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder for the results")
    command.add_argument("--overwrite", action="store_true", help="replace an earlier run's results in that folder")
    command.add_argument(
        "--plain", action="store_true", help="write no pictures, report or scene, and judge no faithfulness"
    )
    command.add_argument("--parameter", action="append", default=[], metavar="NAME=VALUE", help="of the method")
    command.add_argument("--registration", metavar="NAME", help="auto, brainsfit, elastix, simpleitk, landmarks, none")
    command.add_argument("--plane", choices=PLANE_CHOICES, help="for 2-D methods on volumes")
    command.add_argument("--device", choices=DEVICES, help="where to compute (default: auto)")
    command.add_argument(
        "--window",
        action="append",
        default=[],
        metavar="SOURCE=WINDOW",
        help="by name or modality: CT=bone or PET=0,12",
    )
    command.add_argument(
        "--colour-map",
        action="append",
        default=[],
        metavar="SOURCE=MAP",
        help=f"by name or modality; one of {', '.join(COLOUR_MAPS)}",
    )
    command.add_argument("--recipe", type=Path, metavar="FILE", help="JSON; other options change it")
    command.add_argument(
        "--continue-on-rejection", action="store_true", help="fuse although a registration is rejected"
    )
    _reading(command)
    _aligning(command)
    _progress(command)


def _segment(command: argparse.ArgumentParser) -> None:
    segmentation_command.add_arguments(command)
    _reading(command)
    _aligning(command)
    _progress(command)


def _register(command: argparse.ArgumentParser) -> None:
    command.add_argument("volumes", nargs=2, metavar=("FIXED", "MOVING"), help="files or DICOM folders")
    command.add_argument("--output", type=Path, required=True, metavar="FILE", help="transform, .h5 or .tfm")
    command.add_argument("--method", dest="registration", metavar="NAME", help="back end (default: auto)")
    command.add_argument("--recipe", type=Path, metavar="FILE", help="JSON, of which the registration is used")
    command.add_argument("--json", action="store_true", help="the outcome as JSON")
    _reading(command)
    _aligning(command)
    _progress(command)


def _evaluate(command: argparse.ArgumentParser) -> None:
    command.add_argument("--fused", required=True, metavar="FILE", help="the fused volume or picture")
    command.add_argument(
        "--source",
        action="append",
        required=True,
        dest="volumes",
        metavar="FILE",
        help="a source on the same grid; give it two times or more",
    )
    command.add_argument("--mask", metavar="FILE", help="where to look (non-zero)")
    command.add_argument("--window", action="append", default=[], metavar="SOURCE=WINDOW", help="as in fuse")
    command.add_argument("--recipe", type=Path, metavar="FILE", help="JSON, of which the windows are used")
    command.add_argument("--json", action="store_true", help="as JSON")
    _reading(command)


def _reading(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--modality",
        action="append",
        default=[],
        metavar="M",
        help=f"of each volume in order: {', '.join(MODALITIES)} (guessed when left out)",
    )
    command.add_argument("--name", action="append", default=[], help="of each volume in order (default: the file's)")
    command.add_argument(
        "--unit", action="append", default=[], choices=("", *UNITS),
        help="of each volume in order, if the file tells none"
    )
    command.add_argument(
        "--frame-of-reference", action="append", default=[], metavar="UID", help="of each volume in order, as in DICOM"
    )
    command.add_argument("--frame", type=int, metavar="K", help="which frame of a 4-D file")
    command.add_argument(
        "--non-finite", choices=("refuse", "background"), default="refuse", help="what to do with NaN and infinity"
    )


def _aligning(command: argparse.ArgumentParser) -> None:
    command.add_argument("--transform", choices=_TRANSFORMS, help="kind of transform (default: rigid)")
    command.add_argument("--initial", metavar="START", help="geometry, moments, landmarks, none or a transform file")
    command.add_argument("--landmarks", metavar="FILE", help="point pairs, CSV")
    command.add_argument("--fixed-mask", metavar="FILE", help="where to look in the fixed volume")
    command.add_argument("--moving-mask", metavar="FILE", help="where to look in the moving volume")
    command.add_argument("--executable", metavar="PATH", help="of BRAINSFit, for the back end brainsfit")
    command.add_argument("--samples", type=int, metavar="N", help="voxels an engine looks at")
    command.add_argument(
        "--trust-frame-of-reference",
        action="store_true",
        help="skip registration of DICOM volumes that share a frame of reference",
    )


def _progress(command: argparse.ArgumentParser) -> None:
    command.add_argument("--progress", choices=("bar", "json", "none"), default="bar", help="what to say meanwhile")


def pairs(entries: list[str], what: str) -> dict[str, Any]:
    """Entries NAME=VALUE as a dict; numbers, and numbers with commas between, are read as such."""
    from MedFusionLib.errors import BadInput

    found: dict[str, Any] = {}
    for entry in entries:
        name, sign, value = entry.partition("=")
        if not sign or not name or not value:
            raise BadInput(f"{what} '{entry}' is not NAME=VALUE", "Put the name, an equals sign and the value")
        found[name] = _value(value)
    return found


def _value(text: str) -> Any:
    parts = [_number(part) for part in text.split(",")]
    if any(isinstance(part, str) for part in parts):
        return text
    return parts[0] if len(parts) == 1 else tuple(parts)


def _number(text: str) -> float | int | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
