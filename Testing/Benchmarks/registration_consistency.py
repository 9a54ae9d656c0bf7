"""Does a registration of real MR to real CT depend on where the MR started?

    python Testing/Benchmarks/registration_consistency.py STS_FOLDER [--patients 012 014] [--methods auto elastix]
        [--executable BRAINSFIT] [--pictures FOLDER] [--csv FILE] [--evidence FILE]

For each patient the MR is registered to the CT as it lies, and again after a known rigid motion (8 to 15 degrees, 12 to
25 mm, drawn from the patient's number) was written into its header. Both results, the motion taken out, should put
the CT's body at the same place; the mean distance between the two over the body in the common field of view is the
disagreement. The similarity is the common measure of MedFusionLib.registration.similarity, for the volumes as the
collection aligned them and as registered.
"""

from __future__ import annotations

import argparse
import csv
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from registration_pictures import checkerboards
from scipy.spatial.transform import Rotation

from MedFusionLib.errors import MedFusionError
from MedFusionLib.registration import Registration, RegistrationSettings, register
from MedFusionLib.registration.evidence import Pair
from MedFusionLib.registration.masks import body
from MedFusionLib.registration.settings import Request
from MedFusionLib.registration.transforms import apply
from MedFusionLib.volume import Volume

_POINTS = 5000
AGREE_MM = 3.0


@dataclass(frozen=True)
class Row:
    """One patient with one method; lengths in mm, time in seconds for each of the two runs."""

    patient: str
    method: str
    disagreement: float
    identity: float
    unmoved: float
    moved: float
    verdict_unmoved: str
    verdict_moved: str
    start_agreement: float
    seconds: float
    evidence: tuple[dict[str, float], ...] = ()


def known_motion(patient: str, volume: Volume) -> sitk.Euler3DTransform:
    """The patient's motion: 8 to 15 degrees about any axis through the centre, 12 to 25 mm in any direction."""
    random = np.random.default_rng(int(patient))
    axis, way = (vector / np.linalg.norm(vector) for vector in random.normal(size=(2, 3)))
    angle, length = np.radians(random.uniform(8, 15)), random.uniform(12, 25)
    middle = [(size - 1) / 2 for size in volume.image.GetSize()]
    motion = sitk.Euler3DTransform()
    motion.SetCenter(volume.image.TransformContinuousIndexToPhysicalPoint(middle))
    motion.SetMatrix(Rotation.from_rotvec(axis * angle).as_matrix().ravel().tolist(), 1e-9)
    motion.SetTranslation((way * length).tolist())
    return motion


def put(volume: Volume, motion: sitk.Euler3DTransform) -> Volume:
    """``volume`` moved by its header alone."""
    image = sitk.Image(volume.image)
    turn = np.array(motion.GetMatrix()).reshape(3, 3)
    image.SetOrigin(motion.TransformPoint(image.GetOrigin()))
    image.SetDirection((turn @ np.array(image.GetDirection()).reshape(3, 3)).ravel().tolist())
    return replace(volume, image=image)


def body_points(fixed: Volume) -> npt.NDArray[np.float64]:
    """Points of the fixed volume's body (LPS, mm), the same in every run."""
    indices = np.argwhere(body(fixed))
    chosen = np.random.default_rng(0).choice(len(indices), min(_POINTS, len(indices)), replace=False)
    direction = np.array(fixed.image.GetDirection()).reshape(3, 3) * fixed.image.GetSpacing()
    points: npt.NDArray[np.float64] = indices[chosen][:, ::-1] @ direction.T + fixed.image.GetOrigin()
    return points


def disagreement(
    fixed: Volume, moving: Volume, motion: sitk.Transform, unmoved: sitk.Transform, moved: sitk.Transform
) -> float:
    """Mean distance (mm) between the two results over the body points that fall into the moving volume."""
    points = body_points(fixed)
    first = apply(unmoved, points)
    second = apply(motion.GetInverse(), apply(moved, points))
    direction = np.array(moving.image.GetDirection()).reshape(3, 3) * moving.image.GetSpacing()
    place = (first - np.array(moving.image.GetOrigin())) @ np.linalg.inv(direction).T
    seen = np.all((place >= 0) & (place <= np.array(moving.image.GetSize()) - 1), axis=1)
    seen = seen if seen.any() else np.ones(len(points), bool)
    return float(np.linalg.norm(first - second, axis=1)[seen].mean())


def one(folder: Path, patient: str, settings: RegistrationSettings, pictures: Path | None) -> Row:
    """The two registrations of one patient; a method that fails has a disagreement of NaN."""
    case = folder / f"STS_{patient}"
    fixed = Volume.read(case / "CT_image.nii.gz", modality="CT")
    moving = Volume.read(case / "MR_T1_image.nii.gz", modality="MR")
    motion = known_motion(patient, moving)
    started = time.perf_counter()
    try:
        first = register(fixed, moving, settings)
        second = register(fixed, put(moving, motion), settings)
    except MedFusionError as failure:
        print(f"{patient} {settings.method}: {failure}", flush=True)
        nan = float("nan")
        return Row(patient, settings.method, nan, nan, nan, nan, "failed", "failed", nan, nan)
    seconds = (time.perf_counter() - started) / 2
    if pictures:
        checkerboards(pictures / f"{patient}_{settings.method}.png", fixed, moving, first.transform)
    return _row(patient, fixed, moving, motion, first, second, seconds)


def _row(
    patient: str,
    fixed: Volume,
    moving: Volume,
    motion: sitk.Transform,
    first: Registration,
    second: Registration,
    seconds: float,
) -> Row:
    """What the two registrations say, by the common measure on the unmoved pair."""
    pair = Pair.of(Request(fixed, moving))
    back = sitk.CompositeTransform([motion.GetInverse(), second.transform])
    return Row(
        patient,
        first.settings.method,
        disagreement(fixed, moving, motion, first.transform, second.transform),
        pair.similarity(sitk.Transform(3, sitk.sitkIdentity)),
        pair.similarity(first.transform),
        pair.similarity(back),
        first.verdict.decision,
        second.verdict.decision,
        first.verdict.evidence["start_agreement_mm"],
        seconds,
        (first.verdict.evidence, second.verdict.evidence),
    )


def write_evidence(table: list[Row], path: Path) -> None:
    """The evidence of results that agree within 3 mm, for registration_verdict.py --judge."""
    lines: list[dict[str, str | float]] = [
        {"patient": row.patient, "cause": "own mr", **evidence}
        for row in table
        if row.disagreement <= AGREE_MM
        for evidence in row.evidence
    ]
    write_rows(lines, path)


def write_rows(lines: list[dict[str, str | float]], path: Path) -> None:
    """``lines`` as a CSV table with all the fields that occur."""
    names = list(dict.fromkeys(key for line in lines for key in line))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(lines)


def summary(method: str, rows: list[Row]) -> str:
    """One line on all patients of a method."""
    values = np.array([row.disagreement for row in rows])
    done = values[np.isfinite(values)]
    if not len(done):
        return f"{method}: failed everywhere"
    bad = [row.patient for row in rows if row.disagreement > 3 and row.verdict_unmoved == row.verdict_moved == "accept"]
    worse = [row.patient for row in rows if min(row.unmoved, row.moved) < row.identity]
    # A failure counts as the worst disagreement, so that failing does not flatter the median.
    median = float(np.median(np.where(np.isfinite(values), values, np.inf)))
    return (
        f"{method}: median {median:.2f} mm, 90th percentile {np.percentile(done, 90):.2f}, worst {done.max():.2f}, "
        f"failed {len(values) - len(done)} of {len(values)}; over 3 mm and accepted twice: {bad or 'none'}; "
        f"less similar than the collection's alignment: {worse or 'none'}; "
        f"{np.nanmedian([row.seconds for row in rows]):.0f} s each"
    )


def main() -> None:
    """Print the table, one line a patient and method, then the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--patients", nargs="*")
    parser.add_argument("--methods", nargs="+", default=["auto"])
    parser.add_argument("--executable", default="", help="BRAINSFit, for the method brainsfit")
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--csv", type=Path)
    parser.add_argument("--evidence", type=Path, help="the evidence of the verdicts, for registration_verdict.py")
    options = parser.parse_args()
    patients = options.patients or [case.name[4:] for case in sorted(options.folder.glob("STS_*"))]
    if options.pictures:
        options.pictures.mkdir(parents=True, exist_ok=True)
    print("patient method     disagree mm  similarity: identity unmoved  moved   verdicts        starts mm  seconds")
    table: list[Row] = []
    for patient in patients:
        for method in options.methods:
            row = one(
                options.folder,
                patient,
                RegistrationSettings(method=method, executable=options.executable),
                options.pictures,
            )
            table.append(row)
            verdicts = f"{row.verdict_unmoved}/{row.verdict_moved}"
            print(
                f"{row.patient:7} {row.method:10} {row.disagreement:11.2f}  {row.identity:20.4f} {row.unmoved:7.4f} "
                f"{row.moved:7.4f}  {verdicts:15} {row.start_agreement:9.2f} {row.seconds:8.0f}",
                flush=True,
            )
    for method in options.methods:
        print(summary(method, [row for row in table if row.method == method]))
    if options.csv:
        write_rows([{**asdict(row), "evidence": ""} for row in table], options.csv)
    if options.evidence:
        write_evidence(table, options.evidence)


if __name__ == "__main__":
    main()
