"""Is a wrong registration ever accepted, and a good one refused?

    python Testing/Benchmarks/registration_verdict.py STS_FOLDER [--patients 012 014] [--causes mirrored pet]
        [--csv FILE]
    python Testing/Benchmarks/registration_verdict.py --judge EVIDENCE.csv ...

Designed failures: another place (no overlap), anatomy mirrored left-right, another patient's MR, upside down, and an
optimiser that stopped at once, far off. Good results: a remapped CT on another grid under a known transform, and the
PET of the same session. Of the MR as registered by ``auto`` no exact truth is known; where a second run from a moved
header agrees with it within 3 mm it is shown in a third table. Prints the tables by cause. ``--judge`` judges evidence
that was written by ``--csv`` here, or by ``--evidence`` of registration_consistency.py, again by the rules of today.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from registration_consistency import AGREE_MM, disagreement, known_motion, put, write_rows

from MedFusionLib.errors import MedFusionError
from MedFusionLib.registration import RegistrationSettings, Verdict, register
from MedFusionLib.registration.verdict import judge
from MedFusionLib.volume import Volume


@dataclass(frozen=True)
class Case:
    """One patient's volumes, and another patient's MR."""

    patient: str
    ct: Volume
    mr: Volume
    pet: Volume
    stranger: Volume


@dataclass(frozen=True)
class Cause:
    """One kind of case: whether it is good (None: not known), and what makes its verdict (None: it does not count)."""

    good: bool | None
    judge: Callable[[Case], Verdict | None]


def read(folder: Path, patient: str, other: str) -> Case:
    """The volumes of ``patient``, and the MR of ``other``."""

    def volume(name: str, modality: str, whose: str = patient) -> Volume:
        return Volume.read(folder / f"STS_{whose}" / f"{name}_image.nii.gz", modality=modality)

    return Case(patient, volume("CT", "CT"), volume("MR_T1", "MR"), volume("PET", "PET"), volume("MR_T1", "MR", other))


def auto(fixed: Volume, moving: Volume) -> Verdict:
    """The verdict on what ``auto`` makes of the two."""
    try:
        return register(fixed, moving).verdict
    except MedFusionError as failure:
        return Verdict("reject", (str(failure),))


def left_as_it_lies(fixed: Volume, moving: Volume) -> Verdict:
    """The verdict on no registration at all."""
    return register(fixed, moving, RegistrationSettings(method="none")).verdict


def mirrored(volume: Volume, axis: int) -> Volume:
    """The anatomy mirrored inside its grid along the array's ``axis`` (z, y, x)."""
    return volume.like(np.flip(volume.array, axis))


def upside_down(volume: Volume) -> Volume:
    """Turned half round about the left-right axis, in its grid."""
    return volume.like(np.flip(volume.array, (0, 1)))


def elsewhere(volume: Volume) -> Volume:
    """The volume 2 m away."""
    return put(volume, sitk.Euler3DTransform((0, 0, 0), 0, 0, 0, (0, 0, 2000)))


def remapped(case: Case) -> Volume:
    """The CT as another scanner would see it: another grid, values through a non-monotonic map, noise, moved."""
    image = sitk.Cast(case.ct.image, sitk.sitkFloat32)
    size = [max(8, round(n * s / 2.2)) for n, s in zip(image.GetSize(), image.GetSpacing(), strict=True)]
    grid = sitk.Image(size, sitk.sitkFloat32)
    grid.SetSpacing((2.2, 2.2, 2.2))
    grid.SetOrigin(image.GetOrigin())
    coarse = sitk.Resample(image, grid, sitk.Transform(3, sitk.sitkIdentity), sitk.sitkLinear, -1000.0)
    values = np.interp(sitk.GetArrayFromImage(coarse), [-1000, -150, -80, 40, 150, 1000], [0, 300, 900, 350, 450, 60])
    noisy = values + np.random.default_rng(int(case.patient)).normal(0, 20, values.shape)
    seen = sitk.GetImageFromArray(noisy.astype(np.float32))
    seen.CopyInformation(coarse)
    volume = Volume(seen, "MR", "remapped CT")
    return put(volume, known_motion(case.patient, volume))


def own_mr(case: Case) -> Verdict | None:
    """The verdict on the patient's own MR; None where two runs from different headers disagree."""
    motion = known_motion(case.patient, case.mr)
    first, second = register(case.ct, case.mr), register(case.ct, put(case.mr, motion))
    apart = disagreement(case.ct, case.mr, motion, first.transform, second.transform)
    return first.verdict if apart <= AGREE_MM else None


CAUSES: dict[str, Cause] = {
    "no overlap": Cause(False, lambda case: left_as_it_lies(case.ct, elsewhere(case.mr))),
    "mirrored": Cause(False, lambda case: auto(case.ct, mirrored(case.mr, 2))),
    "wrong patient": Cause(False, lambda case: auto(case.ct, case.stranger)),
    "upside down": Cause(False, lambda case: auto(case.ct, upside_down(case.mr))),
    "stopped early": Cause(
        False, lambda case: left_as_it_lies(case.ct, put(case.mr, known_motion(case.patient, case.mr)))
    ),
    "remapped ct": Cause(True, lambda case: auto(case.ct, remapped(case))),
    "pet": Cause(True, lambda case: auto(case.ct, case.pet)),
    "own mr": Cause(None, own_mr),
}


def table(title: str, counts: dict[str, Counter[str]], names: list[str]) -> None:
    """Print the decisions by cause, and the share accepted of all."""
    print(f"\n{title:20} accept   warn reject")
    for name in names:
        print(f"{name:20} " + " ".join(f"{counts[name][decision]:6d}" for decision in ("accept", "warn", "reject")))
    total = sum((counts[name] for name in names), Counter[str]())
    print(f"{'all':20} accepted {total['accept']} of {total.total()}")


def run(folder: Path, patients: list[str] | None, causes: list[str]) -> list[dict[str, str | float]]:
    """Print a line a case; returns the evidence, patient and cause of each."""
    everyone = [case.name[4:] for case in sorted(folder.glob("STS_*"))]
    lines: list[dict[str, str | float]] = []
    for patient in patients or everyone:
        case = read(folder, patient, everyone[(everyone.index(patient) + 1) % len(everyone)])
        for name in causes:
            verdict = CAUSES[name].judge(case)
            if verdict is None:
                print(f"{patient} {name}: two runs disagree, not counted", flush=True)
                continue
            lines.append({"patient": patient, "cause": name, **verdict.evidence})
            print(f"{patient} {name:14} {verdict.decision:7} {'; '.join(verdict.reasons)}", flush=True)
    return lines


def read_evidence(paths: list[Path]) -> list[dict[str, str | float]]:
    """The evidence in CSV tables: text in the first two columns, numbers in the others."""
    lines: list[dict[str, str | float]] = []
    for path in paths:
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                numbers = {key: float(value) for key, value in row.items() if value and key not in ("patient", "cause")}
                lines.append({"patient": row["patient"], "cause": row["cause"], **numbers})
    return lines


def main() -> None:
    """Run the cases or judge saved evidence, then print the two tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--patients", nargs="*")
    parser.add_argument("--causes", nargs="*", choices=list(CAUSES), default=list(CAUSES))
    parser.add_argument("--csv", type=Path, help="where to write the evidence of every case")
    parser.add_argument("--judge", type=Path, nargs="+", metavar="CSV", help="evidence to judge instead of running")
    options = parser.parse_args()
    lines = read_evidence(options.judge) if options.judge else run(options.folder, options.patients, options.causes)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for line in lines:
        evidence = {key: float(value) for key, value in line.items() if key not in ("patient", "cause")}
        verdict = judge(evidence) if evidence else Verdict("reject", ("the registration ended with an error",))
        counts[str(line["cause"])][verdict.decision] += 1
        if options.judge and (verdict.decision == "accept") is not CAUSES[str(line["cause"])].good:
            print(f"{line['patient']} {line['cause']:14} {verdict.decision:7} {'; '.join(verdict.reasons)}")
    for title, good in (("designed failures", False), ("good results", True), ("truth not known", None)):
        table(title, counts, [name for name in CAUSES if name in counts and CAUSES[name].good is good])
    if options.csv:
        write_rows(lines, options.csv)


if __name__ == "__main__":
    main()
