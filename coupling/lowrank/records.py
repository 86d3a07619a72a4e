"""Results of a study: a decomposition of a problem, with all that verifies it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from coupling.lowrank.decomposition import Decomposition
from coupling.lowrank.equivariance import equivariance_error
from coupling.lowrank.exact import ExactCertificate, exact_certificate
from coupling.lowrank.factors import Factors, tensor
from coupling.lowrank.fit import EXACT
from coupling.lowrank.problems import Problem, from_spec
from coupling.portable import Portable
from coupling.selection import PARITIES


@dataclass(frozen=True, eq=False)
class Record(Portable):
    """A decomposition of a problem with its certificates, as it is stored.

    ``error``, ``worst``: evaluated exactly from the stored factors; ``equivariance``: the relative mean equivariance
    error, for whole tensors; ``starts``: how many were tried, ``reached``: how many of them came within 1 % of the
    best.
    """

    spec: dict[str, Any]
    rank: int
    measure: str
    error: float
    worst: float
    growth: float
    congruence: float
    lower: int
    certificate: ExactCertificate
    equivariance: float | None
    starts: int
    reached: int
    seed: int
    factors: Factors = field(repr=False)

    @property
    def product_factors(self) -> dict[str | tuple[int, ...], Factors]:
        """The factors as :func:`coupling.products.simulate` takes them, for normalizations with real signs or none.

        >>> from coupling.lowrank import normalization_problem, study
        >>> [record] = study(normalization_problem("gaunt", 2, "ooe"), [1])
        >>> {key: [x.shape for x in three] for key, three in record.product_factors.items()}
        {(1, 1, 0): [(3, 1), (3, 1), (3, 1)]}
        """
        problem = from_spec(self.spec)
        kind = problem.spherical
        if kind is None or self.spec["signs"] == "complex":
            raise ValueError(f"products have no factors of {problem.name}")
        a, b, c = (np.zeros((limit + 1, self.rank)) for limit in self.spec["lmax"])
        for full, factor, axis in zip((a, b, c), self.factors, problem.degrees, strict=True):
            full[list(axis)] = factor
        parity = self.spec["parity"]
        return {kind if parity in PARITIES else tuple("eo".index(letter) for letter in parity): (a, b, c)}

    @property
    def name(self) -> str:
        """The name of the problem."""
        return from_spec(self.spec).name

    @property
    def exact(self) -> bool:
        """Whether refined factors reach a residual below 1e-40."""
        return self.certificate.refined is not None

    @property
    def proved(self) -> bool:
        """Whether it is proved that an exact decomposition of this rank exists."""
        return self.certificate.proved


def record_of(problem: Problem, found: Decomposition, seed: int) -> Record:
    """Return the record of a decomposition, its errors evaluated in exact arithmetic."""
    certificate = exact_certificate(problem, found.factors, refine=found.error < EXACT)
    near = sum(error <= max(1.01 * found.errors[0], EXACT) for error in found.errors)
    return Record(
        spec=problem.spec,
        rank=found.rank,
        measure=problem.measure,
        error=certificate.relative,
        worst=certificate.worst,
        growth=found.certificate.growth,
        congruence=found.certificate.congruence,
        lower=found.certificate.lower,
        certificate=certificate,
        equivariance=mean_equivariance_error(problem, found.factors),
        starts=len(found.errors),
        reached=near,
        seed=seed,
        factors=found.factors,
    )


def mean_equivariance_error(problem: Problem, factors: Factors) -> float | None:
    """Return the relative mean equivariance error of real factors of a whole tensor, else None."""
    if problem.spec["problem"] != "whole" or np.iscomplexobj(factors[0]):
        return None
    return equivariance_error(tensor(factors))


def factor_file_name(problem: Problem, rank: int, complex_factors: bool = False) -> str:
    """Return the file name of a problem and rank; weights of the user enter by a digest.

    >>> from coupling.lowrank.problems import whole_problem
    >>> factor_file_name(whole_problem(1), 7)
    'whole-wigner_3j-all-l1-r7.safetensors'
    """
    name = problem.name
    if not isinstance(problem.spec.get("weights", ""), str):
        digest = hashlib.sha256(json.dumps(problem.spec, sort_keys=True).encode()).hexdigest()
        name = name.replace(str(problem.spec["weights"]), digest[:12])
    return f"{name}-r{rank}{'-complex' if complex_factors else ''}.safetensors"
