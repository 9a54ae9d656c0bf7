"""Bad inputs, made by this script, and what the command line answers to each.

``python bad_inputs.py`` makes every input in a temporary folder, runs the real command on it and looks at
the exit code (2), at the one line on stderr (the value and a mend), at the time, and that nothing is
written; it prints a table and ends with 1 when any of them is not so. ``test_bad_inputs.py`` runs the same
list inside one process.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import bad_files as make
import bad_series as dicom

Maker = Callable[[Path], list[str]]
LIMIT_S = 2.0


@dataclass(frozen=True)
class Case:
    """One bad input: ``make`` writes it into a folder and returns the arguments that follow ``fuse``.

    ``words`` must all be in the answer: the value that is wrong, and a word of the mend.
    """

    name: str
    make: Maker
    words: tuple[str, ...]


def moving(maker: Callable[[Path], Path]) -> Maker:
    """A good fixed volume, and what ``maker`` made as the moving one."""
    return lambda folder: [str(make.good(folder)), str(maker(folder))]


CASES: tuple[Case, ...] = (
    # What is no readable file.
    Case("missing file", moving(lambda f: f / "none.nii.gz"), ("none.nii.gz does not exist", "Check")),
    Case("empty path", lambda f: [str(make.good(f)), ""], ("no path", "Give")),
    Case("file taken for a folder", moving(lambda f: make.good(f, "a.nii") / "b.nii"), ("does not exist", "Check")),
    Case("name too long", moving(lambda f: f / ("x" * 300 + ".nii")), ("too long", "Check")),
    Case("symbolic link to itself", moving(make.symlink_loop), ("leads back", "Give")),
    Case("broken symbolic link", moving(make.broken_symlink), ("does not exist", "Check")),
    Case("pipe", moving(make.pipe), ("pipe", "Save")),
    Case("device", moving(lambda f: Path("/dev/zero")), ("/dev/zero", "device")),
    Case("link to a device", moving(make.device_link), ("device", "Save")),
    Case("empty file", moving(lambda f: make.content(f, "a.nii.gz", b"")), ("0 bytes", "again")),
    Case("folder without DICOM", moving(lambda f: make.folder_of(f, "notes.txt")), ("no DICOM", "1 other", "Give")),
    Case("empty folder", moving(lambda f: make.folder_of(f)), ("no DICOM", "Give")),
    Case("unsupported suffix", moving(lambda f: make.content(f, "a.stl", b"solid")), ("'.stl'", ".nii.gz")),
    Case("no suffix", moving(lambda f: make.content(f, "volume", b"abc")), ("''", ".nii.gz")),
    # What is not what its name says.
    Case("text called NIfTI", moving(lambda f: make.content(f, "a.nii.gz", b"hello\n")), ("text", "right file")),
    Case("JSON called NRRD", moving(lambda f: make.content(f, "a.nrrd", b'{"a": 1}')), ("text", "right file")),
    Case("picture called NRRD", moving(lambda f: make.renamed_picture(f, "a.nrrd")), ("PNG", "rename")),
    Case("picture called NIfTI", moving(lambda f: make.renamed_picture(f, "a.nii")), ("PNG", "rename")),
    Case("PNG called JPEG", moving(lambda f: make.renamed_picture(f, "a.jpg")), ("PNG", "rename")),
    Case("zip called MetaImage", moving(lambda f: make.content(f, "a.mha", b"PK\3\4" * 9)), ("zip", "rename")),
    Case("packed text called NIfTI", moving(make.packed_text), ("68 65 6c 6c", "Give")),
    Case("packed NIfTI called .nii", moving(make.packed_called_plain), ("compressed", ".nii.gz")),
    Case("noise called NIfTI", moving(make.noise), ("no NIfTI-1", "Give")),
    Case("text called DICOM", moving(lambda f: make.content(f, "a.dcm", b"hello")), ("text", "right file")),
    Case("NIfTI-2", moving(make.nifti_2), ("NIfTI-2", "NIfTI-1")),
    # Files that end too early or are damaged.
    *(Case(f"{suffix} cut in half", moving(lambda f, s=suffix: make.cut(f, s)), ("truncated", "again"))
      for suffix in (".nii", ".nii.gz", ".nrrd", ".mha")),
    *(Case(f"{suffix} picture cut in half", make.two_pictures(suffix), ("truncated", "again"))
      for suffix in (".png", ".jpg", ".tif")),
    Case("NIfTI header cut", moving(lambda f: make.cut(f, ".nii", 100)), ("100", "348", "again")),
    Case("last byte missing", moving(lambda f: make.cut(f, ".nii", -1)), ("truncated", "again")),
    Case("one byte flipped in .nii.gz", moving(make.flipped), ("damaged", "again")),
    Case("data file of .mhd missing", moving(lambda f: make.detached(f, ".mhd", "none.raw")), ("none.raw", "Put")),
    Case("data file of .nhdr missing", moving(lambda f: make.detached(f, ".nhdr", "none.raw")), ("none.raw", "Put")),
    Case("data file of .mhd is a device", moving(lambda f: make.detached(f, ".mhd", "/dev/zero")), ("device", "Put")),
    Case("NRRD of an unknown type", moving(lambda f: make.nrrd(f, "type: float", "type: banana")),
         ("damaged header", "again")),
    Case("MetaImage size in words", moving(lambda f: make.mha(f, "DimSize = 40 30 20", "DimSize = a b c")),
         ("damaged header", "again")),
    Case("unknown NIfTI data type", moving(lambda f: make.nifti(f, 70, "h", 999)), ("999", "Convert")),
    # Sizes.
    Case("NIfTI of 30000 cubed", moving(lambda f: make.nifti(f, 40, "4h", 3, 30000, 30000, 30000)),
         ("30000 x 30000 x 30000", "108 TB", "memory")),
    Case("NRRD of 30000 cubed", moving(lambda f: make.nrrd(f, "sizes: 40 30 20", "sizes: 30000 30000 30000")),
         ("30000 x 30000 x 30000", "108 TB", "memory")),
    Case("MetaImage of 30000 cubed",
         moving(lambda f: make.mha(f, "DimSize = 40 30 20", "DimSize = 30000 30000 30000")),
         ("30000 x 30000 x 30000", "108 TB", "memory")),
    Case("more data promised than there is",
         moving(lambda f: make.mha(f, "DimSize = 40 30 20", "DimSize = 400 300 900")),
         ("400 x 300 x 900", "432 MB", "again")),
    Case("NIfTI of no width", moving(lambda f: make.nifti(f, 42, "h", 0)), ("0 x 30 x 20", "empty")),
    Case("NIfTI of negative width", moving(lambda f: make.nifti(f, 42, "h", -4)), ("-4 x 30 x 20", "again")),
    Case("MetaImage of no width", moving(lambda f: make.mha(f, "DimSize = 40 30 20", "DimSize = 0 30 20")),
         ("0 x 30 x 20", "empty")),
    Case("one dimension", moving(lambda f: make.nifti(f, 40, "h", 1)), ("1-D (40)", "Give")),
    Case("a single slice", moving(lambda f: make.nifti(f, 46, "h", 1)), ("40 x 30 x 1", "picture")),
    Case("4-D", moving(make.four_d), ("4-D", "2 frames", "#0")),
    Case("frame that is not there", lambda f: [str(make.good(f)), f"{make.four_d(f)}#7"], ("frame 7", "0 to 1")),
    Case("frame that is no number", lambda f: [str(make.good(f)), f"{make.four_d(f)}#last"], ("'last'", "#0")),
    Case("vector of six", moving(lambda f: make.vector(f, 6)), ("6 components", "#0")),
    Case("vector of three floats", moving(lambda f: make.vector(f, 3)), ("3 components", "#0")),
    Case("complex", moving(make.complex_voxels), ("complex", "magnitude")),
    # Geometry.
    Case("NIfTI spacing 0", moving(lambda f: make.nifti(f, 80, "f", 0.0)), ("0 x 1 x 1 mm", "spacing")),
    Case("NIfTI spacing NaN", moving(lambda f: make.nifti(f, 80, "f", float("nan"))), ("nan x 1 x 1 mm", "spacing")),
    Case("NIfTI spacing negative", moving(lambda f: make.nifti(f, 80, "f", -2.0)), ("-2 x 1 x 1 mm", "spacing")),
    Case("NIfTI spacing infinite", moving(lambda f: make.nifti(f, 80, "f", float("inf"))), ("inf x 1 x 1", "spacing")),
    Case("spacing 1e-9 mm", moving(lambda f: make.nifti(f, 80, "3f", 1e-9, 1e-9, 1e-9)), ("1e-09", "mm")),
    Case("spacing 1e6 mm", moving(lambda f: make.nifti(f, 80, "3f", 1e6, 1e6, 1e6)), ("1e+06", "mm")),
    Case("NRRD spacing 0", moving(lambda f: make.nrrd(f, "(1,0,0)", "(0,0,0)")), ("0 x 1 x 1 mm", "spacing")),
    Case("MetaImage spacing 0", moving(lambda f: make.mha(f, "ElementSpacing = 1", "ElementSpacing = 0")),
         ("0 x 1 x 1 mm", "spacing")),
    Case("MetaImage spacing negative", moving(lambda f: make.mha(f, "ElementSpacing = 1", "ElementSpacing = -2")),
         ("-2 x 1 x 1 mm", "spacing")),
    Case("NIfTI sform singular", moving(lambda f: make.sform(f, (1, 0, 0, 0), (2, 0, 0, 0), (0, 0, 1, 0))),
         ("singular", "Correct")),
    Case("NIfTI sform NaN", moving(lambda f: make.sform(f, (float("nan"), 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0))),
         ("nan", "Correct")),
    Case("NIfTI sform sheared", moving(lambda f: make.sform(f, (1, 0.3, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0))),
         ("perpendicular", "0.29", "Resample")),
    Case("MetaImage direction singular", moving(lambda f: make.mha(f, "TransformMatrix = 1 0 0 0 1 0",
                                                                  "TransformMatrix = 1 0 0 1 0 0")),
         ("singular", "Correct")),
    Case("NRRD sheared", moving(lambda f: make.nrrd(f, "(1,0,0)", "(1,0.3,0)")), ("perpendicular", "Resample")),
    Case("NRRD direction NaN", moving(lambda f: make.nrrd(f, "(1,0,0)", "(nan,0,0)")), ("damaged header", "again")),
    # Values.
    Case("constant", moving(make.constant), ("constant", "is 7", "right file")),
    Case("NaN", moving(lambda f: make.with_value(f, float("nan"))), ("1 voxels of 24000", "--non-finite background")),
    Case("infinity", moving(lambda f: make.with_value(f, float("inf"))), ("1 voxels", "--non-finite background")),
    # Several sources and options.
    Case("one source", lambda f: [str(make.good(f))], ("one volume", "at least one")),
    Case("the same file twice", lambda f: [str(make.good(f))] * 2, ("same file", "different")),
    Case("the same file by a link", make.linked_twice, ("same file", "different")),
    Case("picture with volume", lambda f: [str(make.good(f)), str(make.picture(f, "a.png"))], ("2-D", "3-D")),
    Case("metres for millimetres", moving(lambda f: make.nifti(f, 80, "3f", 1e-3, 1e-3, 1e-3)), ("mm", "spacing")),
    Case("unknown modality", lambda f: [*make.good_pair(f), "--modality", "XRAY"], ("XRAY", "CT, MR")),
    Case("negative frame", lambda f: [*make.good_pair(f), "--frame", "-1"], ("-1", "from 0")),
    Case("unknown method", lambda f: [*make.good_pair(f), "--method", "magic"], ("magic", "maximum")),
    Case("unknown registration", lambda f: [*make.good_pair(f), "--registration", "magic"], ("magic", "elastix")),
    Case("recipe that is not there", lambda f: [*make.good_pair(f), "--recipe", str(f / "r.json")], ("r.json",)),
    Case("recipe that is a folder", lambda f: [*make.good_pair(f), "--recipe", str(make.folder_of(f))],
         ("not text", "JSON file")),
    Case("a parameter that is no whole number",
         lambda f: [*make.good_pair(f), "--method", "laplacian", "--parameter", "levels=2.5"], ("2.5", "such as 4")),
    Case("recipe that is no JSON",
         lambda f: [*make.good_pair(f), "--recipe", str(make.content(f, "r.json", b"{method:"))], ("JSON", "line 1")),
    Case("recipe with an unknown choice",
         lambda f: [*make.good_pair(f), "--recipe", str(make.content(f, "r.json", b'{"metod": "maximum"}'))],
         ("metod",)),
    Case("unknown window", lambda f: [*make.good_pair(f), "--modality", "CT", "--window", "CT=magic"],
         ("magic", "soft tissue")),
    Case("pictures of different size",
         lambda f: [str(make.picture(f, "a.png")), str(make.picture(f, "b.png", 48))], ("64", "48")),
    Case("mask on another grid", make.masked_elsewhere, ("10 x 10 x 10", "Resample")),
    Case("mask that is empty", make.masked_empty, ("24000 voxels are 0", "Draw")),
    # DICOM.
    Case("DICOM with a missing slice", moving(lambda f: dicom.series(f, missing=(4,))), ("gap of 6 mm", "3 mm")),
    Case("DICOM with a huge gap", moving(lambda f: dicom.series(f, missing=range(2, 40), count=42)),
         ("gap of 117 mm", "3 mm", "again")),
    Case("DICOM with a tilted gantry", moving(lambda f: dicom.series(f, tilt=15.0)), ("15 degrees", "Slicer")),
    Case("DICOM with a localiser", moving(dicom.with_localiser), ("oriented differently", "sub-folder")),
    Case("DICOM of two series", moving(dicom.two_series), ("2 series", "#SeriesInstanceUID")),
    Case("DICOM series that is not there", lambda f: [str(make.good(f)), f"{dicom.two_series(f)}#9.9"],
         ("'9.9'", "#SeriesInstanceUID")),
    Case("DICOM slice cut", moving(dicom.cut), ("truncated", "again")),
    Case("DICOM without positions", moving(lambda f: dicom.series(f, position=False)), ("0020,0032", "again")),
    Case("DICOM of two time points", moving(dicom.two_times), ("2 frames", "--frame")),
    Case("DICOM with a slice doubled", moving(dicom.doubled), ("2 slices at one", "again")),
    Case("DICOM structure set only", moving(dicom.structures), ("no DICOM image", "Give")),
    Case("multi-frame DICOM, frames shuffled", moving(lambda f: dicom.enhanced(f, (2, 0, 1, 4, 3))),
         ("frame 1 lies 7 mm", "shuffled", "dcm2niix")),
    Case("a single DICOM slice", moving(lambda f: dicom.series(f, count=1)), ("x 1", "whole volume")),
)


def problems(case: Case, code: int, errors: str, output: Path) -> list[str]:
    """What is wrong with the answer to ``case``: nothing, when all is well."""
    lines = errors.strip().splitlines()
    found = [] if code == 2 else [f"exit code {code}"]
    found += [] if len(lines) == 1 else [f"{len(lines)} lines"]
    found += [f"'{word}' is not said" for word in case.words if word not in errors]
    found += [f"'{word}' is said" for word in ("Traceback", "itk::", "0x") if word in errors]
    return found + (["something was written"] if output.exists() else [])


def _cpu_seconds() -> float:
    """CPU time of all ended children: on a busy machine it tells more than the clock."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> int:
    """Run the command on every case and print the table; 1 when an answer is not as it must be."""
    wrong = 0
    for case in CASES:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            arguments = case.make(folder)
            output = folder / "output"
            command = [sys.executable, "-m", "MedFusionLib", "fuse", *arguments, "--progress", "none",
                       "--output", str(output)]
            started, used = time.perf_counter(), _cpu_seconds()
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
            seconds, used = time.perf_counter() - started, _cpu_seconds() - used
        # The temporary folder's random name may hold any letters, such as the 0x of a pointer.
        answer = done.stderr.strip().replace(f"{name}/", "")
        found = problems(case, done.returncode, answer, output)
        found += [f"{seconds:.1f} s"] if seconds > LIMIT_S else []
        wrong += bool(found)
        said = "; ".join(found) or answer
        print(f"{'BAD ' if found else 'good'} {seconds:5.2f} s ({used:4.2f} s CPU)  {case.name}: {said}", flush=True)
    print(f"{len(CASES)} cases, {wrong} wrong")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
