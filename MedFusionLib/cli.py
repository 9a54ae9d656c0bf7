"""The command ``medfusion``."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from itertools import zip_longest
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from MedFusionLib import lifeline
from MedFusionLib.arguments import pairs, parser
from MedFusionLib.console import print_json, progress_of
from MedFusionLib.errors import BadInput, Cancelled, MedFusionError, RegistrationRejected, as_data
from MedFusionLib.progress import Progress
from MedFusionLib.recipe import Recipe
from MedFusionLib.volume import Volume

if TYPE_CHECKING:
    from MedFusionLib.pipeline import Result


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line ``arguments`` (default: the process's) and return the exit code."""
    given = parser().parse_args(arguments)
    previous = signal.signal(signal.SIGTERM, _cancel)
    try:
        lifeline.hold()
        return int(_COMMANDS[given.command](given))
    except MedFusionError as error:
        return _fail(error, given)
    except KeyboardInterrupt:
        return _fail(Cancelled(), given)
    except MemoryError:
        mend = "Close other programs, crop the volumes or resample them coarser"
        return _fail(BadInput("not enough memory", mend), given)
    finally:
        signal.signal(signal.SIGTERM, previous)


def _cancel(number: int, frame: FrameType | None) -> None:
    raise Cancelled()


def _fail(error: MedFusionError, given: argparse.Namespace) -> int:
    """Tell what went wrong, to people in one line, and as data to the program that asked for JSON."""
    if getattr(given, "json", False) or getattr(given, "progress", "") == "json":
        print_json(as_data(error))
    print(f"medfusion: {' '.join(str(error).split())}", file=sys.stderr)
    return error.exit_code


def read_volumes(given: argparse.Namespace) -> list[Volume]:
    """The volumes that the arguments name, each checked at the door."""
    if len(given.modality) > len(given.volumes):
        raise BadInput(f"{len(given.modality)} modalities for {len(given.volumes)} volumes", "Give one for each")
    told = {"names": given.name, "units": given.unit, "frames of reference": given.frame_of_reference}
    for what, entries in told.items():
        if len(entries) > len(given.volumes):
            raise BadInput(f"{len(entries)} {what} for {len(given.volumes)} volumes", "Give one for each")
    volumes = []
    for path, modality, name, unit, frame in zip_longest(given.volumes, given.modality, *told.values()):
        volume = Volume.read(path, modality=modality, name=name, frame=given.frame, non_finite=given.non_finite)
        shared = frame or volume.frame_of_reference
        volumes.append(replace(volume, unit=unit or volume.unit, frame_of_reference=shared))
    return volumes


def recipe_of(given: argparse.Namespace) -> Recipe:
    """The recipe that the arguments describe: the file's, changed by the options that were given."""
    data = (Recipe.read(given.recipe) if given.recipe else Recipe()).as_dict()
    for name in ("method", "plane", "device"):
        if getattr(given, name, None) is not None:
            data[name] = getattr(given, name)
    for name, entries in (
        ("parameters", given.parameter),
        ("windows", given.window),
        ("colour_maps", given.colour_map),
    ):
        data[name] = {**data[name], **pairs(entries, name)}
    if given.continue_on_rejection:
        data["on_rejection"] = "continue"
    data["registration"] = {**data["registration"], **_registration(given)}
    return Recipe.from_dict(data)


def _registration(given: argparse.Namespace) -> dict[str, Any]:
    """The registration settings that were given as options."""
    names = ("transform", "initial", "landmarks", "fixed_mask", "moving_mask", "executable", "samples")
    settings = {name: getattr(given, name) for name in names if getattr(given, name) is not None}
    if given.registration is not None:
        settings["method"] = given.registration
    if given.trust_frame_of_reference:
        settings["trust_frame_of_reference"] = True
    return settings


def _fuse(given: argparse.Namespace) -> int:
    from MedFusionLib.pipeline import run

    return _make(given, run)


def _compare(given: argparse.Namespace) -> int:
    from MedFusionLib import comparison_command
    from MedFusionLib.pipeline import compare, methods_named

    if not given.plain:
        return comparison_command.run(given)

    def work(volumes: list[Volume], recipe: Recipe, progress: Progress) -> Result:
        methods = methods_named(given.methods, len(volumes), volumes[0].dimension, recipe.plane)
        return compare(volumes, methods, recipe, progress)

    return _make(given, work)


def opened(given: argparse.Namespace) -> tuple[list[Volume], Recipe, Progress]:
    """What a run starts from: the volumes, two or more, the recipe and the progress.

    Raises ``BadInput`` for what the arguments have wrong, also for an output folder that cannot take the results.
    """
    from MedFusionLib.outputs import check_folder

    if len(given.volumes) < 2:
        raise BadInput(f"only one volume, {given.volumes[0]}", "Give the fixed volume and at least one moving volume")
    recipe = recipe_of(given)
    check_folder(given.output, given.overwrite)
    progress = progress_of(given.progress)
    progress("read", 0.0, ", ".join(Path(path).name for path in given.volumes))
    return read_volumes(given), recipe, progress


def _make(given: argparse.Namespace, work: Callable[[list[Volume], Recipe, Progress], Result]) -> int:
    """Read the volumes, do ``work`` on them, write its result and tell."""
    from MedFusionLib.outputs import write_result

    volumes, recipe, progress = opened(given)
    result = work(volumes, recipe, progress)
    files = write_result(result, given.output, progress, given.plain)
    if given.progress == "json":
        print_json({"done": True, "files": [str(file) for file in files], "record": result.record.as_dict()})
    elif given.progress == "bar":
        from MedFusionLib.summary import summarise

        print(summarise(result, files))
    return 0


def _register(given: argparse.Namespace) -> int:
    from MedFusionLib.outputs import check_file
    from MedFusionLib.record import describe_registration, plain
    from MedFusionLib.registration import register
    from MedFusionLib.registration.settings import RegistrationSettings
    from MedFusionLib.registration.transforms import save

    check_file(given.output, (".h5", ".tfm"))
    base = Recipe.read(given.recipe).settings if given.recipe else RegistrationSettings()
    settings = RegistrationSettings.from_dict({**asdict(base), **_registration(given)})
    fixed, moving = read_volumes(given)
    progress = progress_of("none" if given.json else given.progress)
    registration = register(fixed, moving, settings, progress=progress)
    described = describe_registration(moving, registration)
    rejected = registration.verdict.decision == "reject"
    if not rejected:
        save(registration.transform, given.output)
    if given.json:
        print_json(plain({**described, "output": None if rejected else str(given.output)}))
    elif given.progress == "json":
        print_json(plain({"done": not rejected, **described}))
    elif not rejected:
        print(f"{registration.verdict.decision}: {given.output} ({registration.engine}, {registration.seconds:.1f} s)")
    if rejected:
        why = "; ".join(registration.verdict.reasons)
        raise RegistrationRejected(f"registration rejected, nothing written: {why}")
    return 0


def _evaluate(given: argparse.Namespace) -> int:
    from MedFusionLib.evaluate import evaluate
    from MedFusionLib.record import plain

    base = Recipe.read(given.recipe) if given.recipe else Recipe()
    windows = Recipe.from_dict({"windows": {**base.windows, **pairs(given.window, "window")}}).windows
    sources = read_volumes(given)
    fused = Volume.read(given.fused, modality="unknown")
    mask = Volume.read_mask(given.mask, on=fused) if given.mask else None
    figures = evaluate(fused, sources, mask, windows)
    if given.json:
        print_json(plain(figures))
    else:
        print("\n".join(f"{name:24}{value:.6g}" for name, value in figures.items()))
    return 0


def _methods(given: argparse.Namespace) -> int:
    from MedFusionLib.fusion import automatic, catalog

    if given.json:
        print(json.dumps([card.as_dict() for card in catalog.cards()], indent=2, ensure_ascii=False))
        return 0
    for card in catalog.cards():
        print(f"{card.name:18}{card.family:12}{card.summary}{' (not trained)' if card.trained is False else ''}")
    print(f"\nWithout --method, {automatic.resolve(automatic.AUTO)} is used: the best that can run here.")
    return 0


def _metrics(given: argparse.Namespace) -> int:
    from MedFusionLib.metrics import METRICS

    if given.json:
        print(json.dumps([asdict(entry) for entry in METRICS.values()], indent=2, ensure_ascii=False))
        return 0
    for entry in METRICS.values():
        print(f"{entry.name:20}{entry.direction:9}{entry.title} ({entry.reference}); fooled by {entry.fooled_by}")
    return 0


def _demo(given: argparse.Namespace) -> int:
    from MedFusionLib.resources import resource

    names = ("CT", "MR_T1", "PET_SUV")
    arguments = ["fuse", *(str(resource(f"SampleData/STS_012_{name}.nii.gz")) for name in names)]
    for name in names:
        arguments += ["--name", name.partition("_")[0]]
    arguments += ["--recipe", str(resource("SampleData/demo.json")), "--overwrite"]
    arguments += ["--output", str(given.output), "--progress", given.progress]
    return _fuse(parser().parse_args(arguments))


def _benchmark(given: argparse.Namespace) -> int:
    from MedFusionLib.benchmark import command

    return command.run(given)


def _study(given: argparse.Namespace) -> int:
    from MedFusionLib.study import command

    return command.run(given)


def _train(given: argparse.Namespace) -> int:
    from MedFusionLib.training import command

    return command.run(given)


def _segment(given: argparse.Namespace) -> int:
    from MedFusionLib.segmentation import command

    return command.run(given)


_COMMANDS = {
    "benchmark": _benchmark,
    "study": _study,
    "train": _train,
    "segment": _segment,
    "fuse": _fuse,
    "compare": _compare,
    "register": _register,
    "evaluate": _evaluate,
    "methods": _methods,
    "metrics": _metrics,
    "demo": _demo,
}
