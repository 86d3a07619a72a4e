"""Grids, Fourier series, encoders, normalizations: every number correctly rounded, every promise kept."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import jsonschema
import mpmath
import numpy as np
import pytest
from mpmath import mp
from scipy.integrate import lebedev_rule

import coupling
from coupling.arrays import Arrays, ArraysRequest, build_arrays, load_arrays
from coupling.arrays.designs import RESIDUAL, read_design, residual
from coupling.arrays.fixed import rounded, rounded_surds
from coupling.arrays.fourier import series
from coupling.arrays.harmonics import flat_orders, order_column
from coupling.arrays.reader import KIND
from coupling.arrays.request import (
    DESIGNS,
    DTYPES,
    GRIDS,
    KINDS,
    LEBEDEV,
    LMAX_LIMIT,
    SMALLEST_SPIN,
    request_of,
)
from coupling.exact import Surd
from coupling.export.entries import round_to
from coupling.files import table_folder
from coupling.files.catalogue import manifest_entry, shipped_names
from coupling.files.reader import file_digest, read_manifest
from coupling.floating_point import BINARY_FORMATS, as_doubles
from coupling.numbers.spins import smallest_spin
from coupling.products import AntisymmetricGaunt, Gaunt, MatrixProduct
from coupling.sphere import gauss_legendre, gradients, harmonics
from coupling.sphere.grids import LEBEDEV_DEGREES
from coupling.tables import TableError

built = cache(build_arrays)


def points(grid: Arrays) -> int:
    return int(grid.metadata["facts"]["points"])


# -- degree of exactness ----------------------------------------------------------------------


def largest_integral(grid: Arrays) -> float:
    """|Σ_p w_p R_lm(p) - √4π δ_l0| over all l, m to the degree of the grid, with SciPy's harmonics."""
    theta, phi = grid["angles"][: points(grid)].T
    integrals = grid["weights"][: points(grid)] @ harmonics(grid.request.reached, theta, phi)
    return float(abs(integrals - np.sqrt(4 * np.pi) * (np.arange(len(integrals)) == 0)).max())


@pytest.mark.parametrize("degree", range(37))
def test_gauss_legendre_is_exact_to_every_degree(degree: int) -> None:
    grid = built(ArraysRequest("gauss_legendre", 0, degree=degree))
    assert grid.metadata["facts"]["degree"] == degree and points(grid) == (degree // 2 + 1) * (degree + 1)
    assert largest_integral(grid) < 1e-13
    reference = gauss_legendre(degree)
    np.testing.assert_allclose(grid["weights"][: points(grid)], reference.weights, rtol=1e-12)
    np.testing.assert_allclose(grid["angles"][: points(grid)].T, [reference.theta, reference.phi], atol=1e-14)


@pytest.mark.parametrize("degree", sorted(DESIGNS))
def test_designs_are_exact_to_their_strength(degree: int) -> None:
    """By SciPy, and the number of points is what the literature needs for antipodal designs, or two more."""
    grid = built(ArraysRequest("design", 0, degree=degree))
    n, xyz = points(grid), read_design(degree)
    assert n == DESIGNS[degree] == len(xyz) and grid.metadata["facts"]["degree"] == degree
    assert residual(xyz, degree) < RESIDUAL and largest_integral(grid) < 4 * np.pi * RESIDUAL
    with mp.workdps(40):
        assert (grid["weights"][:n] == float(4 * mp.pi / n)).all()
    distances = np.linalg.norm(xyz[:, None] - xyz, axis=-1) + 4 * np.eye(n)
    assert distances.min() > 0.5 / np.sqrt(n)
    if degree > 5:
        assert np.array_equal(xyz[: n // 2], -xyz[n // 2 :])
        assert n - 2 * -(-(degree**2 + degree + 4) // 4) in (0, 2)


@pytest.mark.parametrize("degree", sorted(LEBEDEV))
def test_lebedev_is_exact_to_its_degree(degree: int) -> None:
    """All harmonics to degree 35; beyond, zonal ones of all degrees about six axes in general position."""
    grid = built(ArraysRequest("lebedev", 0, degree=degree))
    n = points(grid)
    assert n == LEBEDEV[degree]
    if degree <= 35:
        assert largest_integral(grid) < 1e-13
    axes = np.random.default_rng(degree).normal(size=(6, 3))
    for cosines in (axes / np.linalg.norm(axes, axis=1, keepdims=True)) @ grid["points"][:n].T:
        integrals = grid["weights"][:n] @ np.polynomial.legendre.legvander(np.clip(cosines, -1, 1), degree)
        np.testing.assert_allclose(integrals, 4 * np.pi * (np.arange(degree + 1) == 0), atol=2e-12)


@pytest.mark.parametrize(("kind", "lmax"), [(kind, lmax) for kind in GRIDS for lmax in range(9)])
def test_analysis_inverts_the_harmonics(kind: str, lmax: int) -> None:
    """The matrices of the file alone: analysis · harmonics = 1, gradients orthogonal with l(l+1)."""
    grid = built(ArraysRequest(kind, lmax))
    l = np.array([l for l, _ in flat_orders(lmax)])
    np.testing.assert_allclose(grid["analysis"] @ grid["harmonics"], np.eye(len(l)), atol=1e-14)
    south, east = grid["gradient_theta"], grid["gradient_phi"]
    weighted = grid["weights"][:, None]
    energy = south.T @ (weighted * south) + east.T @ (weighted * east)
    np.testing.assert_allclose(energy, np.diag(l * (l + 1)), atol=1e-12)
    cross = south.T @ (weighted * east)
    np.testing.assert_allclose(cross - cross.T, 0, atol=1e-12)


# -- every number is correctly rounded --------------------------------------------------------


def exact_angles(grid: Arrays) -> list[tuple[mpmath.mpf, mpmath.mpf]]:
    """θ and φ of the points, with fifty digits."""
    if grid.request.kind == "gauss_legendre":
        n_theta, n_phi = grid.request.shape
        starts = np.polynomial.legendre.leggauss(n_theta)[0][::-1]
        roots = [mp.findroot(lambda x: mp.legendre(n_theta, x), float(x)) if x else mp.mpf(0) for x in starts]
        return [(mp.acos(x), 2 * mp.pi * j / n_phi) for x in roots for j in range(n_phi)]
    if grid.request.kind == "lebedev":
        xyz = lebedev_rule(grid.request.reached)[0].T
    else:
        xyz = read_design(grid.request.reached)
    angles = []
    for x, y, z in xyz.tolist():
        phi = mp.atan2(y, x) if x or y else mp.mpf(0)
        angles.append((mp.atan2(mp.hypot(x, y), z), phi if phi >= 0 else phi + 2 * mp.pi))
    return angles


def exact_harmonics(lmax: int, theta: mpmath.mpf, phi: mpmath.mpf) -> list[tuple[mpmath.mpf, ...]]:
    """R, ∂θ R, ∂φ R / sin θ from the exact Fourier series, which knows nothing of recurrences in fixed point."""
    rows, result = exact_series(lmax), []
    for l, m in flat_orders(lmax):
        terms = [(k, s) for k, s in enumerate(rows[order_column(l, abs(m))]) if s]
        if m % 2:
            p, slope = sum(s * mp.sin(k * theta) for k, s in terms), sum(k * s * mp.cos(k * theta) for k, s in terms)
        else:
            p, slope = sum(s * mp.cos(k * theta) for k, s in terms), -sum(k * s * mp.sin(k * theta) for k, s in terms)
        f = mp.sqrt(2) * (mp.cos(m * phi) if m > 0 else mp.sin(-m * phi)) if m else mp.mpf(1)
        turned = mp.sqrt(2) * (-m * mp.sin(m * phi) if m > 0 else -m * mp.cos(m * phi)) if m else mp.mpf(0)
        if mp.sin(theta) > mp.mpf(10) ** -40:
            over_sine = p / mp.sin(theta)
        else:
            over_sine = slope / mp.cos(theta) if abs(m) == 1 else mp.mpf(0)  # the limit
        result.append((p * f, slope * f, over_sine * turned))
    return result


@cache
def exact_series(lmax: int) -> list[list[mpmath.mpf]]:
    return [[s.sign * mp.sqrt(mp.mpf(s.numerator) / s.denominator / mp.pi) for s in row] for row in series(lmax)]


def same(found: float, value: mpmath.mpf) -> bool:
    return found == (0.0 if abs(value) < mp.mpf(10) ** -40 else float(value))


@pytest.mark.parametrize("name", ["gauss_legendre-l3", "lebedev-l3", "design-l3", "lebedev-l4-d5", "design-l2-d1"])
def test_every_number_of_a_grid_is_correctly_rounded(name: str) -> None:
    """Against another formula with fifty digits; mpmath's conversion to a double rounds to nearest."""
    grid, met = built(name), 0
    with mp.workdps(60):
        for p, (theta, phi) in enumerate(exact_angles(grid)):
            assert same(grid["angles"][p, 0], theta) and same(grid["angles"][p, 1], phi)
            xyz = mp.sin(theta) * mp.cos(phi), mp.sin(theta) * mp.sin(phi), mp.cos(theta)
            assert all(same(found, value) for found, value in zip(grid["points"][p], xyz, strict=True))
            for index, values in enumerate(exact_harmonics(grid.request.lmax, theta, phi)):
                found = [grid[a][p, index] for a in ("harmonics", "gradient_theta", "gradient_phi")]
                assert all(same(f, value) for f, value in zip(found, values, strict=True)), (p, index)
                met += 3
    assert met == 3 * points(grid) * (grid.request.lmax + 1) ** 2


@pytest.mark.parametrize("lmax", [1, 3, 6])
def test_weights_and_analysis_of_gauss_legendre_are_correctly_rounded(lmax: int) -> None:
    grid = built(ArraysRequest("gauss_legendre", lmax))
    n_theta, n_phi = grid.request.shape
    with mp.workdps(60):
        for i, (theta, phi) in enumerate(exact_angles(grid)[::n_phi]):
            x = mp.cos(theta)
            slope = n_theta * (mp.legendre(n_theta - 1, x) - x * mp.legendre(n_theta, x)) / (1 - x * x)
            weight = 4 * mp.pi / n_phi / ((1 - x * x) * slope**2)
            assert same(grid["legendre_weights"][i], weight) and same(grid["weights"][i * n_phi], weight)
            for index, (value, _, _) in enumerate(exact_harmonics(lmax, theta, phi)):
                assert same(grid["analysis"][index, i * n_phi], value * weight)


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("name", ["gauss_legendre-l4", "lebedev-l3", "design-l3", "fourier-l6", "matrix-l3",
                                  "normalization-l4"])  # fmt: skip
def test_narrow_types_are_rounded_once(name: str, dtype: str) -> None:
    """A double that is no midpoint of the narrow type rounds as the exact number does."""
    wide, narrow, met = built(name), built(f"{name}-{dtype}"), 0
    for array in wide:
        doubles = wide[array].ravel()
        safe = ~np.isclose(doubles, 0, atol=1e-300)

        def refuse(index: int) -> None:
            raise AssertionError("a midpoint")

        found = as_doubles(narrow[array], dtype).ravel()
        if name.startswith("normalization") or array == "normalization":  # rationals among them, which may be ties
            assert (abs(found - doubles) <= BINARY_FORMATS[dtype].unit * abs(doubles)).all()
        else:
            expected, _ = round_to(doubles[safe], dtype, refuse)  # type: ignore[arg-type]
            assert np.array_equal(found[safe], expected)
        assert (found[~safe] == 0).all()
        met += len(doubles)
    assert met == sum(array.size for array in narrow.values())


# -- what they are for ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", GRIDS)
@pytest.mark.parametrize("lmax", [1, 2, 4])
def test_products_on_the_grid(kind: str, lmax: int) -> None:
    """Gaunt product and bracket by matrix products, against blocks and against the products of the package."""
    grid = built(ArraysRequest(kind, lmax))
    x, y = np.random.default_rng(lmax).normal(size=(2, (lmax + 1) ** 2))
    h, south, east = (grid[name] for name in ("harmonics", "gradient_theta", "gradient_phi"))
    gaunt = grid["analysis"] @ ((h @ x) * (h @ y))
    bracket = grid["analysis"] @ ((south @ x) * (east @ y) - (east @ x) * (south @ y))
    for found, family, made in ((gaunt, "gaunt", Gaunt), (bracket, "antisymmetric_gaunt", AntisymmetricGaunt)):
        by_blocks = np.zeros_like(x)
        for l in product(range(lmax + 1), repeat=3):
            parts = [slice(k * k, (k + 1) ** 2) for k in l]
            block = coupling.block(family, *l)
            by_blocks[parts[2]] += np.einsum("abc,a,b->c", block, x[parts[0]], y[parts[1]])
        np.testing.assert_allclose(found, by_blocks, atol=1e-12)
        np.testing.assert_allclose(found, made(lmax, lmax, lmax)(x[:, None], y[:, None])[:, 0], atol=1e-12)


@pytest.mark.parametrize("lmax", range(6))
def test_separable_factors(lmax: int) -> None:
    """Synthesis and analysis θ by θ and φ by φ give what the full matrices give."""
    grid = built(ArraysRequest("gauss_legendre", lmax))
    x = np.random.default_rng(lmax).normal(size=(lmax + 1) ** 2)
    rows = np.zeros((2 * lmax + 1, grid.request.shape[0]))
    for index, (l, m) in enumerate(flat_orders(lmax)):
        rows[lmax + m] += x[index] * grid["legendre"][:, order_column(l, abs(m))]
    values = rows.T @ grid["fourier"].T
    np.testing.assert_allclose(values.ravel(), (grid["harmonics"] @ x)[: values.size], atol=1e-13)
    per_order = grid["legendre_weights"][:, None] * (values @ grid["fourier"])
    back = [grid["legendre"][:, order_column(l, abs(m))] @ per_order[:, lmax + m] for l, m in flat_orders(lmax)]
    np.testing.assert_allclose(back, x, atol=1e-13)


def test_fourier_series_are_the_harmonics_on_the_torus() -> None:
    """Also for θ in (π, 2π), where the point is (2π - θ, φ + π) and sines of odd m change their sign with cosines."""
    lmax = 16
    table, rng = load_arrays(f"fourier-l{lmax}")["series"], np.random.default_rng(0)
    theta, phi = rng.uniform(0, np.pi, 50), rng.uniform(0, 2 * np.pi, 50)
    k = np.arange(lmax + 1)
    for turned in (False, True):
        t, f = (2 * np.pi - theta, phi + np.pi) if turned else (theta, phi)
        cosines, sines = np.cos(np.outer(k, t)), np.sin(np.outer(k, t))
        for index, (l, m) in enumerate(flat_orders(lmax)):
            p = table[order_column(l, abs(m))] @ (sines if m % 2 else cosines)
            angular = np.sqrt(2) * (np.cos(m * f) if m > 0 else np.sin(-m * f)) if m else 1
            np.testing.assert_allclose(p * angular, harmonics(lmax, theta, phi)[:, index], atol=1e-13)
    assert len(table) == 153


def test_fourier_series_are_exact_and_sparse() -> None:
    """Each coefficient the double nearest to a square root of a rational over π; zeros by parity, and two accidents."""
    lmax, zeros = 16, []
    table = load_arrays(f"fourier-l{lmax}")["series"]
    exact = series(lmax)
    for l in range(lmax + 1):
        for m in range(l + 1):
            for k in range(lmax + 1):
                value = exact[order_column(l, m)][k]
                assert table[order_column(l, m), k] == float(value) and (not value or value.pi_power == 1)
                allowed = k <= l and (k + l) % 2 == 0 and (k > 0 or m % 2 == 0)
                assert allowed or not value
                zeros += [(l, m, k)] if allowed and not value else []
    assert zeros == [(8, 2, 6), (8, 6, 2)]


@pytest.mark.parametrize(("lmax", "twice"), [(0, None), (1, None), (2, None), (3, None), (3, 7), (4, None), (2, 9)])
def test_encoders_multiply(lmax: int, twice: int | None) -> None:
    """Encode, multiply, decode: the matrix product, and Σ N C x y over all paths."""
    arrays = built(ArraysRequest("matrix", lmax, twice_spin=twice))
    x, y = np.random.default_rng(lmax).normal(size=(2, (lmax + 1) ** 2))
    a, b = (np.tensordot(v, arrays["encoder_real"] + 1j * arrays["encoder_imag"], 1) for v in (x, y))
    z = a @ b
    found = np.tensordot(arrays["decoder_real"], z.real, 2) + np.tensordot(arrays["decoder_imag"], z.imag, 2)
    made = MatrixProduct(lmax, lmax, lmax, spin=arrays.metadata["facts"]["spin"])
    if (lmax, twice) == (2, None):  # each size of the compiled product takes seconds
        np.testing.assert_allclose(found, made(x[:, None], y[:, None])[:, 0], atol=1e-13)
    assert np.array_equal(arrays["normalization"], made.normalization)
    by_blocks = np.zeros_like(x)
    for l in product(range(lmax + 1), repeat=3):
        parts = [slice(k * k, (k + 1) ** 2) for k in l]
        if arrays["normalization"][l]:
            block = arrays["normalization"][l] * coupling.block("wigner_3j", *l)
            by_blocks[parts[2]] += np.einsum("abc,a,b->c", block, x[parts[0]], y[parts[1]])
    np.testing.assert_allclose(found, by_blocks, atol=1e-13)


def test_normalizations_are_those_of_the_package() -> None:
    arrays = load_arrays("normalization-l12")
    for family in ("gaunt", "antisymmetric_gaunt", "clebsch_gordan"):
        value, inverse = arrays[family], arrays[f"inverse_{family}"]
        assert np.array_equal(value, coupling.normalization(family, 12))
        assert np.array_equal(value != 0, inverse != 0)
        np.testing.assert_allclose(value * inverse, value != 0, rtol=3e-16)
    assert len(arrays) == 6


# -- names and requests -----------------------------------------------------------------------


def test_every_request_has_a_name_that_means_it() -> None:
    met = 0
    for kind, lmax, dtype in product(KINDS, (0, 1, 4, 10), DTYPES):
        options: list[dict[str, object]] = [{}]
        if kind in GRIDS:
            options += [{"degree": 7}, {"multiple": 1}, {"degree": 30, "multiple": 8}]
        if kind == "matrix":
            options += [{"twice_spin": 20}]
        for option in options:
            request = ArraysRequest(kind, lmax, dtype=dtype, **option)
            assert request_of(request.name) == request
            assert ArraysRequest(**request.content) == request  # type: ignore[arg-type]
            met += 1
    assert met == 4 * 4 * (3 * 4 + 1 + 2 + 1 + 1)
    for name in ["lebedev", "lebedev-l", "lebedev-l04", "lebedev-l4-d12", "lebedev-l4-x16", "fourier-l4-d3", "real-l4",
                 "matrix-l4-x8", "matrix-l4-j4", "lebedev-l4-j4", "lebedev-l4-x8-d3", "lebedev-l4-float64",
                 ""]:  # fmt: skip
        assert request_of(name) is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("other", 2, {}), "kind must be"),
        (("lebedev", -1, {}), "lmax"),
        (("lebedev", LMAX_LIMIT + 1, {}), "lmax of arrays must be <= 48, got 49"),
        (("lebedev", 2, {"degree": 132}), "degree of a lebedev grid must be <= 131, got 132"),
        (("design", 11, {}), "degree of a design grid must be <= 31, got 33"),
        (("lebedev", 2, {"multiple": 0}), "multiple must be"),
        (("lebedev", 2, {"twice_spin": 4}), "has no spin"),
        (("fourier", 2, {"degree": 4}), "is no grid"),
        (("fourier", 2, {"twice_spin": 4}), "has no spin"),
        (("matrix", 4, {"twice_spin": 3}), "twice_spin must be 4"),
        (("matrix", 4, {"dtype": "float8"}), "dtype must be"),
    ],
)
def test_what_does_not_exist_is_refused(arguments: tuple, words: str) -> None:
    kind, lmax, options = arguments
    with pytest.raises(ValueError, match=words):
        ArraysRequest(kind, lmax, **options)


def test_constants_of_the_reader_are_those_of_the_sources() -> None:
    assert [smallest_spin(l, l, l) * 2 for l in range(17)] == list(SMALLEST_SPIN[:17])
    assert len(SMALLEST_SPIN) == LMAX_LIMIT + 1
    assert tuple(LEBEDEV) == LEBEDEV_DEGREES
    assert all(lebedev_rule(d)[0].shape[1] == n for d, n in LEBEDEV.items())
    assert {t: len(read_design(t)) for t in DESIGNS} == DESIGNS


@pytest.mark.parametrize("multiple", [1, 8, 16, 64])
def test_rows_are_padded_with_zeros(multiple: int) -> None:
    grid, whole = built(ArraysRequest("gauss_legendre", 2, multiple=multiple)), built("gauss_legendre-l2-x1")
    n, rows = points(grid), grid["weights"].shape[0]
    assert n == 28 and rows % multiple == 0 and rows - n < multiple
    for name in ("points", "angles", "weights", "harmonics", "gradient_theta", "gradient_phi"):
        assert np.array_equal(grid[name][:n], whole[name]) and not grid[name][n:].any()
    assert np.array_equal(grid["analysis"][:, :n], whole["analysis"]) and not grid["analysis"][:, n:].any()


def test_gradients_and_harmonics_are_those_of_scipy() -> None:
    for name in ("gauss_legendre-l8", "lebedev-l8", "design-l8"):
        grid = built(name)
        theta, phi = grid["angles"][: points(grid)].T
        found = [grid[a][: points(grid)] for a in ("harmonics", "gradient_theta", "gradient_phi")]
        for f, e in zip(found, [harmonics(8, theta, phi), *gradients(8, theta, phi)], strict=True):
            np.testing.assert_allclose(f, e, atol=2e-13)
        assert len(grid) == (12 if name.startswith("gauss") else 7)


# -- files ------------------------------------------------------------------------------------


def test_a_rebuild_gives_the_bytes_of_the_manifest(root: Path, tmp_path: Path, shipped_sources: str) -> None:
    manifest = read_manifest(kind="arrays")
    assert sorted(manifest) == sorted(shipped_names(root / "tables", "arrays"))
    for name, entry in manifest.items():
        arrays = build_arrays(name)
        file = arrays.save(tmp_path)
        assert manifest_entry(file, arrays.metadata) == entry, f"{name}: run `coupling build --all`"
        assert file_digest(table_folder() / "data" / file.name) == entry["sha256"]
    assert len(manifest) == 9


def test_shipped_arrays_pass_their_checks() -> None:
    met = 0
    for name in read_manifest(kind="arrays"):
        arrays = load_arrays(name)
        report = arrays.check()
        assert report.passed, report
        met += len(report.checks)
    assert met == 5 * 4 + 4 * 2


def test_a_wrong_number_with_a_fitting_checksum_is_a_matter_for_check(tmp_path: Path) -> None:
    grid = built("lebedev-l2")
    harmonics = grid["harmonics"].copy()
    harmonics[3, 7] = np.nextafter(harmonics[3, 7], 1)
    forged = Arrays(grid.request, grid.metadata, {**grid.arrays, "harmonics": harmonics})
    report = load_arrays(forged.save(tmp_path)).check()
    assert [check.passed for check in report.checks] == [True, False, True, True]


@pytest.mark.parametrize(
    "name", [f"{kind}-l2" for kind in KINDS] + ["lebedev-l1-d9-x8-bfloat16", "matrix-l2-j6-float16"]
)
def test_files_of_arrays_are_read_and_obey_their_schema(name: str, root: Path, tmp_path: Path) -> None:
    schema = json.loads((root / "tables/schema/arrays-1.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    arrays = load_arrays(build_arrays(name).save(tmp_path))
    metadata = json.loads(json.dumps(dict(arrays.metadata)))
    validator.validate(metadata)
    for key in metadata:
        assert not validator.is_valid({k: v for k, v in metadata.items() if k != key})
        assert not validator.is_valid({**metadata, key: 3.5})
    for key in ("degree", "multiple", "twice_spin"):
        request = dict(metadata["request"])
        request = {k: v for k, v in request.items() if k != key} if key in request else {**request, key: 4}
        assert not validator.is_valid({**metadata, "request": request})
    for array, tensor in zip(arrays.values(), arrays.request.tensors, strict=True):
        assert array.shape == tensor.shape and not array.flags.writeable


@pytest.mark.parametrize("name", [f"{kind}-l2" for kind in KINDS])
def test_every_entry_of_the_metadata_is_what_the_request_says(name: str, tmp_path: Path) -> None:
    """Another value with a fitting checksum is refused, and so is an entry more or less."""
    arrays = build_arrays(name)
    metadata, constant = dict(arrays.metadata), KIND.constants(arrays.request)
    changes: list[tuple[str, dict[str, Any]]] = [(key, {**metadata, key: "another"}) for key in constant]
    changes += [(key, {**metadata, key: value | {"more": 1}}) for key, value in constant.items() if type(value) is dict]
    changes += [(key, {k: v for k, v in metadata.items() if k != key}) for key in metadata]
    changes += [("date", {**metadata, "date": "today"})]
    for key, changed in changes:
        with pytest.raises(TableError) as refused:
            load_arrays(Arrays(arrays.request, changed, arrays.arrays).save(tmp_path, force=True))
        assert refused.value.field == key or (refused.value.field == "metadata keys" and key not in constant), key
    assert len(changes) >= 20 and metadata.keys() > constant.keys()


def test_a_file_that_was_verified_before_is_read_without_its_bytes(tmp_path: Path) -> None:
    """verify=False leaves out checksum and values, and nothing else."""
    file = build_arrays("fourier-l2").save(tmp_path)
    raw = bytearray(file.read_bytes())
    raw[-1] ^= 1
    file.write_bytes(raw)
    assert not np.array_equal(load_arrays(file, verify=False)["series"], built("fourier-l2")["series"])
    with pytest.raises(TableError, match="checksum"):
        load_arrays(file)
    file.write_bytes(raw[:-8])
    with pytest.raises(TableError, match="size"):
        load_arrays(file, verify=False)


def test_any_safetensors_reader_reads_them(tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    for name in ("gauss_legendre-l2", "matrix-l2-float32", "normalization-l2-float16"):
        file = build_arrays(name).save(tmp_path)
        theirs = load_file(file)
        assert sorted(theirs) == sorted(built(name))
        assert all(np.array_equal(theirs[array], built(name)[array]) for array in theirs)


def test_loading_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coupling.files.cache.cache_folder", lambda version: tmp_path / "cache")
    assert load_arrays("gauss-legendre-l4").request == load_arrays("gauss_legendre-l4").request
    assert not list(tmp_path.iterdir())
    grid = load_arrays("lebedev-l2-d9-float32")
    assert grid["harmonics"].dtype == np.float32 and grid.metadata["facts"]["degree"] == 9
    file = tmp_path / "cache" / "lebedev-l2-d9-float32.safetensors"
    assert np.array_equal(load_arrays(file)["harmonics"], grid["harmonics"])
    raw = bytearray(file.read_bytes())
    raw[-1] ^= 1
    file.write_bytes(raw)
    with pytest.raises(
        TableError, match=r"checksum: .*; remove this file, or run `coupling load lebedev-l2-d9-float32"
    ):
        load_arrays("lebedev-l2-d9-float32")
    with pytest.raises(
        FileNotFoundError, match=r"unknown grid or transform 'lebedeff-l2'; names are gauss_legendre-l<N>, "
    ):
        load_arrays("lebedeff-l2")
    with pytest.raises(FileNotFoundError, match="there is no file of arrays"):
        load_arrays(tmp_path / "lebedev-l9.safetensors")
    with pytest.raises(TableError, match=r"schema: expected coupling-arrays, found coupling-table; this is a table"):
        load_arrays(table_folder() / "data" / "real-l4.safetensors")
    with pytest.raises(KeyError, match="it has points, angles"):
        grid["weight"]


def test_loading_costs_numpy_only(root: Path) -> None:
    program = (
        "import sys, numpy, coupling\n"
        "for name in ('gauss_legendre-l8', 'matrix-l8', 'normalization-l12', 'fourier-l16'):\n"
        "    coupling.load_arrays(name)\n"
        "print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True)
    names = set(loaded.stdout.split())
    assert not {"llvmlite", "matplotlib", "mpmath", "numba", "platformdirs", "safetensors", "scipy", "sympy"} & names
    assert "coupling.arrays.reader" in names and "coupling.arrays.builder" not in names


#: kind → its largest degree, and what says so one degree higher.
ENDS = {
    "gauss_legendre": (48, "lmax of arrays must be <= 48, got 49"),
    "lebedev": (43, "degree of a lebedev grid must be <= 131, got 132"),
    "design": (10, "degree of a design grid must be <= 31, got 33"),
    "fourier": (48, "lmax of arrays must be <= 48, got 49"),
    "matrix": (48, "lmax of arrays must be <= 48, got 49"),
    "normalization": (48, "lmax of arrays must be <= 48, got 49"),
    "rotation": (48, "lmax of arrays must be <= 48, got 49"),
}
#: Minutes, or a good part of one.
LONG = ("gauss_legendre", "lebedev", "matrix", "normalization", "rotation")
AT_THE_ENDS = [
    *(pytest.param(kind, 0, id=f"{kind}-first") for kind in ENDS),
    *(
        pytest.param(kind, last, id=f"{kind}-last", marks=[pytest.mark.slow] if kind in LONG else [])
        for kind, (last, _) in ENDS.items()
    ),
]


@pytest.mark.parametrize(("kind", "lmax"), AT_THE_ENDS)
def test_arrays_of_the_first_and_the_last_degree(kind: str, lmax: int) -> None:
    """Every check of the arrays holds there, and harmonics are those of the sphere."""
    arrays = build_arrays(ArraysRequest(kind, lmax))
    assert arrays.check().passed
    assert [(a.shape, a.dtype) for a in arrays.values()] == [(t.shape, float) for t in arrays.request.tensors]
    assert all(np.isfinite(a).all() and (a.any() or not lmax) for a in arrays.values())
    if kind not in GRIDS:
        return
    theta, phi = arrays["angles"][arrays["weights"] != 0].T
    there = arrays["weights"] != 0
    assert arrays["weights"].sum() == pytest.approx(4 * np.pi, rel=1e-14)
    # angles are rounded to doubles: a function of degree l may move by l times its size times that
    bound = 4 * (lmax + 1) * np.finfo(float).eps
    pairs = zip(("gradient_theta", "gradient_phi"), gradients(lmax, theta, phi), strict=True)
    for found, wanted in (("harmonics", harmonics(lmax, theta, phi)), *pairs):
        np.testing.assert_allclose(arrays[found][there], wanted, rtol=0, atol=bound * abs(wanted).max())


@pytest.mark.parametrize("kind", ENDS)
def test_the_degree_after_the_last_is_refused_with_the_limit(kind: str) -> None:
    last, words = ENDS[kind]
    assert ArraysRequest(kind, last).lmax == last
    with pytest.raises(ValueError, match=f"^{words}$"):
        ArraysRequest(kind, last + 1)
    with pytest.raises(ValueError, match=r"^lmax must be >= 0, got -1$"):
        ArraysRequest(kind, -1)


def test_exact_numbers_halfway_between_two_of_a_type_go_to_the_even_one() -> None:
    """Integers of polynomials are such numbers; a value that is only known nearly is still refused."""
    halves = [Surd.rational(n) for n in (257, 259, 261, -257, 3)]
    found = as_doubles(rounded_surds(halves, (5,), "bfloat16"), "bfloat16")
    assert found.tolist() == [256, 260, 260, -256, 3]
    with pytest.raises(ArithmeticError, match="too close to a tie"):
        rounded(np.array([257 << 100], object), 100, "bfloat16")
    for name in ("rotation-l12-bfloat16", "rotation-l8-float32"):
        assert build_arrays(name).check().passed
