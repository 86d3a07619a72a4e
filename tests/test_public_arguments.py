"""Every public callable with arguments that cannot exist: a sentence, never a crash, never a number.

Each module is walked in a process of its own, so that a crash is seen; a call has ten seconds.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from coupling import products
from tests.sources import ROOT

#: module → callable → arguments that are good, and for each what it has to be: a degree (d; without a largest D), one
#: that may be half an integer (h), an order (o), a count (n), an error bound (p), a word (c; or None v), paths (a, l),
#: largest degrees (b), weights (w), features (x, y), the name of a file (f), an object of this package (r), rotation
#: matrices (m), coefficients (z), tensors (t), ranks (k), a positive length (s), an identifier (i), a spin (j), a
#: table (q), families (L), the name of a table (N), its file (O), a shard (T), three lists of weights (W), irreps (I,
#: u; G with none too), instructions (e), vectors (V), a boolean (B), a degree or none (M), a sum of outer products
#: (Y), an exact angle (U), angles (A), a rotation (R), axes or a convention (E), indices of two nodes (X), a degree
#: (Q; half an integer too H) or order (S) or an array of them, something with no check of its own (-)
SPARSE = "paths='all', normalization='wigner_3j', table=None, layout='channels_last'"
VECTORS = "normalization='norm', solid=False"
FACTORED = "weights=None, layout='channels_last'"
#: The same in every backend.
PRODUCTS = {
    "AntisymmetricGaunt": (f"1, 1, 1, {FACTORED}", "dddWc"),
    "ClebschGordan": (f"1, 1, 1, {SPARSE}", "dddccqc"),
    "FactoredProduct": ("1, 1, 1, None, factors=None, layout='channels_last'", "dddMWc"),
    "FullProduct": (f"1, 1, 1, {SPARSE}", "dddccqc"),
    "Gaunt": (f"1, 1, 1, {FACTORED}", "dddWc"),
    "MatrixProduct": (f"1, 1, 1, spin=None, {FACTORED}", "dddjWc"),
    "RoutedProduct": ("1, 1, 1, method='auto', paths='all', layout='channels_last'", "dddccc"),
    "Simulation": ("1, 1, 1, layout='channels_last'", "dddc"),
    "VectorSignal": (f"1, 1, 1, {FACTORED}", "dddWc"),
}
CONTRACTION = {"SymmetricContraction": ("basis(1, 2, 0), slots='same', layout='channels_last'", "rcc")}
CONVOLUTION = "1, 1, 1, paths='all', normalization='wigner_3j', harmonics='norm', method='auto'"
WALKED: dict[str, dict[str, tuple[str, str]]] = {
    "coupling": {
        "Irreps": ("'4x0e + 2x1o'", "G"),
        "antisymmetric_gaunt": ("1, 1, 1, 1, -1, 0, outside='raise'", "QQQSSSc"),
        "block": ("'gaunt', 1, 1, 2", "cddd"),
        "build": ("Request(lmax=2)", "r"),
        "clebsch_gordan": ("1, 1, 2, 0, 1, 1, outside='raise'", "HHHSSSc"),
        "gaunt": ("1, 1, 2, 0, 1, -1, outside='raise'", "QQQSSSc"),
        "fano_x": ("1, 1, 2, 1, 1, 2, 2, 2, 4, outside='raise'", "H" * 9 + "c"),
        "load": ("'real-l4'", "f"),
        "load_arrays": ("'gauss_legendre-l2'", "f"),
        "normalization": ("'gaunt', 2", "cd"),
        "racah_v": ("1, 1, 2, 0, 1, -1, outside='raise'", "HHHSSSc"),
        "racah_w": ("1, 1, 1, 1, 2, 2, outside='raise'", "HHHHHHc"),
        "real_antisymmetric_gaunt": ("1, 1, 1, 1, -1, 0, outside='raise'", "QQQSSSc"),
        "real_gaunt": ("1, 1, 2, 0, 1, 1, outside='raise'", "QQQSSSc"),
        "reduced_harmonic": ("1, 1, 2, 'edmonds', outside='raise'", "QQQcc"),
        "reduced_spin": ("1, 'rose', outside='raise'", "Hcc"),
        "tabulate": ("'gaunt', 2, 'real', 'all', 1, 2.0**-90", "cdccnp"),
        "triangle_coefficient": ("1, 1, 2, outside='raise'", "HHHc"),
        "wigner_12j": (f"{'1, ' * 12}kind=2, outside='raise'", "H" * 12 + "nc"),
        "wigner_3j": ("1, 1, 2, 0, 1, -1, outside='raise'", "HHHSSSc"),
        "wigner_3j_family": ("2, 1, 1, 0", "ddoo"),
        "wigner_6j": ("1, 1, 2, 1, 1, 2, outside='raise'", "HHHHHHc"),
        "wigner_6j_family": ("1, 2, 1, 1, 2", "hhhhh"),
        "wigner_9j": ("1, 1, 2, 1, 1, 2, 2, 2, 4, outside='raise'", "H" * 9 + "c"),
        "wigner_D": ("1, np.ones(4), 'complex', euler=None, convention=None", "hRcEE"),
        "wigner_d": ("1, 0.5", "hA"),
        "wigner_eckart": ("1, 1, 2, 0, 1, -1, 'edmonds', outside='raise'", "HHHSSScc"),
    },
    "coupling.exact": {
        "antisymmetric_gaunt": ("1, 1, 1, 1, -1, 0", "dddooo"),
        "bracket_factor": ("1, 2, 2", "ddd"),
        "edge_frame_matrix": ("1, 2", "dd"),
        "fano_x": ("1, 1, 2, 1, 1, 2, 2, 2, 4", "h" * 9),
        "clebsch_gordan": ("1, 1, 2, 0, 1, 1", "hhhooo"),
        "gaunt": ("1, 1, 2, 0, 1, -1", "dddooo"),
        "real_antisymmetric_gaunt": ("1, 1, 1, 1, -1, 0", "dddooo"),
        "real_clebsch_gordan": ("1, 1, 2, 0, 1, 1", "dddooo"),
        "real_gaunt": ("1, 1, 2, 0, 1, 1", "dddooo"),
        "real_wigner_3j": ("1, 1, 2, 0, 1, 1", "dddooo"),
        "racah_v": ("1, 1, 2, 0, 1, -1", "hhhooo"),
        "racah_w": ("1, 1, 1, 1, 2, 2", "hhhhhh"),
        "reduced_harmonic": ("1, 1, 2, 'edmonds'", "dddc"),
        "reduced_matrix": ("1, 1, 2, 1", "dddh"),
        "reduced_spin": ("1, 'rose'", "hc"),
        "triangle_coefficient": ("1, 1, 2", "hhh"),
        "wigner_12j": (f"{'1, ' * 12}kind=2", "h" * 12 + "n"),
        "wigner_3j": ("1, 1, 2, 0, 1, -1", "hhhooo"),
        "wigner_3j_at_zero": ("1, 1, 2", "ddd"),
        "wigner_6j": ("1, 1, 2, 1, 1, 2", "hhhhhh"),
        "wigner_9j": ("1, 1, 2, 1, 1, 2, 2, 2, 4", "h" * 9),
        "wigner_d": ("1, 1, 0, sympy.pi / 3", "hooU"),
        "wigner_d_polynomial": ("1, 1, 0", "hoo"),
        "wigner_eckart": ("1, 1, 2, 0, 1, -1, 'edmonds'", "hhhoooc"),
    },
    "coupling.numbers.tabulation": {
        "compile_first": ("'real'", "c"),
        "tabulate": ("'gaunt', 2, 'real', 'all', 1, 2.0**-90", "cdccnp"),
        "tabulate_paths": ("'gaunt', [[1, 1, 2]], 'real', 1, 2.0**-90", "cacnp"),
    },
    "coupling.families": {
        "check_claims": ("family('gaunt'), 2", "rd"),
        "family": ("'gaunt'", "c"),
        "names": ("", ""),
        "of_product": ("'even'", "c"),
        "records": ("", ""),
        "register": ("Family(name='three', factor=lambda l1, l2, l3: Surd(1, 9), integral=False)", "r"),
        "unregister": ("'three'", "c"),
        "with_basis": ("'gaunt', 'real'", "cc"),
    },
    "coupling.numbers.recurrences": {
        "wigner_3j_family": ("2, 1, 1, 0", "ddoo"),
        "wigner_6j_family": ("1, 2, 1, 1, 2", "hhhhh"),
    },
    "coupling.numbers.accuracy": {
        "certificates": ("[2], [(1, 1, 2)]", "bl"),
        "certify_table": ("tabulate('gaunt', 2)", "r"),
        "exact_entries": ("tabulate('gaunt', 2)", "-"),
        "orders_of": ("(1, 1, 2), 'real'", "--"),
        "orthogonality": ("tabulate('gaunt', 2)", "-"),
        "real_terms": ("3, np.array([[-1], [0], [1]])", "--"),
        "row": ("'all', certify_table(tabulate('gaunt', 1))", "--"),
    },
    "coupling.products": {
        "ClebschGordan": (
            "1, 1, 1, None, normalization='wigner_3j', table=None, layout='channels_last', workers=1",
            "dddwcqcn",
        ),
        "FactoredProduct": ("1, 1, 1, None, factors=None, layout='channels_last', workers=1", "dddMWcn"),
        "FullProduct": (f"1, 1, 1, {SPARSE}, workers=1", "dddccqcn"),
        "Gaunt": (f"1, 1, 1, {FACTORED}, workers=1", "dddWcn"),
        "MatrixProduct": (f"1, 1, 1, spin=None, {FACTORED}, workers=1", "dddjWcn"),
        "RoutedProduct": ("1, 1, 1, None, layout='channels_last', workers=1", "dddwcn"),
        "AntisymmetricGaunt": (f"1, 1, 1, {FACTORED}, workers=1", "dddWcn"),
        "TensorProduct": (
            "'2x1o', '0e + 1o', '2x1o', [(0, 0, 0, 'uvu')], convention='e3nn', layout='ir_mul'",
            "GGGecc",
        ),
        "EdgeFrame": ("2, 2, lmax_edge=2, mmax=1, paths=[[1, 1, 2]]", "ddMM-"),
        "m_primary": ("2, 1", "dM"),
        "Convolution": (f"{CONVOLUTION}, workers=1", "IdIccccn"),
        "Edges": ("[0, 1], [1, 1], 2", "XXd"),
        "VectorSignal": ("1, 1, 1", "ddd"),
        "SymmetricContraction": ("basis(1, 2, 0), slots='same', layout='channels_last', workers=1", "rccn"),
        "simulate": ("np.ones((4, 1)), np.ones((4, 1)), 1, 1, 1", "xxddd"),
        "simulate_path": ("np.ones((3, 1)), np.ones((3, 1)), 1, 1, 1", "yyddd"),
        "simulated_weights": ("1, 1, 1", "ddd"),
        "Simulation": ("1, 1, 1", "ddd"),
    },
    "coupling.sphere": {
        "analysis": ("np.ones(gauss_legendre(2).theta.shape), gauss_legendre(2), 1, 'real'", "-rdc"),
        "cartesian_gradients": (f"np.eye(3), 2, {VECTORS}", "VdcB"),
        "cartesian_harmonics": (f"np.eye(3), 2, {VECTORS}", "VdcB"),
        "cartesian_hessians": (f"np.eye(3), 2, {VECTORS}", "VdcB"),
        "edge_rotations": ("np.eye(3)", "V"),
        "gauss_legendre": ("3", "d"),
        "generators": ("1, 'real', convention=None", "dcE"),
        "gradients": ("2, 0.3, 0.4, 'real'", "d--c"),
        "harmonics": ("2, 0.3, 0.4, 'real'", "d--c"),
        "lebedev": ("5", "d"),
        "quadrature": ("'gaunt', 1, 1, 2, 'real'", "cdddc"),
        "random_rotation": ("np.random.default_rng(0)", "r"),
        "rotation_matrix": ("np.eye(3), 2", "md"),
        "spin_weighted_harmonics": ("2, 1, 0.3, 0.4", "dJ--"),
        "synthesis": ("np.ones(4), gauss_legendre(2), 'real'", "zrc"),
        "vector_harmonics": ("2, 0.3, 0.4, 'E', 'real'", "d--Kc"),
    },
    "coupling.foreign": {
        "change_of_basis": ("1, 'e3nn', 'sympy'", "dcc"),
        "named": ("'e3nn'", "c"),
        "translate": ("np.ones((3, 3, 1)), 1, 1, 0, 'e3nn', 'coupling', 'wigner_3j'", "zdddccc"),
    },
    "coupling.arrays": {
        "ArraysRequest": ("'fourier', 2", "cd"),
        "build_arrays": ("'fourier-l2'", "f"),
        "load_arrays": ("'fourier-l2'", "f"),
    },
    "coupling.backends.array_api": PRODUCTS,
    "coupling.crosscheck": {
        "crosscheck": ("1, []", "D-"),
        "write_page": ("Path('page.md'), []", "--"),
    },
    "coupling.backends.cuda": {
        "CudaProduct": ("ClebschGordan(1, 1, 1), route='straight'", "rv"),
        "convolution_source": ("Convolution(1, 1, 1), 'messages', 'float32', 'conv'", "rcci"),
        "contraction_source": ("SymmetricContraction(basis(1, 2, 0)), 'values', 'float32', 'contraction'", "rcci"),
        "cuda_source": ("ClebschGordan(1, 1, 1), 'float32', 'product'", "rci"),
    },
    "coupling.backends.jax": PRODUCTS
    | CONTRACTION
    | {"Convolution": (CONVOLUTION, "IdIcccc")}
    | {"EdgeFrame": ("2, 2, lmax_edge=2, mmax=1, paths=[[1, 1, 2]]", "ddMM-")}
    | {"TensorProduct": ("'2x1o', '0e', '2x1o', [(0, 0, 0, 'uvu')], convention='e3nn', layout='ir_mul'", "GGGecc")}
    | {"load": ("'real-l4', convention='e3nn', family='gaunt', order='path', dtype='float32'", "fcccc")}
    | {"cartesian_harmonics": (f"np.ones(3, np.float32), 2, {VECTORS}", "-dcB")}
    | dict.fromkeys(("wigner_D", "wigner_D_up_to"), ("1, np.ones(4, np.float32)", "d-")),
    "coupling.backends.torch": PRODUCTS
    | CONTRACTION
    | {"Convolution": (CONVOLUTION, "IdIcccc")}
    | {"EdgeFrame": ("2, 2, lmax_edge=2, mmax=1, paths=[[1, 1, 2]]", "ddMM-")}
    | {"TensorProduct": ("'2x1o', '0e', '2x1o', [(0, 0, 0, 'uvu')], convention='e3nn', layout='ir_mul'", "GGGecc")}
    | {"deployable": ("torch.nn.Identity()", "r")}
    | {"load": ("'real-l4', convention='e3nn', family='gaunt', order='path'", "fccc")}
    | {"cartesian_harmonics": (f"torch.ones(3), 2, {VECTORS}", "VdcB")}
    | dict.fromkeys(("wigner_D", "wigner_D_up_to"), ("1, torch.ones(4)", "dR")),
    "coupling.backends.testing": {
        "check_conservative": ("lambda x: (x**2).sum() / 2, np.ones((2, 3)), np.negative, directions=1", "---n"),
        "check_equivariant": (
            "np.negative, [np.ones((2, 3))], ['1o'], '1o', layout='ir_mul', convention='e3nn', rotations=1",
            "----ccn",
        ),
    },
    "coupling.backends.triton": {
        "TritonProduct": ("ClebschGordan(1, 1, 1), route='straight'", "rv"),
        "triton_source": ("ClebschGordan(1, 1, 1), 'float32'", "rc"),
    },
    "coupling.tables": {
        "Request": (
            "lmax=2, basis='real', parity='all', families=['gaunt'], order='path-major', name='mine'",
            "dccLcN",
        ),
        "build": ("Request(lmax=1), 'real-l1.safetensors', workers=1", "rOn"),
        "build_shard": ("Request(lmax=1), 'real-l1.safetensors', 0, 1, workers=1", "rOTnn"),
        "load": ("'real-l4'", "f"),
        "merge": ("Request(lmax=1), 'real-l1.safetensors', workers=1", "rOn"),
        "read_request": ("'request.toml'", "f"),
    },
    "coupling.export": {
        "contraction_descriptors": ("SymmetricContraction(basis(1, 2, 0)), 1", "rn"),
        "contraction_json": ("SymmetricContraction(basis(1, 2, 0)), 1", "rn"),
        "mace_tensor": ("basis(1, 2, 0), 'float32'", "rc"),
        "export": ("build(Request(lmax=1)), 'csv'", "rc"),
        "export_basis": ("basis(1, 2, 0), 'npz', 'float64'", "rcc"),
        "list_table": ("build(Request(lmax=1)), 'coupling', 'wigner_3j', 'path', 'float64'", "rcccc"),
    },
    "coupling.lowrank": {
        "constructed": ("1, 'fewest'", "dc"),
        "cp_tensor": ("[np.ones((2, 1))] * 3", "Y"),
        "decompose": ("np.ones((2, 2, 2)), 1", "tn"),
        "equivariance_error": ("np.ones((4, 4, 4))", "t"),
        "equivariant_study": ("1, [7], 'tetrahedral', starts=1", "dkcn"),
        "exact_certificate": ("normalization_problem('gaunt', 1, 'even'), [np.ones((2, 1))] * 3", "rt"),
        "factors_of": ("[np.ones((2, 1))] * 3", "Y"),
        "normalization_problem": ("'gaunt', 1, 'even'", "cdc"),
        "shipped": ("'gaunt', 2", "cd"),
        "study": ("normalization_problem('gaunt', 1, 'even'), [1]", "rk"),
        "tensorly_decompose": ("np.ones((2, 2, 2)), 1", "tn"),
        "whole_problem": ("1, 'all', 'wigner_3j'", "dcc"),
    },
    "coupling.plots": {
        "accidental_zeros": ("1, 'real'", "dc"),
        "bracket": ("np.ones(4), np.ones(4), 'curl', 'mollweide'", "zzcc"),
        "coupling_block": ("'gaunt', 1, 1, 2, 'real'", "cdddc"),
        "field": ("np.ones(4), 'gradient', 'mollweide'", "zcc"),
        "harmonic": ("1, 0, 'mollweide'", "doc"),
        "output_matrix": ("build(Request(lmax=1)), 1, 0", "rdo"),
        "path_diagram": ("1, 'real'", "dc"),
        "plot_block": ("1, 1, 1, 0", "dddo"),
        "plot_output": ("build(Request(lmax=1)), 1, 0", "rdo"),
        "plot_paths": ("build(Request(lmax=1))", "r"),
        "sparsity": ("build(Request(lmax=1))", "r"),
        "sphere": ("np.ones(4), 'mollweide'", "zc"),
        "unit": ("1, 0", "do"),
    },
    "coupling.atoms": {
        "NeighbourDensity": ("1, 1, 3.0", "dns"),
        "compare_routes": (
            "NeighbourDensity(1, 1, 3.0), neighbours(read_structure(), 3.0), weights='ones', dtype='float64', seed=0",
            "rrccD",
        ),
        "cutoff_function": ("[1.0], 3.0", "-s"),
        "neighbours": ("read_structure(), 3.0", "rs"),
        "periodic_graph": ("read_structure(), 3.0", "rs"),
        "unfold": ("periodic_graph(read_structure(), 2.0), 1", "rn"),
        "radial_functions": ("[1.0], 2, 3.0", "-ns"),
    },
    "coupling.manybody": {
        "BasesRequest": ("2, 3, 1, 'plain'", "dnuc"),
        "basis": ("2, 3, 1, 'plain'", "Inuc"),
        "build_bases": ("'symmetric-l1-n2'", "c"),
        "count": ("2, 3, 1, 'plain'", "Inuc"),
        "count_table": ("1, 2, 'symmetric'", "Inc"),
        "counts": ("2, 3, 'plain'", "Inc"),
        "convert": ("np.ones(5), basis(2, 3, 0), basis(2, 3, 0)", "-rr"),
        "gaunt_powers": ("2, 3, 1", "dnd"),
    },
    "coupling.numbers.normalizations": {
        "exact_normalization": ("'gaunt', 1, 1, 2", "cddd"),
        "normalization": ("'gaunt', 2", "cd"),
    },
}
#: What has no argument to walk: readers of files (tests/test_bad_input.py, test_files_special.py, test_export_fuzz.py),
#: builders, writers and pictures of what others made (tests/test_files_kept.py, test_plots.py), derivatives that torch
#: and JAX take (tests/systems/test_derivatives.py).
APART = {
    "ArrayProduct", "Arrays", "Bases", "Basis", "Comparison", "Construction", "Convention", "Decomposition",
    "ExactCertificate", "Graph", "Grid", "HeatFlux", "Listing", "Neighbours", "Problem", "Record", "RouteResult",
    "Unfolded", "angles",
    "curves", "degree_chart", "false_claims", "forces", "heat_flux", "jit", "load_bases", "load_factors", "new_axes",
    "parities_and_bases", "plot_errors", "plot_features", "plot_structure", "read_convention", "read_exact_basis",
    "read_exact_json", "read_structure", "save", "save_errors", "save_factors", "save_structure",
    "segmented_polynomial", "segmented_tensor_product", "strain_derivative", "stress", "verlet_step",
}  # fmt: skip
#: Classes that are made by others.
RESULTS = {
    "Certificate", "Choice", "Conservative",
    "Family", "PeerProgram", "Product", "Row", "Surd", "Symbols", "Table", "TableCertificate",
    "TableError", "Tabulation",
}  # fmt: skip

PROGRAM = """
import faulthandler, json, os, signal, sys, tempfile, warnings
from fractions import Fraction
from importlib import import_module
from pathlib import Path
import numpy as np
import sympy
faulthandler.enable(sys.stderr)
from coupling.numbers.accuracy import certify_table
from coupling.exact import Surd
from coupling.families import Family, family
from coupling.manybody import basis
from coupling.products import ClebschGordan, Convolution, SymmetricContraction
from coupling.tables import Request, build
from coupling.numbers.tabulation import tabulate

class Slow(BaseException): pass
def late(*_): raise Slow
signal.signal(signal.SIGALRM, late)

NAN, HUGE = float("nan"), 10**30
NO_NUMBER = [None, "x", "1", b"1", True, np.True_, [1], (1, 1, 1, 1), {}, 1j, object(), np.array([1, 2])]
NO_ARRAY = [None, "x", "1", b"1", True, np.True_, {}, 1j, object(), [True], ["1"], [[1], [1, 2]], [1, None], [1j],
            np.array([True]), np.array([1j]), np.array(["1"]), [[NAN]], [1, 0.3], np.array([1, np.inf])]
BAD = {
    "Q": [-1, 1.7, 0.5, HUGE, [1, -1], [0.5], [HUGE], np.array([2**63], np.uint64), *NO_ARRAY],
    "H": [-1, -0.5, 1.7, HUGE, Fraction(1, 3), [1, -1], [Fraction(1, 3)], [HUGE], np.array([-0.5]), *NO_ARRAY],
    "S": [1.7, HUGE, -HUGE, 9, Fraction(1, 3), [9], [[0, HUGE]], np.array([2**63], np.uint64), *NO_ARRAY],
    "d": [-1, 1.7, 0.5, NAN, float("inf"), HUGE, -HUGE, Fraction(1, 2), *NO_NUMBER],
    "h": [-1, -0.5, 1.7, NAN, float("inf"), HUGE, Fraction(1, 3), *NO_NUMBER],
    "o": [1.7, NAN, float("inf"), HUGE, -HUGE, 9, Fraction(1, 3), *NO_NUMBER],
    "n": [0, -1, 1.7, NAN, *NO_NUMBER],
    "p": [0, -1.0, 1.0, NAN, 1e-40, "x", None, True, [1], 1j],
    "c": [None, 1, "", "nothing", b"gaunt", ["gaunt"], NAN],
    "a": [None, 1, "abc", [1, 1, 2], [[1, 1]], [[1, 1, -1]], [[1, 1, 9]], [[1, 1, 1.7]], [[1, 1, NAN]], [[1, 1, 2]] * 2,
          [[True, 1, 2]], [["1", "1", "2"]], [[HUGE, 1, 1]], np.ones((2, 4), int), np.full((1, 3), 10**6), np.ones(3)],
    "l": [None, 1, [[1, 1, 9]], [-1], [1.7], ["x"], [NAN]],
    "b": [None, 1, [-1], [1.7], ["x"], [NAN], [True], [[1, 2]]],
    "w": [1, "x", np.ones((2, 2)), np.ones((3, 3, 3)), [[[1j] * 2] * 2] * 2, [[["x"] * 2] * 2] * 2],
    "x": [None, 1, "x", np.ones(4), np.ones((3, 1)), np.ones((4, 1), int), np.ones((4, 1), complex), [[None]] * 4],
    "y": [None, 1, "x", np.ones(3), np.ones((4, 1)), np.ones((3, 1), int), np.ones((3, 1), complex), [[None]] * 3],
    "f": ["no such table", "real-l999", ""],
    "r": [None, 1, "x", [1], NAN],
    "m": [None, 1, "x", np.eye(2), np.full((3, 3), NAN), np.ones((3, 3)), 2 * np.eye(3), np.eye(3) * 1j, [["x"] * 3]],
    "z": [None, "x", np.ones(3), np.ones((3, 3, 2)), [None] * 4, np.float64(1)],
    "t": [None, "x", np.ones((2, 2)), np.full((2, 2, 2), NAN), [[["x"]]], 1],
    "k": [None, 1, [0], [-1], [1.7], ["x"], [True], [NAN]],
    "D": [-1, 1.7, 0.5, NAN, float("inf"), -HUGE, Fraction(1, 2), *NO_NUMBER],
    "v": [1, "", "nothing", b"gaunt", ["gaunt"], NAN],
    "i": [None, 1, "", "a b", "1a", "a-b", "a;", "../a", b"a", ["a"]],
    "j": [-1, 0.3, NAN, float("inf"), "x", True, np.True_, [1], 1j, {}, object()],
    "q": [1, "x", "real-l4", [1], {}, object()],
    "L": [None, 1, "gaunt", ["x"], [1], [None], ["gaunt", "gaunt"]],
    "N": [None, 1, "a b", "../a", "a/b", "con", b"a", ["a"], "a" * 100],
    "O": [1, "x", "x.npz", "", ".safetensors", "a b.safetensors", ["a"]],
    "T": [-1, 1, 1.7, NAN, *NO_NUMBER],
    "Y": [1, "x", [[[1]]] * 2, [[[1]], [[1]], [[1, 1]]], [[["x"]]] * 3, [1, 1, 1]],
    "W": [1, "x", [[1, 1]], [[1, 1], [1, 1], [1]], [[1, 1]] * 4, [["x"] * 2] * 3, [[1j] * 2] * 3, [[[1, 1]] * 2] * 3],
    "s": [0, -1.0, NAN, float("inf"), "x", None, 1j, [1], True],
    "I": [-1, 1.7, NAN, HUGE, None, "x", "", "1e + 2", "0x1o", b"1o", True, [1], (1, 2), 1j, object()],
    "G": [-1, 1.7, NAN, HUGE, None, "x", "1e + 2", "1x", "e", b"1o", True, [1], (1, 2), [(1, "2x1o")], [(-1, "1o")],
          [(1.5, "1o")], [(True, "1o")], [(1, (1, 2))], [(1, (-1, 1))], [(HUGE, "0e")], ["1o"], 1j, object()],
    "e": [1, "uvu", b"uvu", True, NAN, [1], [(0, 0, 0)], [(0, 0, 0, "x")], [(0, 0, 1, "uvu")], [(0, -1, 0, "uvu")],
          [(0.5, 0, 0, "uvu")], [(True, 0, 0, "uvu")], [(0, 0, 0, "uuu")], [(0, 0, 0, "uvu", 1)], object(),
          [(0, 0, 0, "uvu", True, NAN)], [(0, 0, 0, "uvu", True, -1)], [(0, 0, 0, "uvu", True, True)]],
    "u": [-1, 0.5, NAN, HUGE, "x", "1", "1e + 1o", True, [1], 1j, object()],
    "M": [-1, 1.7, NAN, HUGE, "x", True, [1], 1j, object()],
    "U": [0.5, NAN, None, "x", True, 1j, [1], object(), sympy.I, sympy.oo, sympy.Float(1)],
    "A": [None, "x", NAN, float("inf"), 1j, True, ["x"], [1, None], object()],
    "R": [None, 1, "x", np.ones(3), np.zeros(4), np.full(4, NAN), 1j * np.ones(4), np.ones((3, 3)), -np.eye(3),
          [True] * 4],
    "E": [1, "", "nothing", "zzy", b"zyz", ["zyz"], NAN],
    "V": [None, 1, "x", np.ones(4), np.full(3, NAN), np.float32([1, NAN, 1]), [1j] * 3, [["x"] * 3], [True] * 3],
    "B": [None, 1, 0.0, "x", [True], NAN],
    "X": [None, 1, "x", [0, 2], [-1, 0], [0.0, 1.0], [[0, 1]], [0], [HUGE, 0], [True, False], ["0", "1"]],
    "J": [1.7, 0.5, HUGE, -HUGE, NAN, *NO_NUMBER],
    "K": [None, 2, 0.0, NAN, "", "e", "-1", b"E", True, ["E"], object()],
    "-": [],
}
EXPECTED = TypeError, ValueError, MemoryError, OSError
module, good = import_module(sys.argv[1]), json.loads(sys.argv[2])
cases, wrong = 0, []
if "torch" in sys.argv[1]:
    import torch
folder = tempfile.TemporaryDirectory()
os.chdir(folder.name)
Path("request.toml").write_text("lmax = 1")
for name, (arguments, kinds) in good.items():
    function = getattr(module, name)
    def both(*values, **named):
        names[:] = named
        return [*values, *named.values()]
    names = []
    start = eval(f"both({arguments})", {**globals(), **vars(module), "both": both})
    def call(values):
        first = len(values) - len(names)
        result = function(*values[:first], **dict(zip(names, values[first:])))
        return list(result) if hasattr(result, "__next__") else result
    call(start)
    if len(kinds) != len(start):
        wrong.append(f"{name}: {len(kinds)} kinds for {len(start)} arguments")
    for slot, kind in enumerate(kinds):
        for bad in BAD[kind]:
            given = [*start]
            given[slot] = bad
            print(name, slot, repr(bad)[:60], file=sys.stderr, flush=True)
            signal.alarm(10)
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("error")
                    found = f"gives {call(given)!r:.60}"
            except Slow:
                found = "takes more than ten seconds"
            except EXPECTED as error:
                text = str(error)
                found = "" if len(text) > 10 and text[-1] not in ",:" else f"says {text!r}"
                if type(bad).__name__ in ("bool", "bool_") and "bool" not in text:
                    found = f"does not say that it is a boolean: {text!r}"
            except BaseException as error:
                found = f"{type(error).__name__}: {error}"
            finally:
                signal.alarm(0)
            cases += 1
            if found:
                wrong.append(f"{name}, argument {slot + 1} = {bad!r:.60}: {found}")
print(json.dumps([cases, wrong]))
"""


def callables(module: ModuleType) -> set[str]:
    """The public callables of a module: those of ``__all__``, or those it defines."""
    defined = [name for name, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__]
    own = getattr(module, "__all__", defined)
    return {n for n in own if n[0] != "_" and callable(getattr(module, n))} - RESULTS


def need(module: str) -> None:
    """Skip what needs a framework that is not installed; make test-interop walks it."""
    for name in ("torch", "jax"):
        if module.endswith(f"backends.{name}"):
            pytest.importorskip(name)


@pytest.mark.parametrize("module", WALKED)
def test_every_public_callable_is_walked(module: str) -> None:
    need(module)
    assert callables(import_module(module)) - APART == set(WALKED[module])


@pytest.mark.skipif(sys.platform == "win32", reason="alarms of POSIX")
@pytest.mark.parametrize("module", WALKED)
def test_arguments_that_cannot_exist_raise_a_sentence(module: str) -> None:
    need(module)
    command = [sys.executable, "-c", PROGRAM, module, json.dumps(WALKED[module])]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, env=environment)
    assert done.returncode == 0, f"{done.returncode} after:\n{done.stderr[-2000:]}"
    cases, wrong = json.loads(done.stdout.splitlines()[-1])
    assert not wrong, "\n".join(wrong)
    few = module in ("coupling.numbers.accuracy", "coupling.crosscheck", "coupling.backends.triton")
    assert cases >= (10 if few else 25)


IMMENSE = """
import resource, signal
import numpy as np
from coupling.products import *
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
signal.alarm(100)
L = 10**5
kinds = ClebschGordan, FullProduct, MatrixProduct, RoutedProduct, VectorSignal
calls = [lambda c=c: c(L, L, L) for c in kinds] + [lambda c=c: c(128, 1, 128) for c in kinds[:2]]
calls += [lambda: Gaunt(9000, 9000, 9000)._turned._compute(*np.ones((3, 1, 9001**2, 1), np.float32))]
calls += [lambda: simulated_weights(L, L, L), lambda: MatrixProduct(3, 3, 3, spin=L)]
for call in calls:
    try:
        call()
    except (MemoryError, ValueError) as error:
        print(type(error).__name__, str(error)[:200])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
def test_products_of_immense_degrees_are_refused_with_a_sentence() -> None:
    """Of degrees that exist, but whose tables do not fit, or that no table reaches; at once, and without a crash."""
    done = subprocess.run([sys.executable, "-c", IMMENSE], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    said = done.stdout.splitlines()
    assert len(said) == 10 and all("bytes" in line or "must be" in line or "allocate" in line for line in said), said


@pytest.mark.parametrize(
    "name", ["full_product", "matrix_product", "sparse_product", "sphere_product", "vector_product"]
)
def test_kernels_of_products_state_their_domain_and_get_64_bit_integers(name: str) -> None:
    """Their places are products of degrees, lanes and rows: 32 bits would overflow at a few thousand channels."""
    assert "Domain: " in (import_module(f"coupling.kernels.{name}").__doc__ or "")
    made: dict[str, products.Product] = {
        "full_product": products.FullProduct(3, 3, 3),
        "matrix_product": products.MatrixProduct(3, 3, 3),
        "sparse_product": products.ClebschGordan(3, 3, 3),
        "sphere_product": products.Gaunt(3, 3, 3),
        "vector_product": products.VectorSignal(3, 3, 3),
    }
    product, seen = made[name], []
    module = import_module(type(product).__mro__[1 if name == "sphere_product" else 0].__module__)
    functions = {"sphere_product": ["spherical_product"], "full_product": ["full_product", "full_adjoint"]}
    with pytest.MonkeyPatch.context() as patch:
        for function in functions.get(name, [name]):
            patch.setattr(module, function, lambda *given: seen.append(given))
        once = product.turn()
        for each in (product, once, once.turn()):
            each(*(np.ones((2, *shape, 3), np.float32) for shape in each.shapes[:2]))
    integers = [array.dtype for given in seen for array in arrays_of(given) if array.dtype.kind in "iu"]
    assert len(seen) == 3 and len(integers) >= 3 and set(integers) == {np.dtype(np.int64)}


def arrays_of(value: Any) -> Iterator[np.ndarray]:
    """All arrays in tuples of tuples."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from arrays_of(item)
