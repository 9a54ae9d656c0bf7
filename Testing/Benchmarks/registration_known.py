"""Known transforms put on the CT of real patients: how many mm over the body does each engine miss?

    python Testing/Benchmarks/registration_known.py STS_FOLDER [--patients 001 002] [--engines elastix simpleitk]
        [--transform rigid|bspline] [--seed 0] [--csv FILE]

Moving is the same CT seen through a known transform on another grid (spacing, field of view), with its values
sent through a map that is not monotonic, and noise. The error of a voxel is the distance between its image under
the found and under the true transform. Rigid: rotation of up to 15 degrees about a random axis and a shift of up
to 25 mm. bspline: a smooth warp of up to 8 mm and a small rigid motion.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from MedFusionLib.errors import MedFusionError
from MedFusionLib.registration.engines import ENGINES
from MedFusionLib.registration.masks import body
from MedFusionLib.registration.settings import RegistrationSettings, Request
from MedFusionLib.registration.transforms import centre, compose, distances, sample_points
from MedFusionLib.resample import resample
from MedFusionLib.volume import Array, Volume

BARS = {"rigid": (0.15, 0.40), "bspline": (1.0, float("inf"))}
MEASURES = ("mean_mm", "median_mm", "p95_mm", "max_mm")
DEGREES, SHIFT_MM, WARP_MM, LATTICE_MM = 15.0, 25.0, 8.0, 50.0


def known_rigid(volume: Volume, random: np.random.Generator, share: float = 1.0) -> sitk.Transform:
    """A rotation about a random axis through the middle of the volume, and a shift in a random direction."""
    transform = sitk.VersorRigid3DTransform()
    middle = centre(volume)
    transform.SetCenter(middle.tolist())
    axis, shift = random.normal(size=3), random.normal(size=3)
    transform.SetRotation(axis.tolist(), np.radians(random.uniform(0.3, 1) * DEGREES * share))
    transform.SetTranslation((shift / np.linalg.norm(shift) * random.uniform(0.3, 1) * SHIFT_MM * share).tolist())
    return transform


def known_warp(volume: Volume, random: np.random.Generator) -> sitk.Transform:
    """A smooth warp whose greatest displacement in the volume is 8 mm, after a third of a rigid motion."""
    extent = np.array(volume.image.GetSize()) * np.array(volume.image.GetSpacing())
    mesh = np.maximum(1, np.round(extent / LATTICE_MM)).astype(int)
    warp = sitk.BSplineTransformInitializer(volume.image, mesh.tolist(), 3)
    coefficients = random.normal(size=len(warp.GetParameters()))
    warp.SetParameters(coefficients.tolist())
    points = sample_points(volume)
    greatest = distances(warp, sitk.AffineTransform(3), points).max()
    warp.SetParameters((coefficients * WARP_MM / greatest).tolist())
    return compose([warp, known_rigid(volume, random, share=1 / 3)])


def moved(volume: Volume, transform: sitk.Transform, random: np.random.Generator) -> Volume:
    """What another scanner would see: another grid and field of view, other values, noise."""
    points = sample_points(volume, count=4000)
    inverse = _inverse(transform, volume)
    extent = np.array(volume.image.GetSize()) * np.array(volume.image.GetSpacing())
    spacing = np.array([1.2, 1.2, 2.6])
    size = np.round(extent * random.uniform(0.95, 1.1, 3) / spacing).astype(int)
    middle = np.mean([transform.TransformPoint(p) for p in points[::40].tolist()], axis=0)
    grid = sitk.Image(size.tolist(), sitk.sitkUInt8)
    grid.SetSpacing(spacing.tolist())
    # The other field of view is not centred where the body is: up to 10 mm off in each direction.
    grid.SetOrigin((middle + random.uniform(-10, 10, 3) - size * spacing / 2).tolist())
    seen, inside = resample(volume, Volume(grid), inverse)
    values = np.where(inside, remap(seen.array, random), 0.0)
    return seen.like(values.astype(np.float32), modality="MR", name="moved", unit="")


def remap(hounsfield: Array, random: np.random.Generator) -> Array:
    """HU to values like a T1 MR: air and bone dark, fat bright, muscle between; then 3 % noise."""
    levels = np.interp(hounsfield, [-1000, -300, -100, 20, 80, 200, 600, 2000], [20, 60, 900, 400, 500, 250, 120, 60])
    return levels + random.normal(0, 27, levels.shape)


def _inverse(transform: sitk.Transform, volume: Volume) -> sitk.Transform:
    """The inverse of the known transform: exact for a rigid one, a fine field for a warp."""
    if transform.IsLinear():
        back: sitk.Transform = transform.GetInverse()
        return back
    size = [int(n * s * 1.6 / 3) for n, s in zip(volume.image.GetSize(), volume.image.GetSpacing(), strict=True)]
    middle = centre(volume)
    field = sitk.TransformToDisplacementField(
        transform, sitk.sitkVectorFloat64, size, (middle - np.array(size) * 1.5).tolist(), [3.0] * 3
    )
    return sitk.DisplacementFieldTransform(sitk.InvertDisplacementField(field, 60, 1e-3, 1e-3))


def run_patient(folder: Path, engines: list[str], kind: str, seed: int) -> list[dict[str, object]]:
    """One row an engine: patient, start and errors in mm, seconds."""
    volume = Volume(sitk.ReadImage(str(folder / "CT_image.nii.gz")), "CT", "CT", "HU")
    random = np.random.default_rng([seed, zlib.crc32(folder.name.encode())])
    truth = known_rigid(volume, random) if kind == "rigid" else known_warp(volume, random)
    moving = moved(volume, truth, random)
    points = sample_points(volume, body(volume), 3000)
    start = float(distances(sitk.AffineTransform(3), truth, points).mean())
    rows = []
    for name in engines:
        began = time.perf_counter()
        row: dict[str, object] = {"patient": folder.name, "engine": name, "start_mm": start}
        try:
            found = register(name, volume, moving, kind)
            errors = distances(found, truth, points)
            measures = (np.mean(errors), np.median(errors), np.percentile(errors, 95), np.max(errors))
            row |= dict(zip(MEASURES, (float(value) for value in measures), strict=True))
        except MedFusionError as error:
            row |= dict.fromkeys(MEASURES, float("nan")) | {"note": str(error)}
        rows.append(row | {"seconds": time.perf_counter() - began})
    return rows


def register(name: str, fixed: Volume, moving: Volume, kind: str) -> sitk.Transform:
    """The transform of one engine, or of ``auto``."""
    settings = RegistrationSettings(method=name, transform=kind)  # type: ignore[arg-type]
    if name in ENGINES:
        return ENGINES[name].register(Request(fixed, moving, settings))
    from MedFusionLib import registration

    return registration.register(fixed, moving, settings).transform


def report(rows: list[dict[str, object]], engines: list[str], kind: str) -> bool:
    """Print the table by engine; True when every engine keeps the bars."""
    bar_median, bar_patient = BARS[kind]
    print(f"\n{kind}: body error in mm; over patients. Bars: median <= {bar_median}, no patient over {bar_patient}")
    print(f"{'engine':<12}{'patients':>9}{'failed':>8}{'median':>9}{'p95':>9}{'max':>9}{'seconds':>9}  over the bar")
    good = True
    for name in engines:
        mine = [row for row in rows if row["engine"] == name]
        medians = np.array([float(str(row["median_mm"])) for row in mine])
        failed = int(np.isnan(medians).sum())
        ok = medians[~np.isnan(medians)]
        over = [str(row["patient"]) for row, m in zip(mine, medians, strict=True) if not m <= bar_patient]
        stats = (np.median(ok), np.percentile(ok, 95), ok.max()) if len(ok) else (np.nan,) * 3
        seconds = np.median([float(str(row["seconds"])) for row in mine])
        numbers = "".join(f"{value:>9.3f}" for value in stats)
        print(f"{name:<12}{len(mine):>9}{failed:>8}{numbers}{seconds:>9.1f}  {' '.join(over)}")
        good &= bool(not over and stats[0] <= bar_median)
    return good


def main() -> int:
    """Run the benchmark; 0 when every engine keeps the bars, 1 otherwise."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="the folder with STS_nnn/CT_image.nii.gz")
    parser.add_argument("--patients", nargs="*", default=[], help="such as 001 012; all when left out")
    parser.add_argument("--engines", nargs="+", default=["elastix", "simpleitk"])
    parser.add_argument("--transform", choices=sorted(BARS), default="rigid")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--csv", type=Path, help="write every row to this file")
    options = parser.parse_args()
    folders = sorted(f for f in options.folder.glob("STS_*") if (f / "CT_image.nii.gz").is_file())
    rows: list[dict[str, object]] = []
    for folder in (f for f in folders if not options.patients or f.name[-3:] in options.patients):
        for row in run_patient(folder, options.engines, options.transform, options.seed):
            rows.append(row)
            numbers = " ".join(f"{k} {v:.3f}" for k, v in row.items() if isinstance(v, float))
            print(f"{row['patient']} {row['engine']:<10} {numbers} {row.get('note', '')}", flush=True)
    if options.csv:
        with options.csv.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, ["patient", "engine", "start_mm", *MEASURES, "seconds", "note"])
            writer.writeheader()
            writer.writerows(rows)
    return 0 if rows and report(rows, options.engines, options.transform) else 1


if __name__ == "__main__":
    sys.exit(main())
