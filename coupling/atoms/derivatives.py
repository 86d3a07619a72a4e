"""Forces, stress and heat flux of any model, as derivatives that torch or JAX take of its energies.

A model is a function ``energies(positions, cell, graph)`` of arrays of torch or JAX that returns the energy U_i of each
node; see :mod:`coupling.atoms.graph`.  Nothing else is known of it.  Lengths are in the unit of the positions, energies
in that of U, masses m and velocities v in units in which m v² is an energy, as those of ASE are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

from coupling.atoms.graph import Graph, unfold
from coupling.backends.testing.arrays import framework_of, like, to_numpy
from coupling.quoted import quoted
from coupling.selection import of_type, one_of

Array = Any
Energies = Callable[[Array, Array, Graph], Array]

STRAINED = ("strain", "edge strain", "edges", "cell", "unfolded")
FLUXES = ("unfolded", "hardy", "edges")


def forces(energies: Energies, positions: Array, cell: Array, graph: Graph) -> Array:
    """Return -∂U/∂r_i [nodes, 3], U the sum of all energies.

    >>> import torch
    >>> from coupling.atoms import Graph
    >>> pair = Graph(np.array([0, 1]), np.array([1, 0]), np.zeros((2, 3)), np.array([18, 18]))
    >>> x = torch.tensor([[0.0, 0.0, 0.0], [0.0, 0.0, 2.0]])
    >>> forces(lambda x, cell, graph: (graph.vectors(x, cell) ** 2).sum(-1) / 2, x, torch.eye(3), pair).tolist()
    [[-0.0, -0.0, 4.0], [-0.0, -0.0, -4.0]]
    """
    of_type(graph, Graph, "graph")
    _, back = pullback(lambda x: energies(x, cell, graph), [positions])
    return -back(None)[0]


def strain_derivative(
    energies: Energies, positions: Array, cell: Array, graph: Graph, *, form: str = "strain", layers: int = 1
) -> Array:
    """Return ∂U/∂ε [3, 3] for r → (1 + ε) r: the stress times the volume, by one of five formulas.

    - "strain": positions and cell vectors are strained
    - "edge strain": the vectors of the edges are strained
    - "edges": Σ_ij r_ij ⊗ ∂U/∂r_ij over the edges
    - "cell": Σ_i r_i ⊗ ∂U/∂r_i + Σ_a a ⊗ ∂U/∂a, a the cell vectors
    - "unfolded": Σ_j r_j ⊗ ∂U/∂r_j over the copies of :func:`unfold`; ``layers`` are its own

    Rows are the directions of r.  They agree to rounding.  Source: the five are our form; M. F. Langer, J. T. Frank,
    F. Knoop, J. Chem. Phys. 159, 174105 (arXiv 2305.01401) derive equivalent ones.

    >>> import torch
    >>> from coupling.atoms import Graph
    >>> chain = Graph(np.array([0, 0]), np.array([0, 0]), np.array([[0.0, 0, 1], [0, 0, -1]]), np.array([18]))
    >>> energies = lambda x, cell, graph: (graph.vectors(x, cell) ** 2).sum()[None] / 2
    >>> made = [strain_derivative(energies, torch.zeros(1, 3), torch.eye(3), chain, form=form) for form in STRAINED]
    >>> [strain[2, 2].item() for strain in made]
    [2.0, 2.0, 2.0, 2.0, 2.0]
    """
    of_type(graph, Graph, "graph")
    one_of(form, STRAINED, "form")
    identity, zero = like(np.eye(3), positions), like(np.zeros((3, 3)), positions)
    if form == "strain":
        _, back = pullback(lambda e: energies(positions @ (identity + e), cell @ (identity + e), graph), [zero])
        return back(None)[0]
    if form == "cell":
        by_atom, by_cell = pullback(lambda x, c: energies(x, c, graph), [positions, cell])[1](None)
        return _dyads(positions, by_atom) + _dyads(cell, by_cell)
    if form == "unfolded":
        cluster = unfold(graph, layers)
        x, inside = cluster.positions(positions, cell), len(positions)
        (by_copy,) = pullback(lambda y: energies(y, cell, cluster.graph)[:inside], [x])[1](None)
        return _dyads(x, by_copy)
    r = graph.vectors(positions, cell)
    if form == "edge strain":
        _, back = pullback(lambda e: energies(positions, cell, graph._replace(added=r @ e)), [zero])
        return back(None)[0]
    return _dyads(r, _by_edge(energies, positions, cell, graph, r))


def stress(energies: Energies, positions: Array, cell: Array, graph: Graph, **options: Any) -> Array:
    """Return the stress [3, 3] as energy over volume, ∂U/∂ε / V, positive under tension; options as there.

    Raises ValueError for a cell without a volume.

    >>> import torch
    >>> from coupling.atoms import Graph
    >>> chain = Graph(np.array([0, 0]), np.array([0, 0]), np.array([[0.0, 0, 1], [0, 0, -1]]), np.array([18]))
    >>> energies = lambda x, cell, graph: (graph.vectors(x, cell) ** 2).sum()[None] / 2
    >>> stress(energies, torch.zeros(1, 3), 2 * torch.eye(3), chain)[2, 2].item()
    1.0
    """
    volume = abs(float(np.linalg.det(to_numpy(cell))))
    if not volume > 0:
        raise ValueError(f"the cell must have a volume, got {quoted(to_numpy(cell).tolist())}")
    return strain_derivative(energies, positions, cell, graph, **options) / volume


class HeatFlux(NamedTuple):
    """The heat flux times the volume, d/dt Σ_i r_i E_i: ``potential`` [3] and ``convective`` [3] part.

    >>> HeatFlux(1.0, 2.0).total
    3.0
    """

    potential: Array
    convective: Array

    @property
    def total(self) -> Array:
        """The sum of both parts."""
        return self.potential + self.convective


def heat_flux(
    energies: Energies,
    positions: Array,
    cell: Array,
    graph: Graph,
    velocities: Array,
    masses: Array,
    *,
    form: str = "unfolded",
    layers: int = 1,
) -> HeatFlux:
    """Return the heat flux times the volume; velocities [nodes, 3], masses [nodes].

        convective    Σ_i v_i (m_i v_i²/2 + U_i)
        potential     Σ_i Σ_j (r_i - r_j) (∂U_i/∂r_j · v_j)

    with i in the cell, and j over all copies of :func:`unfold`.  form:

    - "unfolded": five derivatives, of Σ_i U_i over each half of the atoms and of Σ_i r_i U_i with r_i kept fixed
    - "hardy": the sum as it stands, one derivative for each atom
    - "edges": -Σ r_ij (∂U/∂r_ij · v_j) over the edges, which is the same where U_i depends on the edges of i alone,
      that is for one layer, and another quantity beyond

    layers: of message passing.  Source: M. F. Langer, F. Knoop, C. Carbogno, M. Scheffler, M. Rupp, arXiv 2303.14434;
    R. J. Hardy, Phys. Rev. 132, 168 (1963).

    >>> import torch
    >>> from coupling.atoms import Graph
    >>> pair = Graph(np.array([0, 1]), np.array([1, 0]), np.zeros((2, 3)), np.array([18, 18]))
    >>> x, v, m = torch.tensor([[0.0, 0.0, 0.0], [0.0, 0.0, 2.0]]), torch.tensor([[0.0, 0.0, 1.0]] * 2), torch.ones(2)
    >>> energies = lambda x, cell, graph: (graph.vectors(x, cell) ** 2).sum(-1) / 2
    >>> flux = heat_flux(energies, x, torch.eye(3), pair, v, m)
    >>> flux.potential[2].item(), flux.convective[2].item()
    (-8.0, 5.0)
    """
    of_type(graph, Graph, "graph")
    one_of(form, FLUXES, "form")
    own = energies(positions, cell, graph)
    kinetic = masses * (velocities**2).sum(-1) / 2
    convective = compensated_sum(velocities * (kinetic + own)[:, None])
    if form == "edges":
        r = graph.vectors(positions, cell)
        power = (_by_edge(energies, positions, cell, graph, r) * velocities[graph.others]).sum(-1)
        return HeatFlux(-compensated_sum(r * power[:, None]), convective)
    cluster, arrays = unfold(graph, layers), _arrays_of(positions)
    x, v, inside = cluster.positions(positions, cell), velocities[cluster.atoms], len(positions)
    _, back = pullback(lambda y: energies(y, cell, cluster.graph)[:inside], [x])
    if form == "hardy":
        weights = like(np.eye(inside), positions)
        parts = [compensated_sum((x[i] - x) * (back(weights[i])[0] * v).sum(-1)[:, None]) for i in range(inside)]
        return HeatFlux(compensated_sum(arrays.stack(parts)), convective)
    return HeatFlux(_moments(back, positions, x, v), convective)


def _moments(back: Callable[[Array], list[Array]], positions: Array, copies: Array, v: Array) -> Array:
    """Return Σ_i Σ_j (r_i - r_j) (∂U_i/∂r_j · v_j) of two halves of the atoms, each from its own centre.

    What cancels in r_i - r_j is rounded before; the nearer the origin, the less of it.
    """
    arrays, ones, y = _arrays_of(positions), 1 + 0 * positions[:, 0], positions - positions.mean(0)
    upper = (y[:, (y**2).sum(0).argmax()] > 0) * ones  # along the widest direction
    offsets, terms = 0 * positions, []
    for half in (upper, ones - upper):
        origin = half @ positions / half.sum().clip(1)
        offsets = offsets + half[:, None] * (positions - origin)
        terms.append((origin - copies) * (back(half)[0] * v).sum(-1)[:, None])
    terms.append(arrays.stack([(back(r)[0] * v).sum(-1) for r in offsets.T], 1))
    return compensated_sum(arrays.concatenate(terms))


def compensated_sum(terms: Array) -> Array:
    """Return the sum over the first axis as in twice the precision, rounded once; torch or JAX, traced or not.

    Terms of either sign cancel in a flux.  High parts are multiples of one power of two, so their sum is exact, and the
    error is below (n ε)² of the largest of n terms.  Source: S. M. Rump, T. Ogita, S. Oishi, SIAM J. Sci. Comput. 31,
    189 (2008).

    >>> import torch
    >>> compensated_sum(torch.tensor([[1.0], [1e-9], [-1.0], [1e-9]])).tolist() == torch.tensor([2e-9]).tolist()
    True
    """
    if not len(terms):
        return terms.sum(0)
    arrays = _arrays_of(terms)
    bound = 2 * (len(terms) + 2) * arrays.amax(abs(terms), 0)
    mantissa, _ = arrays.frexp(bound)
    power = bound / (mantissa + (mantissa == 0))
    high = (terms + power) - power
    return high.sum(0) + (terms - high).sum(0)


def _dyads(rows: Array, slopes: Array) -> Array:
    """Return Σ r ⊗ s [3, 3] over the rows r and s [n, 3]."""
    return compensated_sum(rows[:, :, None] * slopes[:, None, :])


def _arrays_of(value: Array) -> Any:
    """Return the module of a framework whose functions have the names of numpy: stack, concatenate."""
    return import_module("jax.numpy" if framework_of(value) == "jax" else "torch")


def _by_edge(energies: Energies, positions: Array, cell: Array, graph: Graph, vectors: Array) -> Array:
    """Return ∂U/∂r_ij [E, 3]."""
    found = pullback(lambda added: energies(positions, cell, graph._replace(added=added)), [0 * vectors])
    return found[1](None)[0]


def pullback(
    function: Callable[..., Array], arguments: Sequence[Array]
) -> tuple[Array, Callable[[Array], list[Array]]]:
    """Return the values of a function of torch or JAX, and its gradients for a cotangent, None for ones.

    Torch keeps no history of what is returned.  Raises TypeError for arrays of another framework.

    >>> import torch
    >>> values, back = pullback(lambda x: x**2, [torch.arange(3.0)])
    >>> back(torch.tensor([1.0, 1.0, 2.0]))
    [tensor([0., 2., 8.])]
    """
    kind = framework_of(arguments[0])
    if kind == "jax":
        jax = import_module("jax")
        values, back = jax.vjp(function, *arguments)
        ones = jax.numpy.ones_like(values)
        return values, lambda cotangent: list(back(ones if cotangent is None else cotangent))
    if kind != "torch":
        raise TypeError(f"positions must be an array of torch or JAX, got {type(arguments[0]).__name__}")
    torch = import_module("torch")
    own = [a.detach().requires_grad_() for a in arguments]
    values = function(*own)

    def gradients(cotangent: Array) -> list[Array]:
        weights = torch.ones_like(values) if cotangent is None else cotangent
        found = torch.autograd.grad(values, own, weights, retain_graph=True, allow_unused=True, materialize_grads=True)
        return list(found)

    return values.detach(), gradients
