"""Results of a study as files: one JSON text for each problem and rank, whole or absent, with all that verifies it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from coupling.lowrank.decomposition import Decomposition
from coupling.lowrank.equivariance import equivariance_error
from coupling.lowrank.exact import ExactCertificate, exact_certificate
from coupling.lowrank.factors import Array, Factors, tensor
from coupling.lowrank.fit import EXACT
from coupling.lowrank.problems import Problem, from_spec
from coupling.selection import PARITIES
from coupling.tables.atomic import write_file

SCHEMA = 1


@dataclass(frozen=True, eq=False)
class Record:
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


def file_name(problem: Problem, rank: int, complex_factors: bool = False) -> str:
    """Return the file name of a problem and rank; weights of the user enter by a digest.

    >>> from coupling.lowrank.problems import whole_problem
    >>> file_name(whole_problem(1), 7)
    'whole-wigner_3j-all-l1-r7.json'
    """
    name = problem.name
    if not isinstance(problem.spec.get("weights", ""), str):
        digest = hashlib.sha256(json.dumps(problem.spec, sort_keys=True).encode()).hexdigest()
        name = name.replace(str(problem.spec["weights"]), digest[:12])
    return f"{name}-r{rank}{'-complex' if complex_factors else ''}.json"


def save(record: Record, file: Path) -> None:
    """Write a record; the file appears whole or not at all."""
    values = asdict(record) | {"schema": SCHEMA, "complex": bool(np.iscomplexobj(record.factors[0]))}
    values["factors"] = [x.view(float).tolist() for x in map(np.ascontiguousarray, record.factors)]
    write_file(file, (json.dumps(values, ensure_ascii=False) + "\n").encode())


def from_values(values: dict[str, Any], factors: Sequence[Array]) -> Record:
    """Return the record with these fields, apart from its factors."""
    a, b, c = factors
    return Record(**values | {"certificate": ExactCertificate(**values["certificate"]), "factors": (a, b, c)})


def load(file: Path) -> Record:
    """Return a record of a file, or raise ValueError naming the file."""
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        if values.pop("schema") != SCHEMA:
            raise ValueError("unknown schema")
        kind = complex if values.pop("complex") else float
        factors = [np.array(x, float).view(kind) for x in values.pop("factors")]
        return from_values(values, factors)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{file} is not a result of a study: {error}") from None
