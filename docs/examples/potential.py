"""A small, complete interatomic potential: copy it, and change what you like.

Radial functions, convolutions over the edges, symmetric contractions of up to three factors, energies of atoms; forces
and stress are derivatives, and ASE runs it.  Needs torch and ASE.  The operations are those of MACE (I. Batatia et al.,
arXiv 2206.07697); how they are put together here is our own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from torch import Tensor, nn

from coupling.atoms import Graph, forces, periodic_graph, strain_derivative
from coupling.backends.torch import Convolution, SymmetricContraction
from coupling.manybody import basis


class RadialFunctions(nn.Module):
    """Weights [E, paths, channels] of edges from their lengths [E]; they vanish at the cutoff with two derivatives."""

    def __init__(self, cutoff: float, size: int, paths: int, channels: int) -> None:
        super().__init__()
        self.cutoff, self.shape = cutoff, (paths, channels)
        self.register_buffer("waves", torch.pi / cutoff * torch.arange(1, size + 1))
        self.net = nn.Sequential(nn.Linear(size, 32), nn.SiLU(), nn.Linear(32, paths * channels))

    def forward(self, r: Tensor) -> Tensor:
        u = (r / self.cutoff).clamp(max=1)[:, None]
        envelope = (1 - u) ** 3 * (1 + 3 * u + 6 * u * u)
        waves = (2 / self.cutoff) ** 0.5 * torch.sin(self.waves * r[:, None]) / r[:, None]
        return (self.net(waves) * envelope).unflatten(1, self.shape)


class Layer(nn.Module):
    """Messages of the neighbours, mixed channels, products of up to ``order`` factors of them, mixed again."""

    def __init__(self, options: Any, lmax_in: int, lmax_out: int) -> None:
        super().__init__()
        lmax, channels, order = options.lmax, options.channels, options.order
        self.conv = Convolution(lmax_in, lmax, lmax)
        self.weights = RadialFunctions(options.cutoff, options.radial, len(self.conv.paths), channels)
        bases = [basis(lmax, n, l) for l in range(lmax_out + 1) for n in range(1, order + 1)]
        self.products = SymmetricContraction(bases, learn=True, species=len(options.species), channels=channels)
        self.before = nn.Parameter(torch.randn(lmax + 1, channels, channels) / channels**0.5)
        self.after = nn.Parameter(torch.randn(lmax_out + 1, channels, channels) / channels**0.5)
        self.scale = options.neighbours**-0.5

    def forward(self, x: Tensor, graph: Graph, vectors: Tensor, lengths: Tensor, kinds: Tensor) -> Tensor:
        edges = torch.as_tensor(graph.others), torch.as_tensor(graph.centres)  # senders, receivers
        messages = self.scale * self.conv(x, vectors, self.weights(lengths), *edges)
        return mixed(self.products(mixed(messages, self.before), species=kinds), self.after)


def mixed(x: Tensor, weights: Tensor) -> Tensor:
    """Channels of x [nodes, (lmax+1)², C] mixed by weights [lmax+1, C, C], one matrix for each degree."""
    degree = torch.arange(x.shape[1]).sqrt().long()
    return torch.einsum("nmc,mcd->nmd", x, weights[degree])


class Potential(nn.Module):
    """Energies in eV of the nodes of a graph; ``species`` are atomic numbers, ``cutoff`` is in Å."""

    def __init__(
        self, species: Sequence[int], cutoff: float = 5.0, *, channels: int = 8, lmax: int = 2, layers: int = 2,
        order: int = 3, radial: int = 8, neighbours: float = 20.0, seed: int = 0,
    ) -> None:  # fmt: skip
        super().__init__()
        torch.manual_seed(seed)
        self.species, self.cutoff, self.channels, self.lmax = sorted(species), cutoff, channels, lmax
        self.order, self.radial, self.neighbours = order, radial, neighbours
        last = layers - 1
        self.layers = nn.ModuleList(Layer(self, int(n > 0), int(n < last)) for n in range(layers))
        self.embedding = nn.Parameter(torch.randn(len(self.species), channels))
        self.readouts = nn.ModuleList(nn.Linear(channels, 1, bias=False) for _ in range(layers))
        self.register_buffer("shift", torch.zeros(len(self.species)))
        self.register_buffer("scale", torch.ones(()))
        self.double()

    def forward(self, positions: Tensor, cell: Tensor, graph: Graph) -> Tensor:
        kinds = torch.as_tensor(np.searchsorted(self.species, graph.numbers))
        vectors = graph.vectors(positions, cell)
        lengths, energies = vectors.norm(dim=1), self.shift[kinds]
        x = self.embedding[kinds][:, None, :]
        for layer, readout in zip(self.layers, self.readouts, strict=True):
            x = layer(x, graph, vectors, lengths, kinds)
            energies = energies + self.scale * readout(x[:, 0])[:, 0]
        return energies


class PotentialCalculator(Calculator):
    """Energy, forces and stress for ASE."""

    implemented_properties = ("energy", "free_energy", "energies", "forces", "stress")

    def __init__(self, potential: Potential) -> None:
        super().__init__()
        self.potential = potential.requires_grad_(False)

    def calculate(self, atoms: Any = None, properties: Any = (), system_changes: Any = all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        graph = periodic_graph(self.atoms, self.potential.cutoff)
        state = torch.tensor(self.atoms.positions), torch.tensor(self.atoms.cell.array)
        energies = self.potential(*state, graph).numpy()
        self.results = {"energies": energies, "energy": energies.sum(), "free_energy": energies.sum()}
        self.results["forces"] = forces(self.potential, *state, graph).numpy()
        if "stress" in properties and self.atoms.cell.rank == 3:
            strained = strain_derivative(self.potential, *state, graph).numpy() / self.atoms.get_volume()
            self.results["stress"] = strained[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]]


def joined(structures: Sequence[Atoms], cutoff: float) -> tuple[Tensor, Tensor, Graph, Tensor]:
    """Positions, cell and graph of structures that do not see one another, and of each atom the structure."""
    graphs = [periodic_graph(atoms, cutoff) for atoms in structures]
    first = np.cumsum([0, *map(len, structures)])
    shifts = [g.shifts @ a.cell.array for g, a in zip(graphs, structures, strict=True)]  # in Å: the cell is 1
    ends = [np.concatenate([getattr(g, f) + n for g, n in zip(graphs, first, strict=False)]) for f in Graph._fields[:2]]
    graph = Graph(*ends, np.concatenate(shifts), np.concatenate([g.numbers for g in graphs]))
    positions = torch.tensor(np.concatenate([a.positions for a in structures]))
    owner = torch.repeat_interleave(torch.arange(len(structures)), torch.tensor([len(a) for a in structures]))
    return positions, torch.eye(3, dtype=torch.float64), graph, owner


def fit(potential: Potential, structures: Sequence[Atoms], epochs: int = 40, rate: float = 0.02, size: int = 4) -> None:
    """Train on energies and forces that the structures have from their calculators."""
    counts = np.array([[(a.numbers == z).sum() for z in potential.species] for a in structures], float)
    wanted = np.array([a.get_potential_energy() for a in structures])
    potential.shift[:] = torch.tensor(np.linalg.lstsq(counts, wanted, rcond=None)[0])
    potential.scale.fill_(float(np.concatenate([a.get_forces() for a in structures]).std()))
    groups = [range(k, len(structures), -(-len(structures) // size)) for k in range(-(-len(structures) // size))]
    parts = [joined([structures[n] for n in group], potential.cutoff) for group in groups]
    known = [torch.tensor(np.concatenate([structures[n].get_forces() for n in g])) for g in groups]
    optimizer = torch.optim.Adam(potential.parameters(), rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, epochs * len(parts))
    for k in np.concatenate([np.random.default_rng(n).permutation(len(parts)) for n in range(epochs)]):
        x, cell, graph, owner = parts[k]
        x = x.requires_grad_()
        energies = potential(x, cell, graph)
        (slope,) = torch.autograd.grad(energies.sum(), x, create_graph=True)
        errors = torch.tensor(-wanted[groups[k]]).index_add(0, owner, energies) / torch.bincount(owner)
        optimizer.zero_grad()
        (((slope + known[k]).square().mean() + errors.square().mean()) / potential.scale**2).backward()
        optimizer.step()
        schedule.step()
