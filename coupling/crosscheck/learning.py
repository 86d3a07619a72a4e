"""Programs of equivariant learning: real coupling tensors and real harmonics, from their public functions.

Each is imported when it is called, and called in double precision.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from types import ModuleType

import numpy as np

from coupling.conventions import CORE
from coupling.crosscheck.program import HARMONICS, ROTATIONS, Array, Functions
from coupling.indexing import degree_slice

UNPICKLE = "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"


@contextmanager
def unpickling() -> Iterator[None]:
    """Let torch read pickled files meanwhile: e3nn 0.4.4 has its constants in one, beside its code."""
    before = os.environ.get(UNPICKLE)
    os.environ[UNPICKLE] = "1"
    try:
        yield
    finally:
        os.environ.pop(UNPICKLE)
        if before is not None:
            os.environ[UNPICKLE] = before


def file_of(package: str, *parts: str) -> str:
    """Return a file of a package without importing it: some want a GPU, or programs that are of no use here."""
    place = find_spec(package)
    folder = next(iter(place.submodule_search_locations or []), None) if place else None
    path = os.path.join(folder or "", *parts)
    if not os.path.exists(path):
        raise ImportError(f"{package} has no {'/'.join(parts)}")
    return path


def one_module(package: str, *parts: str) -> ModuleType:
    """Return the module in one file of a package."""
    path = file_of(package, *parts)
    spec = spec_from_file_location(parts[-1].removesuffix(".py"), path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a module")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def e3nn() -> Functions:
    """o3.wigner_3j, o3.spherical_harmonics and o3.wigner_D, which computes in the default type of torch."""
    torch = import_module("torch")
    with unpickling():
        o3 = import_module("e3nn.o3")

    def harmonics(l: int, points: Array) -> Array:
        return o3.spherical_harmonics(l, torch.from_numpy(points), normalize=True).numpy()

    def rotations(l: int, angles: Array) -> Array:
        before = torch.get_default_dtype()
        torch.set_default_dtype(torch.float64)
        try:
            return o3.wigner_D(l, *torch.from_numpy(angles).T).numpy()
        finally:
            torch.set_default_dtype(before)

    def tensor(*path: int) -> Array:
        return o3.wigner_3j(*path, dtype=torch.float64).numpy()

    return {CORE: tensor, HARMONICS: harmonics, ROTATIONS: rotations}


def fairchem() -> Functions:
    """wigner_D of UMA, in the one file that has it, with the table of quarter turns beside it."""
    torch = import_module("torch")
    folder = ("core", "models", "uma")
    module = one_module("fairchem", *folder, "common", "rotation.py")
    quarters = [j.double() for j in torch.load(file_of("fairchem", *folder, "Jd.pt"), weights_only=True)]

    def rotations(l: int, angles: Array) -> Array:
        return module.wigner_D(l, *torch.from_numpy(angles).T, quarters).numpy()

    return {ROTATIONS: rotations}


def e3nn_jax() -> Functions:
    """clebsch_gordan and spherical_harmonics."""
    jax, module = import_module("jax"), import_module("e3nn_jax")

    def harmonics(l: int, points: Array) -> Array:
        with jax.enable_x64(True):
            return np.asarray(module.spherical_harmonics(f"{l}{'eo'[l % 2]}", points, True).array)

    return {CORE: lambda *path: np.asarray(module.clebsch_gordan(*path)), HARMONICS: harmonics}


def cuequivariance() -> Functions:
    """clebsch_gordan and descriptors.spherical_harmonics."""
    cue = import_module("cuequivariance")

    def harmonics(l: int, points: Array) -> Array:
        return cue.descriptors.spherical_harmonics(cue.SO3(1), [l])(points)[0]

    return {CORE: lambda *path: cue.clebsch_gordan(*map(cue.SO3, path))[0], HARMONICS: harmonics}


def openequivariance() -> Functions:
    """The one file that computes the tensors: the package itself wants a GPU when it is imported."""
    return {CORE: one_module("openequivariance", "core", "e3nn_lite.py").wigner_3j}


def e3j(normalization: str) -> Functions:
    """TensorProduct.clebsch_gordan and Harmonics."""
    jax, space = import_module("jax"), import_module("e3j.spaces").O3Space
    product_of = import_module("e3j.core.tensor_product").TensorProduct
    option = import_module("e3j.utils.options").TensorProductNormalization[normalization]
    harmonics_of = import_module("e3j.core.harmonics").Harmonics

    def tensor(l1: int, l2: int, l3: int) -> Array:
        parity = ["eo"[l1 % 2], "eo"[l2 % 2], "eo"[(l1 + l2) % 2]]
        source1, source2, target = (space(f"{l}{p}") for l, p in zip((l1, l2, l3), parity, strict=True))
        with jax.enable_x64(True):
            sparse = product_of.clebsch_gordan(target, source1, source2, option)
            values, places = np.asarray(sparse.data), np.asarray(sparse.indices)
        result = np.zeros(sparse.shape)
        np.add.at(result, tuple(places.T), values)
        return result

    def harmonics(l: int, points: Array) -> Array:
        with jax.enable_x64(True):
            return np.asarray(harmonics_of(f"{l}{'eo'[l % 2]}")(points))

    return {CORE: tensor, HARMONICS: harmonics}


def e3x() -> Functions:
    """so3.clebsch_gordan, spherical_harmonics and wigner_d in Cartesian order; all come whole, up to a degree."""
    jax, so3 = import_module("jax"), import_module("e3x").so3

    @lru_cache(maxsize=1)
    def whole(lmax: int) -> Array:
        with jax.enable_x64(True):
            return np.asarray(so3.clebsch_gordan(lmax, lmax, lmax, cartesian_order=True))

    def tensor(*path: int) -> Array:
        lmax = next(limit for limit in (2, 5, 10, 15) if max(path) <= limit)
        return whole(lmax)[tuple(degree_slice(l) for l in path)]

    def harmonics(l: int, points: Array) -> Array:
        with jax.enable_x64(True):
            return np.asarray(so3.spherical_harmonics(points, l, True, normalization="racah"))[:, degree_slice(l)]

    def rotations(l: int, matrices: Array) -> Array:
        with jax.enable_x64(True):
            return np.asarray(so3.wigner_d(matrices, l))[:, degree_slice(l), degree_slice(l)]

    return {CORE: tensor, HARMONICS: harmonics, ROTATIONS: rotations}


def so3krates() -> Functions:
    """The table that mlff made, and the harmonics, in the files of So3krates-torch that hold them."""
    torch = import_module("torch")
    with np.load(file_of("so3krates_torch", "blocks", "cgmatrix.npz"), allow_pickle=False) as file:
        table = file["cg"]
    module = one_module("so3krates_torch", "modules", "spherical_harmonics.py")

    def tensor(l1: int, l2: int, l3: int) -> Array:
        return table[degree_slice(l3), degree_slice(l1), degree_slice(l2)]

    def harmonics(l: int, points: Array) -> Array:
        return module.RealSphericalHarmonics([l])(torch.from_numpy(points)).numpy()

    return {CORE: tensor, HARMONICS: harmonics}


def sphericart() -> Functions:
    """SphericalHarmonics."""
    module = import_module("sphericart")

    def harmonics(l: int, points: Array) -> Array:
        return module.SphericalHarmonics(l).compute(points)[:, degree_slice(l)]

    return {HARMONICS: harmonics}
