"""Learn the dictionaries of the sparse fusion method from real patients, and write them to Resources.

    python Testing/Benchmarks/learn_dictionary.py FOLDER

FOLDER holds a folder a patient with NIfTI volumes CT_image, MR_T1_image and PET_image (.nii.gz), as the STS
collection has. The test patients are left out. The method of optimal directions (K. Engan, S. O. Aase and
J. H. Husøy, Method of optimal directions for frame design, ICASSP 1999) alternates orthogonal matching pursuit
and least squares. The same folder gives the same dictionaries.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from scipy import sparse

from MedFusionLib.fusion.sparse_coding import encode
from MedFusionLib.resources import resource

TEST_PATIENTS = {"038", "040", "042", "043", "048"}
#: The values that become 0 and 1: HU of CT in two windows, percentiles of MR and PET.
CT_WINDOWS = ((-160.0, 240.0), (-1000.0, 1000.0))
PERCENTILES = (1.0, 99.5)
EDGES = {2: 8, 3: 5}
ATOMS = 256
SPARSITY, TOLERANCE = 6, 0.01
PATCHES, ROUNDS = 60_000, 25


def pictures(folder: Path) -> list[np.ndarray]:
    """Every volume of the patients that are not for testing, in [0, 1]."""
    found = []
    for path in sorted(folder.glob("STS_*/*_image.nii.gz")):
        if path.parent.name.removeprefix("STS_") in TEST_PATIENTS:
            continue
        values = sitk.GetArrayFromImage(sitk.ReadImage(str(path))).astype(np.float32)
        ranges = CT_WINDOWS if path.name.startswith("CT") else (tuple(np.percentile(values, PERCENTILES)),)
        found += [np.clip((values - low) / (high - low), 0, 1) for low, high in ranges]
    return found


def sample(volumes: list[np.ndarray], dimension: int, generator: np.random.Generator) -> np.ndarray:
    """Patches less their means, ``(patch, sample)``, from all volumes alike; those nearly flat are left out."""
    edge = EDGES[dimension]
    shape = (edge,) * dimension if dimension == 3 else (1, edge, edge)
    wanted = -(-PATCHES // len(volumes))
    taken = []
    for volume in volumes:
        windows = np.lib.stride_tricks.sliding_window_view(volume, shape)
        places = [generator.integers(0, size, 8 * wanted) for size in windows.shape[:3]]
        signals = windows[tuple(places)].reshape(8 * wanted, -1)
        signals = signals - signals.mean(axis=1, keepdims=True)
        taken.append(signals[signals.std(axis=1) > 2 * TOLERANCE][:wanted])
    return np.concatenate(taken)


def learn(signals: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """The dictionary ``(atom, sample)``; prints how well it does after each round."""
    atoms = normalised(signals[generator.permutation(len(signals))[:ATOMS]])
    for number in range(ROUNDS):
        code = encode(signals, atoms, SPARSITY, TOLERANCE)
        rows = np.repeat(np.arange(len(signals)), code.atoms.shape[1])
        matrix = sparse.csr_array((code.coefficients.ravel(), (rows, code.atoms.ravel())),
                                  shape=(len(signals), ATOMS))
        left = signals - matrix @ atoms
        print(f"round {number + 1}: root mean square left {left.std():.5f}, "
              f"atoms a patch {np.count_nonzero(code.coefficients) / len(signals):.2f}", flush=True)
        used = np.asarray((matrix != 0).sum(axis=0)) > 0
        gram = (matrix.T @ matrix).toarray()
        gram[np.diag_indices(ATOMS)] += 1e-6 * np.trace(gram) / ATOMS
        atoms = np.linalg.solve(gram, matrix.T @ signals).astype(np.float32)
        # An atom that nothing uses becomes the patch that is coded worst.
        worst = np.argsort((left**2).sum(axis=1))[::-1]
        atoms[~used] = signals[worst[:int((~used).sum())]]
        atoms = normalised(atoms)
    return atoms


def normalised(atoms: np.ndarray) -> np.ndarray:
    """``atoms`` with mean 0 and norm 1."""
    atoms = atoms - atoms.mean(axis=1, keepdims=True)
    return atoms / np.linalg.norm(atoms, axis=1, keepdims=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    volumes = pictures(folder)
    print(f"{len(volumes)} volumes")
    target = resource() / "Dictionaries"
    target.mkdir(exist_ok=True)
    for dimension, edge in EDGES.items():
        generator = np.random.default_rng(0)
        atoms = learn(sample(volumes, dimension, generator), generator)
        np.save(target / f"atoms_{dimension}d.npy", atoms.reshape(ATOMS, *[edge] * dimension))


if __name__ == "__main__":
    main()
