"""The command ``medfusion segment``: the tumour in a CT, a PET and an MR as a label map."""

from __future__ import annotations

import argparse
from pathlib import Path

from MedFusionLib.errors import BadInput
from MedFusionLib.fusion.device import DEVICES
from MedFusionLib.networks.segmenters import SEGMENTERS
from MedFusionLib.segmentation import DEFAULT, segment

_NOTICE = "Outlined by a network, not by a reader: look at it before you use it. Not for clinical use."


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The arguments of ``segment`` beside those of reading, aligning and progress."""
    command.add_argument("volumes", nargs=3, metavar="VOLUME", help="a CT, a PET and an MR; the first gives the grid")
    command.add_argument("--output", type=Path, required=True, metavar="FILE", help="label map, .nii.gz, .nii or .nrrd")
    command.add_argument("--network", choices=tuple(SEGMENTERS), default=DEFAULT, help="which segmenter")
    command.add_argument("--weights", type=Path, metavar="FILE", help="weights of your own for it")
    command.add_argument("--probability", type=Path, metavar="FILE", help="also write the probability of tumour")
    command.add_argument("--registration", metavar="NAME", help="auto, brainsfit, elastix, simpleitk, landmarks, none")
    command.add_argument("--device", choices=DEVICES, help="where to compute (default: auto)")
    command.add_argument("--window", action="append", default=[], metavar="SOURCE=WINDOW",
                         help="by name or modality, as in fuse")
    command.add_argument("--recipe", type=Path, metavar="FILE", help="of a run: registration, windows and device")
    command.add_argument("--continue-on-rejection", action="store_true",
                         help="segment although a registration is rejected")
    # What a run's recipe has beside these is not for a segmentation.
    command.set_defaults(parameter=[], colour_map=[])


def run(given: argparse.Namespace) -> int:
    """Check the files, segment, write the label map and tell its volume."""
    from MedFusionLib.cli import read_volumes, recipe_of
    from MedFusionLib.console import print_json, progress_of

    files = [file for file in (given.output, given.probability) if file is not None]
    for file in files:
        _check_file(file)
    progress = progress_of(given.progress)
    made = segment(read_volumes(given), given.network, recipe_of(given), given.weights, progress)
    for file, volume in zip(files, (made.labels, made.probability), strict=False):
        volume.write(file)
    if given.progress == "json":
        print_json({"done": True, "files": [str(file) for file in files], "millilitres": made.millilitres})
    elif given.progress == "bar":
        print(f"\nTumour of {made.millilitres:.1f} ml, written to {given.output}\n{_NOTICE}")
    return 0


def _check_file(path: Path) -> None:
    """Raise ``BadInput`` when a volume could not be written to ``path`` at the end."""
    from MedFusionLib.files import suffix_of
    from MedFusionLib.outputs import check_file
    from MedFusionLib.writing import WRITABLE

    suffixes = [suffix for suffix in WRITABLE if suffix != ".png"]
    if suffix_of(path) not in suffixes:
        raise BadInput(f"output {path.name} is no file of a volume", f"Use {', '.join(suffixes)}")
    check_file(path, (path.suffix,))
