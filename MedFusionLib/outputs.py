"""Writing a run's results: all of them complete in a folder, or nothing."""

from __future__ import annotations

import csv
import os
import re
import shutil
import tempfile
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import SimpleITK as sitk

from MedFusionLib.errors import BadInput, MissingDependency
from MedFusionLib.naming import unique
from MedFusionLib.pipeline import Result
from MedFusionLib.progress import Progress, silent
from MedFusionLib.record import MARK
from MedFusionLib.volume import Volume

_LONGEST = 120  # letters of a file's name without its suffix; common file systems take 255
_OURS = ("fused_*.nii.gz", "fused_*.png", "aligned_*.nii.gz", "transform_*.h5")


def check_folder(folder: Path, overwrite: bool = False) -> None:
    """Raise ``BadInput`` now when results could not be written to ``folder`` at the end of a run."""
    if folder.exists() and not folder.is_dir():
        raise BadInput(f"output {folder} is a file", "Name a folder")
    if folder.is_dir() and any(folder.iterdir()) and not overwrite:
        raise BadInput(f"output folder {folder} is not empty", "Name a new folder, or add --overwrite")
    _check_writable(folder)


def check_file(path: Path, suffixes: tuple[str, ...]) -> None:
    """Raise ``BadInput`` now when a result could not be written to the file ``path`` at the end of a run."""
    if path.suffix not in suffixes:
        raise BadInput(f"output {path.name} ends in '{path.suffix}'", f"Use {' or '.join(suffixes)}")
    if path.is_dir():
        raise BadInput(f"output {path} is a folder", "Name a file")
    if not path.absolute().parent.is_dir():
        raise BadInput(f"folder {path.parent} of the output is missing", "Make it, or name another")
    _check_writable(path)


def _check_writable(path: Path) -> None:
    parent = path.absolute()
    while not parent.exists():
        parent = parent.parent
    if not os.access(parent, os.W_OK):
        raise BadInput(f"output {path} cannot be made in {parent}", "Name a place you may write to")


@contextmanager
def complete_folder(folder: Path) -> Iterator[Path]:
    """A temporary folder beside ``folder`` whose files move into it when the block ends well.

    When the block raises, nothing is left behind and ``folder`` is as it was; so it is when its files cannot be moved
    into a new ``folder``.
    """
    target = folder.absolute()
    made, new = _make_parents(target.parent), not target.exists()
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        yield work
        target.mkdir(exist_ok=True)
        _remove_stale(target, {file.name for file in work.iterdir()})
        for file in sorted(work.iterdir()):
            os.replace(file, target / file.name)
    except BaseException:
        # What cannot be removed must not hide what went wrong.
        shutil.rmtree(work, ignore_errors=True)
        if new:
            shutil.rmtree(target, ignore_errors=True)
        with suppress(OSError):
            for parent in made:
                parent.rmdir()
        raise
    shutil.rmtree(work, ignore_errors=True)


def _remove_stale(folder: Path, fresh: set[str]) -> None:
    """Remove volumes and transforms of an earlier run that the new one does not replace."""
    for pattern in _OURS:
        for file in folder.glob(pattern):
            if file.name not in fresh:
                file.unlink()


def _make_parents(parent: Path) -> list[Path]:
    """Make ``parent`` and those above it; returns the ones that were not there, innermost first."""
    made = []
    while not parent.exists():
        made.append(parent)
        parent = parent.parent
    for folder in reversed(made):
        folder.mkdir()
    return made


def write_result(
    result: Result, folder: Path, progress: Progress = silent, plain: bool = False
) -> tuple[Path, ...]:
    """Write everything of ``result`` into ``folder`` and return the files' paths.

    Fused volumes, aligned sources, transforms, ``metrics.csv``, ``record.json`` and, unless ``plain``,
    ``overview.png``, ``report.html`` and, where slicer-core is installed, ``scene.mrb``. Pictures give PNG and
    neither transforms nor a scene. :func:`MedFusionLib.saved.read_result` reads volumes back.
    """
    with complete_folder(folder) as work:
        _write_volumes(result, work, progress)
        (work / "record.json").write_text(result.record.to_json() + "\n", encoding="utf-8")
        _write_metrics(result, work / "metrics.csv")
        if not plain:
            _write_pictures(result, work, progress)
        names = sorted(file.name for file in work.iterdir())
    progress("write", 1.0, str(folder))
    return tuple(folder / name for name in names)


def safe_name(name: str) -> str:
    """``name`` as a file's name: letters, digits and + - _ kept, the rest made underscores, cut where it is long.

    Letters lose their accents, other alphabets go: on Windows, programs do not agree on how such a name is written.
    """
    plain = unicodedata.normalize("NFKD", name.replace(" + ", "+")).encode("ascii", "ignore").decode()
    return (re.sub(r"[^\w+-]+", "_", plain).strip("_") or "volume")[:_LONGEST]


def file_stems(names: Sequence[str]) -> list[str]:
    """A file's name without suffix for each of ``names``, no two alike even where capitals do not count."""
    stems = [safe_name(name) for name in names]
    free = unique(stem.casefold() for stem in stems)
    return [stem + other[len(stem.casefold()):] for stem, other in zip(stems, free, strict=True)]


def _write_volumes(result: Result, work: Path, progress: Progress) -> None:
    picture = result.fused.dimension == 2
    suffix = ".png" if picture else ".nii.gz"
    stems = file_stems([fusion.volume.name for fusion in result.fusions])
    for fusion, stem in zip(result.fusions, stems, strict=True):
        progress("write", 0.0, fusion.volume.name)
        _marked(fusion.volume).write(work / f"{stem}{suffix}")
    if picture:
        return
    stems = file_stems([source.name for source in result.sources])[1:]
    for source, registration, stem in zip(result.sources[1:], result.registrations[1:], stems, strict=True):
        progress("write", 0.2, source.name)
        source.write(work / f"aligned_{stem}{suffix}")
        if registration is not None:
            from MedFusionLib.registration.transforms import save

            save(registration.transform, work / f"transform_{stem}.h5")


def _marked(fused: Volume) -> Volume:
    """The fused volume with the notice that it is for looking in its file's header; grey pictures as 8 bits."""
    if fused.dimension == 2 and not fused.is_colour:
        return fused.like((fused.array * 255.0).round().astype("uint8"))
    image = sitk.Image(fused.image)
    image.SetMetaData("ITK_FileNotes", MARK)
    return Volume(image, fused.modality, fused.name)


def _write_metrics(result: Result, path: Path) -> None:
    names = list(dict.fromkeys(name for fusion in result.fusions for name in fusion.metrics))
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["fused", "method", *names])
        for fusion in result.fusions:
            values = [f"{fusion.metrics[name]:.6g}" if name in fusion.metrics else "" for name in names]
            writer.writerow([fusion.name, fusion.method, *values])


def _write_pictures(result: Result, work: Path, progress: Progress) -> None:
    """What is for looking: the overview, the report, and of volumes the scene."""
    from MedFusionLib.overview import draw_overview
    from MedFusionLib.report.run import write_run

    progress("write", 0.4, "overview.png")
    draw_overview(result, work / "overview.png")
    progress("write", 0.5, "report.html")
    write_run(result, work / "report.html")
    if result.fused.dimension == 3:
        _write_scene(result, work / "scene.mrb", progress)


def _write_scene(result: Result, path: Path, progress: Progress) -> None:
    """The scene, where real MRML is installed; without it the files are all there is, and progress says so."""
    from MedFusionLib.scene.bundle import write_scene

    progress("write", 0.7, path.name)
    try:
        write_scene(result, path)
    except MissingDependency as missing:
        progress("write", 0.9, f"no {path.name}: {missing}")
