"""Models without this package: exports for any number of atoms and edges, packages, C++, ONNX; no TorchScript."""

from __future__ import annotations

import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch: Any = pytest.importorskip("torch")

from coupling.backends import torch as interop  # noqa: E402
from coupling.manybody import basis  # noqa: E402
from coupling.products.form import KINDS  # noqa: E402

ROOT = Path(__file__).parent.parent
CPP = ROOT / "docs" / "examples" / "deploy.cpp"
SIZES = ((7, 20), (2, 3), (1, 0), (30, 100))

#: What a process without the package does: coupling cannot be imported, the package is loaded and run.
LOADER = """
import sys

class Nothing:
    def find_spec(self, name, *rest):
        if name.split(".")[0] in ("coupling", "numba"):
            raise ImportError(f"{name} is not here")

sys.meta_path.insert(0, Nothing())
import torch

try:
    import coupling
except ImportError:
    pass
else:
    raise SystemExit("coupling is here")
model = torch._inductor.aoti_load_package(sys.argv[1])
torch.save([model(*inputs) for inputs in torch.load(sys.argv[2])], sys.argv[3])
assert not any(name.split(".")[0] == "coupling" for name in sys.modules)
"""


class Model(torch.nn.Module):  # type: ignore[misc]
    """Messages from vectors, their product with themselves, and a symmetric contraction: an energy for each atom."""

    def __init__(self, channels: int = 4, species: int = 2, lmax: int = 1) -> None:
        super().__init__()
        self.channels = channels
        self.embedding = torch.nn.Embedding(species, channels)
        self.messages = interop.Convolution(0, lmax, lmax)
        self.radial = torch.nn.Linear(1, len(self.messages.paths) * channels)
        self.square = interop.ClebschGordan(lmax, lmax, lmax, learn=True)
        bases = [basis(lmax, order, 0) for order in (1, 2)]
        self.contraction = interop.SymmetricContraction(bases, learn=True, species=species, channels=channels)

    def forward(self, positions: Any, species: Any, senders: Any, receivers: Any) -> Any:
        vectors = positions[receivers] - positions[senders]
        weights = self.radial(torch.exp(-vectors.norm(dim=-1, keepdim=True))).unflatten(-1, (-1, self.channels))
        density = self.messages(self.embedding(species)[:, None], vectors, weights, senders, receivers)
        density = density + self.square(density, density)
        return self.contraction(density, species=species)[:, 0].sum(-1)


def model_of(dtype: Any = torch.float32) -> Any:
    torch.manual_seed(0)
    return Model().to(dtype).eval()


def graph(atoms: int, edges: int, dtype: Any = torch.float32) -> tuple[Any, ...]:
    generator = torch.Generator().manual_seed(atoms)
    senders = torch.randint(0, atoms, (edges,), generator=generator)
    receivers = (senders + 1 + torch.randint(0, max(1, atoms - 1), (edges,), generator=generator)) % atoms
    positions = torch.randn(atoms, 3, generator=generator, dtype=dtype)
    return positions, torch.randint(0, 2, (atoms,), generator=generator), senders, receivers


def axes() -> tuple[Any, ...]:
    atoms, edges = (torch.export.Dim(name, min=0) for name in ("atoms", "edges"))
    return {0: atoms}, {0: atoms}, {0: edges}, {0: edges}


def exported(module: Any, *inputs: Any) -> Any:
    return torch.export.export(module, inputs or graph(5, 12), dynamic_shapes=axes())


def operators_of(program: Any) -> set[str]:
    return {str(node.target) for node in program.graph.nodes if node.op == "call_function"}


def close(found: Any, expected: Any, tolerance: float) -> None:
    assert found.shape == expected.shape and found.dtype == expected.dtype
    found, expected = found.detach(), expected.detach()
    scale = float(expected.abs().max()) if expected.numel() else 1.0
    assert float((found - expected).abs().max() if expected.numel() else 0.0) <= tolerance * scale


# -- the copy ---------------------------------------------------------------------------------


def modules() -> dict[str, tuple[Any, tuple[Any, ...]]]:
    """Each module that has a program, and inputs that require gradients."""
    made: dict[str, tuple[Any, tuple[Any, ...]]] = {}
    for kind in KINDS:
        for layout in ("channels_last", "channels_first"):
            module = getattr(interop, kind)(2, 1, 2, layout=layout)
            shapes = [(3, *a, 2) if layout == "channels_last" else (3, 2, *a) for a in module._shapes[:2]]
            made[f"{kind}, {layout}"] = module, tuple(map(torch.randn, shapes))
    made["learned"] = interop.ClebschGordan(2, 1, 2, learn=True), (torch.randn(3, 9, 2), torch.randn(4, 1))
    radial = torch.randn(3, len(made["learned"][0].paths), 2)
    made["weights of samples"] = interop.ClebschGordan(2, 1, 2), (torch.randn(3, 9, 2), torch.randn(4, 1), radial)
    made["contraction"] = interop.SymmetricContraction(basis(1, 2, 0), learn=True, channels=2), (torch.randn(3, 4, 2),)
    return made


@pytest.mark.parametrize("name", modules())
def test_a_copy_has_the_same_values_and_gradients(name: str) -> None:
    module, inputs = modules()[name]
    copy, given = interop.deployable(module.double()), [x.double().requires_grad_() for x in inputs]
    assert copy.program and not module.program
    results = []
    for one in (module, copy):
        leaves = [*given, *one.parameters()]
        z = one(*given)
        results.append([z, *torch.autograd.grad((z * z).sum(), leaves)])
    for found, expected in zip(*results, strict=True):
        close(found, expected, 1e-13)
    assert not any("coupling" in name for name in operators_of(torch.export.export(copy, tuple(given))))
    assert name == "contraction" or any(
        "coupling" in name for name in operators_of(torch.export.export(module, tuple(given)))
    )


@pytest.mark.parametrize("separate", [False, True])
@pytest.mark.parametrize("paths", ["all", "odd", [(1, 2, 2), (0, 1, 1)]])
def test_a_copy_of_a_convolution(paths: Any, separate: bool) -> None:
    """From vectors and from harmonics, weights of all shapes, receivers of another number, no edges."""
    module, met = interop.Convolution(1, 2, 2, paths=paths, separate=separate), 0
    copy, count = interop.deployable(module), len(module.paths)
    for edges in (5, 0):
        senders, receivers = torch.arange(edges) % 3, torch.arange(edges) % 2
        for y in (torch.randn(edges, 3), torch.randn(edges, 9)):
            for shape in ((count,), (edges, count), (edges, count, 2)):
                given = [v.double().requires_grad_() for v in (torch.randn(3, 4, 2), y, torch.randn(shape))]
                results = []
                for one in (module, copy):
                    z = one(*given, senders, receivers, 4)
                    results.append([z, *torch.autograd.grad((z * z).sum(), given)])
                for found, expected in zip(*results, strict=True):
                    close(found, expected, 1e-13)
                met += 1
    assert met == 12


# -- exports ----------------------------------------------------------------------------------


def test_an_export_takes_any_number_of_atoms_and_edges() -> None:
    model = model_of()
    program = exported(interop.deployable(model))
    assert not any("coupling" in name for name in operators_of(program))
    for sizes in SIZES:
        close(program.module()(*graph(*sizes)), model(*graph(*sizes)), 2e-5)
    kept = exported(model)  # with operators: for processes that have the package
    assert any("coupling" in name for name in operators_of(kept))
    for sizes in SIZES:
        close(kept.module()(*graph(*sizes)), model(*graph(*sizes)), 2e-5)


def energy_and_forces(model: Any) -> Callable[..., Any]:
    def both(positions: Any, *rest: Any) -> tuple[Any, Any]:
        positions = positions.detach().requires_grad_()
        energy = model(positions, *rest).sum()
        return energy.detach(), -torch.autograd.grad(energy, positions)[0]

    return both


def test_forces_are_traced_then_exported() -> None:
    model, copy = model_of(torch.float64), interop.deployable(model_of(torch.float64))
    inputs, given = graph(5, 12, torch.float64), {"_allow_non_fake_inputs": True}
    traced = torch.fx.experimental.proxy_tensor.make_fx(energy_and_forces(copy), tracing_mode="symbolic", **given)(
        *inputs
    )
    program = torch.export.export(traced, inputs, dynamic_shapes=axes())
    for sizes in ((7, 20), (3, 9), (30, 100)):
        found = program.module()(*graph(*sizes, torch.float64))
        assert found[1].shape == (sizes[0], 3)
        for one, other in zip(found, energy_and_forces(model)(*graph(*sizes, torch.float64)), strict=True):
            close(one, other, 1e-12)


# -- packages ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("g++") is None:
        pytest.skip("g++ is not installed, which AOTInductor and the C++ program need")
    folder = tmp_path_factory.mktemp("package")
    program = exported(interop.deployable(model_of()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch about itself
        made = torch._inductor.aoti_compile_and_package(program, package_path=str(folder / "model.pt2"))
    return Path(made)


def test_a_package_runs_in_a_process_without_coupling(package: Path, tmp_path: Path) -> None:
    torch.save([list(graph(*sizes)) for sizes in SIZES], tmp_path / "inputs.pt")
    names = [str(file) for file in (package, tmp_path / "inputs.pt", tmp_path / "outputs.pt")]
    done = subprocess.run([sys.executable, "-c", LOADER, *names], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    model, found = model_of(), torch.load(tmp_path / "outputs.pt")
    assert len(found) == len(SIZES)
    for one, sizes in zip(found, SIZES, strict=True):
        close(one, model(*graph(*sizes)), 2e-5)


def test_a_package_runs_in_a_program_of_cpp(package: Path, tmp_path: Path) -> None:
    """The program of the page, compiled against the headers and libraries of torch itself."""
    from torch.utils.cpp_extension import include_paths, library_paths

    assert len(CPP.read_text(encoding="utf-8").splitlines()) <= 60
    paths = [f"-I{path}" for path in include_paths()]
    for path in library_paths():
        paths += [f"-L{path}", f"-Wl,-rpath,{path}"]
    program = tmp_path / "deploy"
    abi = f"-D_GLIBCXX_USE_CXX11_ABI={int(torch._C._GLIBCXX_USE_CXX11_ABI)}"
    command = ["g++", "-std=c++20", abi, str(CPP), "-o", str(program), *paths, "-ltorch", "-ltorch_cpu", "-lc10"]
    made = subprocess.run(command, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    model = model_of()
    for sizes in SIZES[:2]:
        torch.save(list(graph(*sizes)), tmp_path / "inputs.pt")
        done = subprocess.run([program, package, tmp_path / "inputs.pt"], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        found = torch.tensor([float(line) for line in done.stdout.split()], dtype=torch.float64)
        close(found, model(*graph(*sizes)).double(), 2e-5)
    assert subprocess.run([program], capture_output=True, text=True).returncode == 2


# -- ONNX -------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-12)])
def test_onnx_gives_the_same_numbers(dtype: Any, tolerance: float, tmp_path: Path) -> None:
    """For any number of atoms and edges; every digit of float64, so no constant goes through float32."""
    runtime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    model = model_of(dtype)
    inputs = graph(5, 12, dtype)
    program = torch.onnx.export(
        interop.deployable(model), inputs, dynamic_shapes=axes(), dynamo=True, verbose=False, optimize=True
    )
    program.save(str(tmp_path / "model.onnx"))
    session = runtime.InferenceSession(str(tmp_path / "model.onnx"))
    names = [one.name for one in session.get_inputs()]
    assert [one.shape for one in session.get_inputs()][1:] == [["atoms"], ["edges"], ["edges"]]
    for sizes in ((5, 12), (7, 20), (2, 3), (30, 100)):
        given = [value.numpy() for value in graph(*sizes, dtype)]
        (found,) = session.run(None, dict(zip(names, given, strict=True)))
        close(torch.from_numpy(found), model(*graph(*sizes, dtype)).detach(), tolerance)


# -- TorchScript ------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore")
def test_torchscript_is_refused_with_the_reason_and_the_alternative() -> None:
    model, met = model_of(), 0
    product = interop.TensorProduct("2x0e", "0e", "2x0e")
    for one in (*(module for module, _ in modules().values()), model, model.messages, product):
        for module in (one, interop.deployable(one)):
            with pytest.raises(NotImplementedError, match=r"TorchScript has no type .* use torch.export on deployable"):
                torch.jit.script(module)
            met += 1
    for module in (model, interop.deployable(model)):
        with pytest.raises(NotImplementedError, match=r"would fix the numbers .* use torch.export on deployable"):
            torch.jit.trace(module, graph(5, 12))
    traced = (product, (torch.ones(3, 2), torch.ones(3, 1))), *modules().values()
    for module, inputs in traced:
        with pytest.raises(NotImplementedError, match="would fix the numbers"):
            torch.jit.trace(module, inputs)
        met += 1
    assert met == 2 * (2 * len(KINDS) + 3 + 3) + 2 * len(KINDS) + 3 + 1
