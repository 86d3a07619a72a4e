"""How few products simulate another: low-rank decompositions of normalizations and of the whole coupling tensor."""

from __future__ import annotations

from coupling.lowrank.baseline import tensorly_decompose
from coupling.lowrank.certificate import Certificate
from coupling.lowrank.decompose import Decomposition, decompose
from coupling.lowrank.equivariance import equivariance_error
from coupling.lowrank.exact import ExactCertificate, exact_certificate
from coupling.lowrank.problems import Problem, normalization_problem, whole_problem
from coupling.lowrank.study import study

__all__ = [
    "Certificate",
    "Decomposition",
    "ExactCertificate",
    "Problem",
    "decompose",
    "equivariance_error",
    "exact_certificate",
    "normalization_problem",
    "study",
    "tensorly_decompose",
    "whole_problem",
]
