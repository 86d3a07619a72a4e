"""One object of every public class, and what is asked of it: for tests/test_portable.py and the workers it starts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np

from coupling import Irreps, exact, foreign, lowrank, manybody, products, sphere
from coupling.arrays import build_arrays, load_arrays
from coupling.atoms import (
    Comparison,
    HeatFlux,
    NeighbourDensity,
    Neighbours,
    RouteResult,
    periodic_graph,
    read_structure,
    unfold,
)
from coupling.atoms.comparison import rotated
from coupling.numbers.recurrences import wigner_3j_family
from coupling.numbers.tabulation import tabulate
from coupling.plots import projection
from coupling.products.form import KINDS
from coupling.tables import Request, TableError, build, load

Make = Callable[[], Any]
LMAX = (2, 1, 2)


def content(value: Any) -> Any:
    """A value as something that compares: arrays by type, shape, bytes and whether they can be written."""
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes(), value.flags.writeable
    if is_dataclass(value) and not isinstance(value, type):
        return type(value).__name__, [content(getattr(value, field.name)) for field in fields(value)]
    if isinstance(value, Mapping):
        return type(value).__name__, [(key, content(item)) for key, item in value.items()]
    if isinstance(value, list | tuple):
        return type(value).__name__, [content(item) for item in value]
    if isinstance(value, BaseException):
        return type(value).__name__, content(vars(value)), str(value)
    if isinstance(value, partial):
        return value.func, content(value.args), content(value.keywords)
    return value


def use(thing: Any) -> Any:
    """What an object gives: its product of two features and their gradients, or all that it holds."""
    if isinstance(thing, products.Product):
        x, y, z = given(thing.shapes)
        own = [getattr(thing, name) for name in ("weights", "paths", "normalization") if hasattr(thing, name)]
        return content([thing(x, y), *thing.vjp(x, y, z), own])
    if isinstance(thing, products.TensorProduct):
        random = np.random.default_rng(0)
        sizes = thing.irreps1.dim, thing.irreps2.dim, thing.weight_count
        return content([thing(*(random.standard_normal(size) for size in sizes)), repr(thing), thing.paths])
    if isinstance(thing, products.Edges):
        return content([thing.senders, thing.receivers, thing.order, thing.starts, *thing.by_sender])
    if isinstance(thing, products.EdgeFrame):
        made = thing(np.ones((2, 9, 3)), np.ones((2, 3)), np.ones(thing.weight_count))
        return content([thing.paths, thing.pairs, thing.matrix, made])
    if type(thing).__name__ == "EdgeFrame":
        x, v, w = (np.ones(shape, np.float32) for shape in ((2, 9, 3), (2, 3), thing.weight_count))
        make = import_module("torch").from_numpy if ".torch." in type(thing).__module__ else np.asarray
        return content(np.asarray(thing(*map(make, (x, v, w)))))
    if type(thing).__name__ == "Convolution":
        return convolved(thing)
    if isinstance(thing, products.SymmetricContraction):
        return contracted(thing)
    if type(thing).__name__ == "SymmetricContraction":
        return [content(np.asarray(value)) for value in contracted_by(thing)]
    if type(thing).__module__.startswith("coupling.backends.torch."):
        torch = import_module("torch")
        if type(thing).__name__ == "TensorProduct":
            product = thing.product
            sizes = product.irreps1.dim, product.irreps2.dim, product.weight_count
            return content(thing(*(torch.linspace(-1, 1, size) for size in sizes)).detach().numpy())
        return content(thing(*(torch.from_numpy(value) for value in given([9, 4]))).detach().numpy())
    if type(thing).__name__ == "TensorProduct":
        product = thing.product
        sizes = product.irreps1.dim, product.irreps2.dim, product.weight_count
        return content(np.asarray(thing(*(np.linspace(-1, 1, size, dtype=np.float32) for size in sizes))))
    if type(thing).__module__.startswith(("coupling.backends.jax.", "coupling.backends.array_api.")) and callable(
        thing
    ):
        return content(np.asarray(thing(*given([9, 4]))))
    if type(thing).__name__ in ("CudaProduct", "TritonProduct"):
        return thing.route, thing.turn().product.lmax, use(thing.product)
    return content(thing)


def given(sizes: Any) -> list[Any]:
    """Features of three samples and two channels."""
    random = np.random.default_rng(0)
    axes = [size if isinstance(size, tuple) else (size,) for size in sizes]
    return [random.standard_normal((3, *entries, 2)).astype(np.float32) for entries in axes]


def convolved(thing: Any) -> Any:
    """The messages of a small graph, and in numpy their gradients."""
    x, y, g = given(thing.sizes)
    inputs = x, y[..., 0], np.ones((3, len(thing.paths), 2), np.float32), np.array([0, 1, 1]), np.array([1, 1, 0])
    if isinstance(thing, products.Convolution):
        return content([thing(*inputs), *thing.vjp(*inputs, cotangent=g), thing.paths, thing.path_weights])
    if ".torch." in type(thing).__module__:
        torch = import_module("torch")
        return content(thing(*map(torch.from_numpy, inputs)).numpy())
    return content(np.asarray(thing(*inputs)))


def contracted(thing: Any) -> Any:
    """The contraction of a feature and its gradients."""
    a, g = given([thing.components, sum(size for _, size in thing.outputs)])
    weights = [np.ones((paths, 2), np.float32) for paths in thing.paths]
    return content([thing(a, weights), *thing.vjp(a, weights, g), thing.outputs, thing.slots, thing.layout])


def contracted_by(thing: Any) -> list[Any]:
    """The contraction of a feature by a module of a framework."""
    (a,), weights = given([9]), [np.ones((paths, 2), np.float32) for paths in thing.paths]
    if ".torch." not in type(thing).__module__:
        return [thing(a, weights)]
    torch = import_module("torch")
    return [thing(torch.from_numpy(a), [torch.from_numpy(w) for w in weights]).detach()]


def of(module: str, name: str, *arguments: Any, **options: Any) -> Make:
    """What makes an object of a class or by a function."""
    return lambda: getattr(import_module(f"coupling.{module}"), name)(*arguments, **options)


def every(module: str, *arguments: Any) -> dict[str, Make]:
    """The products of a namespace."""
    return {f"coupling.{module}.{name}": of(module, name, *LMAX) for name in KINDS}


def pairs() -> Neighbours:
    """Two atoms."""
    return Neighbours(np.array([0]), np.array([1]), np.array([[0.0, 0.0, 1.1]]), np.array([6, 8]))


def decomposition() -> Any:
    """A decomposition of the unit weights of degree 1."""
    return lowrank.decompose(lowrank.normalization_problem("gaunt", 1, "even").tensor, 1, starts=1)


OBJECTS: dict[str, Make] = {
    **every("products"),
    "products.RoutedProduct, matrix": lambda: products.RoutedProduct(
        1, 1, 1, products.MatrixProduct(1, 1, 1).path_weights, method="matrix"
    ),
    "products.RoutedProduct, turned": lambda: products.RoutedProduct(*LMAX).turn(),
    "products.ClebschGordan, a loaded table": lambda: products.ClebschGordan(*LMAX, table=load("real-l4")),
    "products.VectorSignal": lambda: products.VectorSignal(*LMAX),
    "products.VectorSignal.single": lambda: products.VectorSignal.single(*LMAX),
    "products.TensorProduct": lambda: products.TensorProduct("2x0e + 2x1o", 2, "3x1o + 2e", convention="e3nn_0_4"),
    "products.SymmetricContraction": lambda: products.SymmetricContraction([manybody.basis(2, n, 1) for n in (1, 3)]),
    "products.EdgeFrame": lambda: products.EdgeFrame(2, 1, mmax=1),
    "products.Convolution": lambda: products.Convolution("0e + 1o", 2, 2, path_weights=[1.0, 2, 3, 4, 5, 6, 7]),
    "products.Edges": lambda: products.Edges([0, 1, 1], [1, 0, 1], 2),
    "products.Choice": lambda: products.RoutedProduct(1, 1, 1).why(),
    "products.ProductSum": of("products.product_sum", "ProductSum", [products.Gaunt(*LMAX), products.Gaunt(*LMAX)]),
    "tables.Table, loaded": lambda: load("real-l4"),
    "tables.Table, built": lambda: build(Request(lmax=2)),
    "tables.Table.entries": lambda: load("real-l4").entries(1, 1, 2),
    "tables.Request": lambda: Request(lmax=2, parity="odd"),
    "tables.TableError": lambda: TableError("real-l4.safetensors", "schema_version", 1, 2, "build it again"),
    "tables.check.Report, Check": lambda: build(Request(lmax=1)).check(),
    "arrays.Arrays, loaded": lambda: load_arrays("gauss_legendre-l4"),
    "arrays.Arrays, built": lambda: build_arrays("fourier-l2"),
    "arrays.ArraysRequest": lambda: build_arrays("fourier-l2").request,
    "tabulation.Tabulation": lambda: tabulate("gaunt", 2),
    "recoupling_tables.RecouplingTable": lambda: tabulate("wigner_6j", 1),
    "half_integers.HalfIntegerTabulation": lambda: tabulate("wigner_3j", 1, "complex", half_integers=True),
    "families.Family": lambda: wigner_3j_family(1, 1, 0, 0),
    "exact.Surd": lambda: exact.Surd(-1, 2, 3, 1, 1),
    "sphere.Grid": lambda: sphere.gauss_legendre(3),
    "foreign.Convention": lambda: foreign.named("e3nn"),
    "foreign.choices.ListedOrders": of("foreign.choices", "ListedOrders", ((0,), (1, -1, 0))),
    "foreign.choices.NegatedPaths": of("foreign.choices", "NegatedPaths", ((1, 1, 1),)),
    "lowrank.Problem": lambda: lowrank.normalization_problem("gaunt", 2, "even"),
    "lowrank.Decomposition, Certificate": decomposition,
    "lowrank.Construction": lambda: lowrank.constructed(1),
    "lowrank.Record, ExactCertificate": lambda: lowrank.shipped("gaunt", 2),
    "backends.loading.Coefficients": of("backends.loading", "read_coefficients", "real-l4", lambda array, _: array),
    "export.Listing": lambda: import_module("coupling.export").list_table(load("real-l4")),
    "export.formats.Format": lambda: import_module("coupling.export").FORMATS,
    "crosscheck.PeerProgram": lambda: list(import_module("coupling.crosscheck").PROGRAMS),
    "crosscheck.Row": lambda: import_module("coupling.crosscheck.comparison").Row(
        *("a", "b", "1", "gaunt", "≤ 2", 3, 9, 0.0, 0.0, "agrees")
    ),
    "plots.projection.Projection": lambda: [make() for make in projection.PROJECTIONS.values()],
    "Irreps": lambda: (Irreps("4x0e + 2x1o"), Irreps("1/2").sort()),
    "backends.testing.Conservative": of("backends.testing", "Conservative", 1e-9, 0.0, 0.0),
    "manybody.Basis": lambda: manybody.basis(2, 3, 1),
    "manybody.Bases, built": lambda: manybody.build_bases("symmetric-l1-n2"),
    "manybody.Bases, loaded": lambda: manybody.load_bases("symmetric-l3-n4"),
    "manybody.BasesRequest": lambda: manybody.BasesRequest(2, 3, "1o"),
    "atoms.Neighbours": lambda: rotated(pairs(), np.eye(3)),
    "atoms.NeighbourDensity": lambda: NeighbourDensity(2, 4, 3.0),
    "atoms.Graph, Unfolded": lambda: unfold(periodic_graph(read_structure(), 1.7)),
    "atoms.HeatFlux": lambda: HeatFlux(np.ones(3), np.zeros(3)),
    "atoms.RouteResult, Comparison": lambda: Comparison(
        [RouteResult("sparse")], products.RoutedProduct(1, 1, 1).why(), (np.zeros((1, 4, 1)),) * 3
    ),
    "programs.program.Program": lambda: import_module("coupling.products.straight").straight_program(
        products.ClebschGordan(1, 1, 1)
    ),
    **every("backends.array_api"),
    "backends.cuda.CudaProduct": lambda: import_module("coupling.backends.cuda").CudaProduct(
        products.ClebschGordan(*LMAX), route="loops"
    ),
    "backends.triton.TritonProduct": lambda: import_module("coupling.backends.triton").TritonProduct(
        products.ClebschGordan(*LMAX)
    ),
}
TENSOR_PRODUCT = "TensorProduct", "2x0e + 2x1o", 2, "3x1o + 2e"
CONTRACTION = [manybody.basis(2, n, 1) for n in (1, 3)]
FRAMEWORKS = {
    f"interop {name}": {
        **every(f"backends.{name}"),
        f"coupling.backends.{name}.SymmetricContraction": of(f"backends.{name}", "SymmetricContraction", CONTRACTION),
    }
    for name in ("torch", "jax")
}
for library in ("torch", "jax"):
    FRAMEWORKS[f"interop {library}"][f"coupling.backends.{library}.EdgeFrame"] = of(
        f"backends.{library}", "EdgeFrame", 2, 1
    )
    FRAMEWORKS[f"interop {library}"][f"coupling.backends.{library}.TensorProduct"] = of(
        f"backends.{library}", *TENSOR_PRODUCT, convention="e3nn_0_4"
    )
for name, made in FRAMEWORKS.items():
    module = name.replace("interop ", "backends.")
    made[f"coupling.{module}.Convolution"] = of(module, "Convolution", 1, 2, 2)
