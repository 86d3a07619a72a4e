"""Public names at the top of modules: a class has a name of its own in the whole package."""

from __future__ import annotations

import ast
from collections import defaultdict

from tests.sources import inside, modules, tree

#: Modules that name their classes on purpose as others do: `coupling.products` on the arrays of another framework.
BACKENDS = (
    "coupling.backends.array_api.constructors",
    "coupling.backends.jax.contraction",
    "coupling.backends.jax.convolution",
    "coupling.backends.jax.edge_frame",
    "coupling.backends.jax.tensor_product",
    "coupling.backends.torch.contraction",
    "coupling.backends.torch.convolution",
    "coupling.backends.torch.edge_frame",
    "coupling.backends.torch.tensor_product",
)


def types_at_the_top(module: str) -> dict[str, ast.stmt]:
    """The classes of a module and its names of types, those without an underscore."""
    found: dict[str, ast.stmt] = {}
    for node in tree(modules()[module]).body:
        if isinstance(node, ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.Assign):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
            found |= {name: node for name in names if name[0].isupper() and not name.isupper()}
    return {name: node for name, node in found.items() if not name.startswith("_")}


def test_no_class_has_two_meanings() -> None:
    """Neither two classes have one name, nor a class and what another module calls a type."""
    places: dict[str, dict[str, ast.stmt]] = defaultdict(dict)
    for module in modules():
        if inside(module, "coupling") and module not in BACKENDS:
            for name, node in types_at_the_top(module).items():
                places[name][module] = node
    classes = {n: p for n, p in places.items() if any(isinstance(node, ast.ClassDef) for node in p.values())}
    several = {name: sorted(where) for name, where in classes.items() if len(where) > 1}
    assert not several and len(classes) > 130
    assert {"Block", "Bound", "Entries", "Form", "Plan", "Program"} <= set(classes)


#: Functions that several modules define: why, and their names.  What a user types on the command line is not counted.
ON_PURPOSE = {
    "the number of coupling.exact, correctly rounded by coupling.numbers": "antisymmetric_gaunt clebsch_gordan "
    "fano_x racah_v racah_w gaunt real_antisymmetric_gaunt real_gaunt reduced_harmonic reduced_spin "
    "triangle_coefficient wigner_12j wigner_3j wigner_6j wigner_9j wigner_d wigner_eckart",
    "a field of the record of each family": "factor outline symbol",
    "one of several backends": "cartesian_harmonics constructor product weight_gradient weighted_product wigner_D "
    "wigner_D_up_to",
    "the reader, the request or the check of each kind of file": "check facts load register request_of",
    "a step of a route, recorded on a tape and computed by loops": "decode encode fold multiply synthesis",
    "the same step in a kernel for one product each": "gather scatter space_needed",
    "arithmetic of one kind of numbers or memory in kernels": "add fma load product store",
    "what kernels write and a function of Python returns": "binomials complex_orders real_orders tabulate",
    "the same quantity, on its own route to compare with": "analysis angles rounded synthesis",
    "different things that no module imports together": "accidental_zeros count in_order integers kernel lowered "
    "normalized read_rows reference term turn unit",
}


def functions_at_the_top(module: str) -> set[str]:
    """The functions of a module without an underscore that are no commands."""
    found = set()
    for node in tree(modules()[module]).body:
        if isinstance(node, ast.FunctionDef):
            decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
            if not any(".command" in text or ".group" in text for text in decorators):
                found.add(node.name)
    return {name for name in found if not name.startswith("_")}


def test_functions_share_a_name_on_purpose_alone() -> None:
    places = defaultdict(list)
    for module in modules():
        if inside(module, "coupling"):
            for name in functions_at_the_top(module):
                places[name].append(module)
    several = {name for name, where in places.items() if len(where) > 1}
    allowed = {name for names in ON_PURPOSE.values() for name in names.split()}
    assert {name: places[name] for name in several - allowed} == {}
    assert allowed - several == set(), "no longer shared: take them out of the list"
    assert len(places) > 800
