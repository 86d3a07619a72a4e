"""CP (canonical polyadic) decompositions of normalizations and of the whole coupling tensor.

A decomposition of rank R replaces one product by R cheaper ones.
"""

from __future__ import annotations

from coupling.lowrank.baseline import tensorly_decompose
from coupling.lowrank.by_rank import study
from coupling.lowrank.certificate import Certificate, ExactCertificate, equivariance_error, exact_certificate
from coupling.lowrank.constructed import Construction, constructed
from coupling.lowrank.cp_tensors import cp_tensor, factors_of
from coupling.lowrank.decomposition import Decomposition, decompose
from coupling.lowrank.equivariant import equivariant_study
from coupling.lowrank.problems import Problem, normalization_problem, whole_problem
from coupling.lowrank.records import Record
from coupling.lowrank.store import load_factors, save_factors, shipped
from coupling.lowrank.verification import false_claims

__all__ = [
    "Certificate",
    "Construction",
    "Decomposition",
    "ExactCertificate",
    "Problem",
    "Record",
    "constructed",
    "cp_tensor",
    "decompose",
    "equivariance_error",
    "equivariant_study",
    "exact_certificate",
    "factors_of",
    "false_claims",
    "load_factors",
    "normalization_problem",
    "save_factors",
    "shipped",
    "study",
    "tensorly_decompose",
    "whole_problem",
]
