"""Sparse representation: the pursuit against a plain one, patches, and what the fusion takes."""

from __future__ import annotations

import numpy as np
import pytest

from MedFusionLib.fusion import catalog
from MedFusionLib.fusion.sparse import load_dictionary
from MedFusionLib.fusion.sparse_coding import encode
from MedFusionLib.fusion.sparse_patches import covered, grid_size, patches, spread_mean


def random_dictionary(atoms, samples, seed):
    rows = np.random.default_rng(seed).standard_normal((atoms, samples))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def plain_pursuit(signal, dictionary, sparsity):
    """Orthogonal matching pursuit as its paper states it: least squares on the atoms taken so far."""
    left, taken = signal, []
    for _ in range(sparsity):
        taken.append(int(np.abs(dictionary @ left).argmax()))
        coefficients = np.linalg.lstsq(dictionary[taken].T, signal, rcond=None)[0]
        left = signal - coefficients @ dictionary[taken]
    return taken, coefficients


def test_the_pursuit_takes_the_atoms_and_coefficients_of_a_plain_one():
    dictionary = random_dictionary(100, 64, 1)
    signals = np.random.default_rng(2).standard_normal((40, 64))
    code = encode(signals, dictionary, 7, 1e-9)
    for signal, atoms, coefficients in zip(signals, code.atoms, code.coefficients, strict=True):
        expected_atoms, expected = plain_pursuit(signal, dictionary, 7)
        assert atoms.tolist() == expected_atoms
        np.testing.assert_allclose(coefficients, expected, atol=1e-10)


def test_a_signal_of_few_orthogonal_atoms_is_found_exactly():
    dictionary = np.eye(16)
    signals = np.zeros((3, 16))
    signals[1, 4], signals[2, [3, 9]] = -2.0, (1.0, 5.0)
    code = encode(signals, dictionary, 4, 1e-6)
    np.testing.assert_allclose(code.activity, [0, 2, 6])
    assert np.count_nonzero(code.coefficients, axis=1).tolist() == [0, 1, 2]
    assert code.atoms[2, :2].tolist() == [9, 3]


def test_coding_stops_at_the_tolerance_and_not_before():
    dictionary = random_dictionary(120, 64, 3)
    signals = np.random.default_rng(4).standard_normal((200, 64))
    tolerance = 0.5
    code = encode(signals, dictionary, 30, tolerance)
    left = signals - np.einsum("ij,ijk->ik", code.coefficients, dictionary[code.atoms])
    assert np.sqrt((left**2).mean(axis=1)).max() <= tolerance * (1 + 1e-9)
    for signal, atoms, coefficients in zip(signals, code.atoms, code.coefficients, strict=True):
        fewer = atoms[:np.count_nonzero(coefficients) - 1]
        best = np.linalg.lstsq(dictionary[fewer].T, signal, rcond=None)[0]
        assert np.sqrt(((signal - best @ dictionary[fewer]) ** 2).mean()) > tolerance


def test_many_blocks_give_what_one_signal_alone_gives():
    dictionary = random_dictionary(60, 25, 5).astype(np.float32)
    signals = np.random.default_rng(6).standard_normal((5000, 25)).astype(np.float32)
    code = encode(signals, dictionary, 5, 0.1)
    assert code.coefficients.dtype == np.float32
    for row in (0, 2047, 2048, 4999):
        alone = encode(signals[row:row + 1], dictionary, 5, 0.1)
        np.testing.assert_allclose(alone.coefficients[0], code.coefficients[row], atol=1e-4)


@pytest.mark.parametrize(("dimension", "edge"), [(2, 8), (3, 5)])
def test_the_dictionary_has_unit_atoms_without_mean(dimension, edge):
    atoms = load_dictionary(dimension)
    assert atoms.shape == (256, *[edge] * dimension)
    flat = atoms.reshape(256, -1)
    np.testing.assert_allclose(np.linalg.norm(flat, axis=1), 1, atol=1e-5)
    assert np.abs(flat.mean(axis=1)).max() < 1e-6


def test_the_dictionary_codes_an_edge_with_fewer_atoms_than_noise_gives():
    atoms = load_dictionary(2).reshape(256, -1)
    y, x = np.mgrid[:8, :8]
    edges = np.stack([(y * np.cos(a) + x * np.sin(a) > 5).astype(np.float32).ravel() for a in (0.2, 0.7, 1.2)])
    noise = np.random.default_rng(7).standard_normal(edges.shape).astype(np.float32)

    def left(signals):
        signals = signals - signals.mean(axis=1, keepdims=True)
        signals /= np.linalg.norm(signals, axis=1, keepdims=True)
        code = encode(signals, atoms, 6, 1e-6)
        return np.linalg.norm(signals - np.einsum("ij,ijk->ik", code.coefficients, atoms[code.atoms]), axis=1)

    assert left(edges).max() < 0.5 * left(noise).min()


@pytest.mark.parametrize("shape", [(17,), (12, 19), (5, 9, 7)])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_patches_cover_every_sample_and_spread_back_evenly(shape, stride):
    array = np.random.default_rng(8).random(shape)
    taken = patches(covered(array, 4, stride), 4, stride)
    grid = tuple(grid_size(size, 4, stride) for size in shape)
    assert taken.shape == (*grid, *[4] * len(shape))
    np.testing.assert_allclose(spread_mean(np.ones(grid), shape, 4, stride), 1)


def test_spreading_weights_the_patches_that_hold_a_sample_by_how_central_it_is():
    spread = spread_mean(np.array([1.0, 3.0, 5.0]), (8,), 4, 2)
    np.testing.assert_allclose(spread, [1, 1, 5 / 3, 7 / 3, 11 / 3, 13 / 3, 5, 5])


def test_a_patch_of_detail_is_taken_whole_from_its_source():
    y, x = np.mgrid[:40, :40]
    texture = (0.5 + 0.4 * np.sin(1.3 * y) * np.cos(0.9 * x)).astype(np.float32)
    flat = np.full_like(texture, 0.5)
    fused = catalog.load("sparse", low="average").fuse(np.stack([texture, flat])[None])[0, 0]
    # Both means are near 0.5, so what is left is half the ripple of the texture's patch means.
    assert np.abs(fused - texture).max() < 0.1
    assert np.corrcoef(fused.ravel(), texture.ravel())[0, 1] > 0.99
