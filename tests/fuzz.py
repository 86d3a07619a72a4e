"""Damage files at random and count how much of it is detected: ``python -m tests.fuzz [MUTATIONS PER KIND AND FILE]``.

Two sorts of damage: to the bytes of a file, and forgeries, whose checksum is computed again and fits.  Each mutated
file is loaded; it must be refused as a TableError that names the file, and nothing else may happen.
"""

from __future__ import annotations

import itertools
import json
import random
import sys
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.arrays import build_arrays, load_arrays
from coupling.files.atomic import write
from coupling.files.container import DTYPES, Tensor, encode_header, read
from coupling.lowrank import normalization_problem, store, study, whole_problem
from coupling.lowrank.problems import Problem
from coupling.lowrank.records import Record
from coupling.lowrank.store import TRUE, keep
from coupling.manybody import build_bases, load_bases
from coupling.tables import Request, TableError, build, load

Arrays = dict[str, NDArray[Any]]
RECORDS: tuple[tuple[Problem, int, dict[str, Any]], ...] = (
    (normalization_problem("gaunt", 2, "ooe"), 1, {}),
    (normalization_problem("gaunt", 2, "eee"), 2, {}),
    (whole_problem(1), 2, {}),
    (normalization_problem("antisymmetric_gaunt", 2), 1, {"complex_factors": True}),
)
TABLES = (Request(lmax=2), Request(lmax=2, basis="complex"), Request(lmax=1.5, basis="complex", half_integers=True))
ARRAYS = ("gauss_legendre-l1-x8", "lebedev-l1-float32", "design-l1", "fourier-l3", "matrix-l1", "normalization-l2")


# -- damage to bytes --------------------------------------------------------------------------


def flip(raw: bytearray, rng: random.Random) -> None:
    raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)


def overwrite(raw: bytearray, rng: random.Random) -> None:
    start, size = rng.randrange(len(raw)), rng.randrange(1, 64)
    raw[start : start + size] = rng.randbytes(len(raw[start : start + size]))


def zero(raw: bytearray, rng: random.Random) -> None:
    start = rng.randrange(len(raw))
    raw[start : start + 32] = bytes(len(raw[start : start + 32]))


def truncate(raw: bytearray, rng: random.Random) -> None:
    del raw[rng.randrange(len(raw)) :]


def extend(raw: bytearray, rng: random.Random) -> None:
    raw += rng.randbytes(rng.randrange(1, 100))


def cut(raw: bytearray, rng: random.Random) -> None:
    start = rng.randrange(len(raw))
    del raw[start : start + rng.randrange(1, 100)]


def insert(raw: bytearray, rng: random.Random) -> None:
    raw[(start := rng.randrange(len(raw))) : start] = rng.randbytes(rng.randrange(1, 100))


def swap(raw: bytearray, rng: random.Random) -> None:
    size, (a, b) = rng.randrange(1, 200), sorted(rng.sample(range(len(raw) - 200), 2))
    raw[a : a + size], raw[b : b + size] = raw[b : b + size], raw[a : a + size]


def digit(raw: bytearray, rng: random.Random) -> None:
    places = [i for i, byte in enumerate(raw[: int.from_bytes(raw[:8], "little")]) if chr(byte).isdigit()]
    raw[rng.choice(places)] = ord(rng.choice("0123456789"))


def header_length(raw: bytearray, rng: random.Random) -> None:
    raw[:8] = rng.choice([rng.randrange(len(raw)), rng.getrandbits(64), rng.getrandbits(20)]).to_bytes(8, "little")


def nan_poison(raw: bytearray, rng: random.Random) -> None:
    start = int.from_bytes(raw[:8], "little") + 8
    where = start + 8 * rng.randrange((len(raw) - start) // 8)
    raw[where : where + 8] = np.array([rng.choice([np.nan, np.inf])], "<f8").tobytes()


BYTES = (flip, overwrite, zero, truncate, extend, cut, insert, swap, digit, header_length, nan_poison)


# -- forgeries --------------------------------------------------------------------------------


class Forged(NamedTuple):
    """What a forged file is made of; written with a checksum that fits."""

    metadata: dict[str, Any]
    arrays: Arrays
    codes: dict[str, str]
    name: str


def floats(forged: Forged) -> list[str]:
    return [name for name, code in forged.codes.items() if code in ("F64", "F32")]


def forge_not_finite(forged: Forged, rng: random.Random) -> Forged:
    """One number of one array becomes NaN or infinite."""
    name = rng.choice(floats(forged))
    array = forged.arrays[name].copy()
    array.reshape(-1)[rng.randrange(array.size)] = rng.choice([np.nan, np.inf, -np.inf])
    return forged._replace(arrays={**forged.arrays, name: array})


def forge_swapped(forged: Forged, rng: random.Random) -> Forged:
    """Two arrays change places, whatever their shapes; the names stay where they were."""
    left, right = rng.sample(list(forged.arrays), 2) if len(forged.arrays) > 1 else (next(iter(forged.arrays)),) * 2
    arrays = {**forged.arrays, left: forged.arrays[right], right: forged.arrays[left]}
    return forged._replace(
        arrays=arrays, codes={**forged.codes, left: forged.codes[right], right: forged.codes[left]}
    )  # fmt: skip


def forge_order(forged: Forged, rng: random.Random) -> Forged:
    """The arrays stand in another order."""
    names = rng.sample(list(forged.arrays), len(forged.arrays))
    return forged._replace(arrays={name: forged.arrays[name] for name in names})


def forge_dtype(forged: Forged, rng: random.Random) -> Forged:
    """An array is of another type: its bytes read as one of the same size, or its numbers converted."""
    name = rng.choice(list(forged.arrays))
    array, code = forged.arrays[name], rng.choice([c for c in DTYPES if c != forged.codes[name]])
    kind = DTYPES[code]
    with np.errstate(all="ignore"):
        new = array.view(kind) if kind.itemsize == array.itemsize else array.astype(kind)
    return forged._replace(arrays={**forged.arrays, name: new}, codes={**forged.codes, name: code})


def forge_shape(forged: Forged, rng: random.Random) -> Forged:
    """An array is reshaped, transposed, or loses a row."""
    name = rng.choice(list(forged.arrays))
    array = forged.arrays[name]
    new = rng.choice([array.reshape(-1, 1), array[:-1], np.concatenate([array, array]), array[None]])
    return forged._replace(arrays={**forged.arrays, name: np.ascontiguousarray(new)})


def forge_missing(forged: Forged, rng: random.Random) -> Forged:
    """An array is not there, or one too many is, or one has another name."""
    name = rng.choice(list(forged.arrays))
    others = {n: a for n, a in forged.arrays.items() if n != name}
    extra = {**forged.arrays, "extra": forged.arrays[name]}
    renamed = {f"{n}_" if n == name else n: a for n, a in forged.arrays.items()}
    codes = {**forged.codes, "extra": forged.codes[name], f"{name}_": forged.codes[name]}
    return forged._replace(arrays=rng.choice([others, extra, renamed]), codes=codes)


def forge_schema(forged: Forged, rng: random.Random) -> Forged:
    """Another schema, version or convention."""
    wrong = {
        "schema": ["other", "coupling-part", None, 1],
        "schema_version": [0, 2, 99, "1", True, None, 1.5],
        "convention": ["coupling-0", "coupling-2", "", None],
    }
    key = rng.choice(list(wrong))
    return forged._replace(metadata={**forged.metadata, key: rng.choice(wrong[key])})


def forge_metadata(forged: Forged, rng: random.Random) -> Forged:
    """A key of the metadata is gone, new, or of another value, in the request as well."""
    metadata = json.loads(json.dumps(forged.metadata))
    where = rng.choice([metadata, metadata.get("request", metadata)])
    key = rng.choice([k for k in where if k != "package_version"])
    action = rng.randrange(3)
    if action == 0:
        del where[key]
    elif action == 1:
        where[f"{key}_{rng.randrange(100)}"] = where[key]
    else:
        where[key] = rng.choice([v for v in (None, -1, 77, "other", [], {}, [[]], 1e300) if v != where[key]])
    return forged._replace(metadata=metadata)


def forge_renamed(forged: Forged, rng: random.Random) -> Forged:
    """The file has another name than its metadata say, or the metadata another than the file."""
    name = rng.choice(["real-l3", "complex-l3", "lebedev-l2", "matrix-l2", "x", f"real-l{rng.randrange(4, 99)}"])
    if rng.random() < 0.5:
        return forged._replace(name=name)
    return forged._replace(metadata={**forged.metadata, "name": name})


#: What a result says that cannot be computed again: how it was found.
HISTORY = ("seed", "starts", "reached")


def forge_claim(forged: Forged, rng: random.Random) -> Forged:
    """A result of a study claims something else; a proof is claimed where there is none, or the other way round."""
    metadata = json.loads(json.dumps(forged.metadata))
    result = metadata["result"] if "result" in metadata else rng.choice(metadata["results"])
    where = rng.choice([result, result["certificate"]])
    key = rng.choice([k for k in where if k not in (*HISTORY, "certificate", "spec")])
    old = where[key]
    near = [old * 1.001, old / 2] if isinstance(old, float) and old > 1e-9 else []
    where[key] = rng.choice([v for v in (None, -1, 77, "other", [], {}, True, 0.75, *near) if v != old])
    return forged._replace(metadata=metadata)


FORGERIES = (
    forge_not_finite, forge_swapped, forge_order, forge_dtype, forge_shape, forge_missing, forge_schema,
    forge_metadata, forge_renamed,
)  # fmt: skip


# -- counting ---------------------------------------------------------------------------------


class Outcome(NamedTuple):
    """Which file and damage, what was met: "detected", "accepted", or the name of another exception."""

    file: str
    damage: str
    met: str


def sound_files(folder: Path) -> Iterator[tuple[Path, Callable[[Path], object]]]:
    """Give a small file of every kind and what loads it."""
    for request in TABLES:
        yield build(request).save(folder), load
    for name in ARRAYS:
        yield build_arrays(name).save(folder), load_arrays
    yield build_bases("symmetric-l1-n2").save(folder), load_bases
    for problem, rank, options in RECORDS:
        [record] = study(problem, [rank], starts=2, **options)
        yield keep(record, folder), kept


def kept(path: Path) -> Record:
    """Return a record all of whose claims hold, verified now whoever wrote it."""
    TRUE.clear()
    return store.kept(path)


def outcomes(each: int, folder: Path, seed: str = "") -> Iterator[Outcome]:
    """Give the outcomes of so many mutations of each kind for each file."""
    (folder / "mutated").mkdir()
    for file, reader in sound_files(folder):
        for damage in BYTES:
            rng = random.Random(f"{seed}{file.name}{damage.__name__}")
            for raw in itertools.islice(_damaged(file, damage, rng), each):
                target = folder / "mutated" / file.name
                target.write_bytes(raw)
                yield Outcome(file.stem, damage.__name__, attempt(reader, target))
        for forgery in (*FORGERIES, forge_claim) if reader is kept else FORGERIES:
            rng = random.Random(f"{seed}{file.name}{forgery.__name__}")
            for target in itertools.islice(_forged(file, forgery, rng, folder / "mutated"), each):
                yield Outcome(file.stem, forgery.__name__, attempt(reader, target))


def _damaged(file: Path, damage: Callable[[bytearray, random.Random], None], rng: random.Random) -> Iterator[bytes]:
    original = file.read_bytes()
    while True:
        raw = bytearray(original)
        damage(raw, rng)
        if raw != original:
            yield raw


def _forged(
    file: Path, forgery: Callable[[Forged, random.Random], Forged], rng: random.Random, folder: Path
) -> Iterator[Path]:
    content = read(file)
    codes = {tensor.name: tensor.dtype for tensor in content.tensors}
    metadata = {key: value for key, value in content.metadata.items() if key != "checksum"}
    original = file.read_bytes()
    sound = Forged(metadata, content.arrays, codes, file.stem)
    in_vain = 0
    while in_vain < 20:  # some forgeries cannot change some files, such as the order of a single array
        in_vain += 1
        made = forgery(sound, rng)
        tensors = [Tensor(name, made.codes[name], array.shape) for name, array in made.arrays.items()]
        if len(encode_header(made.metadata, tensors)) > 1 << 16:
            continue
        target = folder / f"{made.name}.safetensors"
        write(target, made.metadata, tensors, made.arrays.values(), flush=False, force=True)
        if target.read_bytes() != original or target.name != file.name:
            in_vain = 0
            yield target
        target.unlink(missing_ok=True)


def attempt(reader: Callable[[Path], object], target: Path) -> str:
    """Return what loading a damaged file ends with."""
    try:
        reader(target)
    except TableError as error:
        return "detected" if error.file == str(target) and error.field and str(target) in str(error) else "unnamed"
    except Exception as error:
        return type(error).__name__
    return "accepted"


def peak_memory(reader: Callable[[Path], object], target: Path) -> int:
    """Return the largest number of bytes allocated while a damaged file is loaded."""
    tracemalloc.start()
    attempt(reader, target)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def report(each: int) -> Counter[tuple[str, str]]:
    """Print a table of damages, how many were tried and how many were detected; return the counts."""
    with TemporaryDirectory() as folder:
        counts = Counter((outcome.damage, outcome.met) for outcome in outcomes(each, Path(folder)))
    damages = list(dict.fromkeys(damage for damage, _ in counts))
    for damage in damages:
        met = {met: n for (kind, met), n in counts.items() if kind == damage}
        print(f"{damage:<20} {sum(met.values()):>8} tried {met.get('detected', 0):>8} detected", flush=True)
    total = sum(counts.values())
    detected = sum(n for (_, met), n in counts.items() if met == "detected")
    print(f"{'all':<20} {total:>8} tried {detected:>8} detected")
    return counts


if __name__ == "__main__":
    found = report(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
    sys.exit(any(met != "detected" for _, met in found))
