"""Forces, stress and heat flux of coupling.atoms by automatic differentiation, in torch and in JAX."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from tests.systems.notebooks import need_systems

need_systems()

import jax  # noqa: E402
import torch  # noqa: E402
from ase.build import bulk  # noqa: E402

from coupling.atoms import Graph, forces, heat_flux, periodic_graph, strain_derivative, stress, unfold  # noqa: E402
from coupling.atoms.derivatives import FLUXES, STRAINED, compensated_sum  # noqa: E402
from coupling.backends.testing.arrays import like, to_numpy  # noqa: E402

CUTOFF = 4.5


@pytest.fixture(scope="module", params=["torch", "jax"])
def array(request: pytest.FixtureRequest) -> Iterator[Callable[[Any], Any]]:
    if request.param == "torch":
        yield lambda values: torch.tensor(np.asarray(values))
        return
    with jax.enable_x64(True):
        yield lambda values: jax.numpy.asarray(values)


def crystal() -> Any:
    """Argon at high pressure, 4 atoms in a cell without symmetry, which is smaller than the cutoff."""
    atoms = bulk("Ar", a=4.6, cubic=True)
    random = np.random.default_rng(3)
    atoms.set_cell(atoms.cell.array @ (np.eye(3) + 0.1 * random.uniform(-1, 1, (3, 3))), scale_atoms=True)
    atoms.positions += random.normal(0, 0.15, (4, 3))
    atoms.set_velocities(random.normal(0, 0.01, (4, 3)))
    return atoms


def model(layers: int, share: float = 1.0) -> Callable[[Any, Any, Graph], Any]:
    """Energies of neighbours, and ``share`` of such that depend on neighbours of neighbours; smooth at the cutoff."""

    def energies(x: Any, cell: Any, graph: Graph) -> Any:
        s = (graph.vectors(x, cell) ** 2).sum(-1) / CUTOFF**2
        own = like((graph.centres == np.arange(len(x))[:, None]).astype(float), x)
        pairs = (1 - s) ** 3 * (2 - s)
        density = own @ pairs
        return density if layers == 1 else density + share * (own @ ((1 - s) ** 3 * density[graph.others] ** 2))

    return energies


def state(array: Callable[[Any], Any]) -> tuple[Any, Any, Graph]:
    atoms = crystal()
    return array(atoms.positions), array(atoms.cell.array), periodic_graph(atoms, CUTOFF)


@pytest.mark.parametrize("layers", [1, 2])
def test_five_forms_of_the_stress_agree(array: Callable[[Any], Any], layers: int) -> None:
    x, cell, graph = state(array)
    found = [to_numpy(strain_derivative(model(layers), x, cell, graph, form=f, layers=layers)) for f in STRAINED]
    assert len(found) == 5 and abs(found[0]).max() > 1
    for other in found[1:]:
        assert abs(other - found[0]).max() < 1e-14 * abs(found[0]).max()
    assert abs(found[0] - found[0].T).max() < 1e-14 * abs(found[0]).max()
    volume = crystal().get_volume()
    assert abs(to_numpy(stress(model(layers), x, cell, graph)) * volume - found[0]).max() < 1e-13 * abs(found[0]).max()


def test_unfolding_by_too_few_layers_is_seen(array: Callable[[Any], Any]) -> None:
    x, cell, graph = state(array)
    whole = to_numpy(strain_derivative(model(2), x, cell, graph))
    near = to_numpy(strain_derivative(model(2), x, cell, graph, form="unfolded", layers=1))
    assert abs(near - whole).max() > 0.1 * abs(whole).max()


def test_the_stress_is_the_slope_of_the_energy(array: Callable[[Any], Any]) -> None:
    """Central differences of the energy along a strain that is not symmetric, and along a displacement."""
    atoms, h = crystal(), 1e-5
    x, cell, graph = state(array)
    e = np.arange(9).reshape(3, 3) / 9
    moved = np.random.default_rng(1).normal(size=(4, 3))

    def slope(strain: Any, shift: Any) -> float:
        ends = []
        for sign in (1, -1):
            turn = np.eye(3) + sign * h * strain
            y, c = atoms.positions @ turn + sign * h * shift, atoms.cell.array @ turn
            ends.append(float(model(2)(array(y), array(c), graph).sum()))
        return (ends[0] - ends[1]) / (2 * h)

    strained = to_numpy(strain_derivative(model(2), x, cell, graph))
    assert slope(e, 0 * moved) == pytest.approx((strained * e).sum(), rel=1e-8)
    assert slope(0 * e, moved) == pytest.approx(-(to_numpy(forces(model(2), x, cell, graph)) * moved).sum(), rel=1e-8)


@pytest.mark.parametrize("layers", [1, 2])
def test_unfolded_cluster_has_the_energies_of_the_crystal(array: Callable[[Any], Any], layers: int) -> None:
    x, cell, graph = state(array)
    cluster = unfold(graph, layers)
    inside = to_numpy(model(layers)(cluster.positions(x, cell), cell, cluster.graph))[: len(x)]
    assert abs(inside - to_numpy(model(layers)(x, cell, graph))).max() < 1e-14 * abs(inside).max()
    assert not cluster.graph.shifts.any() and cluster.atoms[: len(x)].tolist() == list(range(len(x)))


def fluxes(array: Callable[[Any], Any], energies: Any, layers: int) -> dict[str, Any]:
    """The potential part of the flux by each form, for six sets of velocities [6, 3]."""
    x, cell, graph = state(array)
    m, several = array(crystal().get_masses()), np.random.default_rng(0).normal(size=(6, 4, 3))
    return {
        form: np.array(
            [
                to_numpy(heat_flux(energies, x, cell, graph, array(v), m, form=form, layers=layers).potential)
                for v in several
            ]
        )
        for form in FLUXES
    }


@pytest.mark.parametrize("layers", [1, 2])
def test_the_unfolded_flux_is_that_of_hardy_and_the_edges_are_right_for_one_layer(
    array: Callable[[Any], Any], layers: int
) -> None:
    """Every set of velocities by itself; over edges the vectors are rounded before they are copied, by an ulp more."""
    own = fluxes(array, model(layers), layers)
    size = abs(own["hardy"]).max(axis=1, keepdims=True)
    assert (abs(own["unfolded"] - own["hardy"]) < 1e-15 * size).all()
    wrong = (abs(own["edges"] - own["hardy"]) / size).max(axis=1)
    assert (wrong < 4e-15).all() if layers == 1 else (wrong > 1e-3).all()


def test_the_error_over_edges_is_that_of_the_energy_of_two_layers(array: Callable[[Any], Any]) -> None:
    """None without it; then in proportion to it, and to nothing else."""
    wrong = {}
    for share in (0.0, 1e-3, 1e-2):
        own = fluxes(array, model(2, share), 2)
        wrong[share] = own["edges"] - own["hardy"]
        size = abs(own["hardy"]).max()
    assert abs(wrong[0.0]).max() < 4e-15 * size
    assert abs(wrong[1e-2] - 10 * wrong[1e-3]).max() < 1e-10 * abs(wrong[1e-2]).max()
    assert abs(wrong[1e-3]).max() > 1e-5 * size


def test_sums_are_those_of_twice_the_precision(array: Callable[[Any], Any]) -> None:
    """Random terms of 16 orders of magnitude that cancel to a millionth; any number of them, none as well."""
    random = np.random.default_rng(0)
    terms = random.normal(size=(1001, 2)) * 10.0 ** random.uniform(-8, 8, (1001, 2))
    terms = np.concatenate([terms, -terms[::-1] * (1 + 1e-6)])
    for n in (2002, 1001, 6, 1):
        exact = [math.fsum(column) for column in terms[-n:].T]
        assert to_numpy(compensated_sum(array(terms[-n:]))) == pytest.approx(exact, rel=2.3e-16, abs=0)
    assert abs(terms.sum(axis=0) / [math.fsum(column) for column in terms.T] - 1).max() > 1e-12
    assert to_numpy(compensated_sum(array(terms[:0]))).tolist() == [0, 0]


def test_sums_are_the_same_when_they_are_traced() -> None:
    terms = np.random.default_rng(1).normal(size=(777, 3)) ** 21
    with jax.enable_x64(True):
        traced = jax.jit(compensated_sum)(jax.numpy.asarray(terms))
    assert np.asarray(traced).tolist() == [math.fsum(column) for column in terms.T]


def test_the_flux_is_the_derivative_of_the_moments_of_energy(array: Callable[[Any], Any]) -> None:
    """d/dt Σ r_i E_i of a cluster that is free in space: positions move with v, velocities with F/m."""
    atoms, h = crystal(), 1e-4
    graph = periodic_graph(atoms, CUTOFF)
    cluster = unfold(graph, 1)
    free = cluster.graph._replace(numbers=atoms.numbers[cluster.atoms])
    random = np.random.default_rng(2)
    y = atoms.positions[cluster.atoms] + cluster.shifts @ atoms.cell.array
    v, m = random.normal(size=y.shape), random.uniform(1, 2, len(y))
    cell = array(np.eye(3))
    f = to_numpy(forces(model(2), array(y), cell, free))

    def moment(t: float) -> Any:
        z, w = y + t * v + t * t * f / m[:, None] / 2, v + t * f / m[:, None]
        return z.T @ (to_numpy(model(2)(array(z), cell, free)) + m * (w**2).sum(1) / 2)

    slope = (moment(h) - moment(-h)) / (2 * h)
    found = heat_flux(model(2), array(y), cell, free, array(v), array(m), layers=2)
    assert abs(slope - to_numpy(found.total)).max() < 1e-5 * abs(slope).max()


def test_arguments_that_do_not_fit(array: Callable[[Any], Any]) -> None:
    x, cell, graph = state(array)
    with pytest.raises(ValueError, match="form must be"):
        strain_derivative(model(1), x, cell, graph, form="virial")
    with pytest.raises(ValueError, match="form must be"):
        heat_flux(model(1), x, cell, graph, x, x[:, 0], form="strain")
    with pytest.raises(ValueError, match="layers must be"):
        unfold(graph, 0)
    with pytest.raises(ValueError, match="the cell must have a volume"):
        stress(model(1), x, 0 * cell, graph)
    with pytest.raises(TypeError, match="torch or JAX"):
        forces(model(1), to_numpy(x), to_numpy(cell), graph)
