"""The graph of a structure, periodic or not, and the same graph unfolded into a cluster.

A model of energies is a function ``energies(positions, cell, graph)`` of torch or JAX that returns the energy of each
node and takes what it knows of the edges from ``graph.vectors(positions, cell)``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.atoms.reading import ase, neighbours, positive_cutoff
from coupling.backends.testing.arrays import like
from coupling.integers import count
from coupling.selection import of_type

Array = Any


class Graph(NamedTuple):
    """Edges from ``centres`` [E] to ``others`` [E], nodes moved by ``shifts`` [E, 3] lattice vectors.

    numbers [nodes] are Z; ``added`` [E, 3], an array of a framework or None, is added to the vectors of the edges, so
    that these have derivatives.

    >>> pair = Graph(np.array([0, 1]), np.array([1, 0]), np.array([[0.0, 0, 1], [0, 0, -1]]), np.array([18, 18]))
    >>> pair.vectors(np.zeros((2, 3)), 2.0 * np.eye(3)).tolist()
    [[0.0, 0.0, 2.0], [0.0, 0.0, -2.0]]
    """

    centres: NDArray[np.int64]
    others: NDArray[np.int64]
    shifts: NDArray[np.float64]
    numbers: NDArray[np.int64]
    added: Array = None

    def vectors(self, positions: Array, cell: Array) -> Array:
        """Return r_j + shift · cell - r_i [E, 3] for positions [nodes, 3] and cell vectors [3, 3] of one framework."""
        found = positions[self.others] - positions[self.centres] + like(self.shifts, positions) @ cell
        return found if self.added is None else found + self.added


def periodic_graph(atoms: Any, cutoff: float) -> Graph:
    """Return the graph of all pairs of an ``ase.Atoms`` within a cutoff in Å, periodic images included.

    Raises as :func:`coupling.atoms.neighbours`.

    >>> from coupling.atoms import read_structure
    >>> quartz = read_structure()
    >>> graph = periodic_graph(quartz, 1.7)
    >>> bool((abs(np.linalg.norm(graph.vectors(quartz.positions, quartz.cell.array), axis=1) - 1.61) < 0.01).all())
    True
    """
    pairs = neighbours(atoms, positive_cutoff(cutoff))
    bare = pairs.vectors - atoms.positions[pairs.others] + atoms.positions[pairs.centres]
    cell = np.asarray(ase("cell").Cell(atoms.cell).complete().array, float)
    shifts = np.rint(bare @ np.linalg.inv(cell)) if atoms.pbc.any() else np.zeros_like(bare)
    return Graph(pairs.centres, pairs.others, shifts, pairs.numbers)


class Unfolded(NamedTuple):
    """A cluster: node k is a copy of atom ``atoms`` [k] moved by ``shifts`` [k] lattice vectors.

    ``graph`` joins the copies and has no shifts.  The first nodes are the atoms of the cell.

    >>> lone = Graph(np.array([], int), np.array([], int), np.zeros((0, 3)), np.array([18]))
    >>> unfold(lone).positions(np.ones((1, 3)), np.eye(3)).tolist()
    [[1.0, 1.0, 1.0]]
    """

    atoms: NDArray[np.int64]
    shifts: NDArray[np.float64]
    graph: Graph

    def positions(self, positions: Array, cell: Array) -> Array:
        """Return the positions [copies, 3] of the nodes."""
        return positions[self.atoms] + like(self.shifts, positions) @ cell


def unfold(graph: Graph, layers: int = 1) -> Unfolded:
    """Return the cluster in which energies of the atoms of the cell are what they are in the crystal.

    layers: of message passing, 1 where the energy of an atom depends on its own edges alone.  The cluster holds what is
    reached in that number of steps, and the edges of all nodes but those of the last step.  Unfolding is that of
    M. F. Langer, F. Knoop, C. Carbogno, M. Scheffler, M. Rupp, Phys. Rev. B 108, L100302; steps in the graph in the
    place of a radius are our form.

    >>> chain = Graph(np.array([0, 0]), np.array([0, 0]), np.array([[0.0, 0, 1], [0, 0, -1]]), np.array([18]))
    >>> unfold(chain, 2).shifts[:, 2].tolist(), len(unfold(chain, 2).graph.centres)
    ([0.0, 1.0, -1.0, 2.0, -2.0], 6)
    """
    of_type(graph, Graph, "graph")
    order = np.argsort(graph.centres, kind="stable")
    starts = np.searchsorted(graph.centres[order], np.arange(len(graph.numbers) + 1))
    hops = np.rint(graph.shifts).astype(int).tolist()
    nodes = {(atom, (0, 0, 0)): atom for atom in range(len(graph.numbers))}
    edges: list[tuple[int, int]] = []
    frontier = list(nodes)
    for _ in range(count(layers, "layers")):
        reached = []
        for atom, (a, b, c) in frontier:
            for edge in order[starts[atom] : starts[atom + 1]].tolist():
                u, v, w = hops[edge]
                key = int(graph.others[edge]), (a + u, b + v, c + w)
                if key not in nodes:
                    nodes[key] = len(nodes)
                    reached.append(key)
                edges.append((nodes[atom, (a, b, c)], nodes[key]))
        frontier = reached
    centres, others = np.array(edges, np.int64).reshape(-1, 2).T
    atoms = np.array([atom for atom, _ in nodes], np.int64)
    shifts = np.array([shift for _, shift in nodes], float).reshape(-1, 3)
    return Unfolded(atoms, shifts, Graph(centres, others, np.zeros((len(centres), 3)), graph.numbers[atoms]))
