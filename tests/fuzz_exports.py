"""Put hostile text into every text that an export can be made of: ``python -m tests.fuzz_exports``.

Two ways in.  By the door: every field of a convention file, of a request file, of the metadata of a table and of
arrays, every option of the command; what is not refused is exported.  Behind the door: objects whose texts nobody has
checked, so that the writers stand alone.  Every format of the registries is written, and what was written is imported,
compiled or parsed: nothing foreign may run, no symbol may be added, a text is a text, and no file lies anywhere else.
"""

from __future__ import annotations

import ast
import copy
import csv
import io
import json
import re
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import chdir
from dataclasses import fields
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from coupling.arrays import Arrays, build_arrays, load_arrays
from coupling.backends.cuda.source import cuda_source
from coupling.export.formats import FORMATS, OF_ARRAYS, export, export_named
from coupling.files.atomic import write
from coupling.files.container import Tensor, read
from coupling.foreign import Convention, read_convention
from coupling.products import ClebschGordan
from coupling.tables import Request, Table, TableError, build, load, read_request

CANARY = "canary"
PAYLOADS = (
    'x"""\nopen("canary", "w")\n"""', "x'''\nopen('canary', 'w')\n'''", 'x"""+str(open("canary","w"))+"""',
    'x\\"""\n1/0\n#', "x\nopen('canary', 'w')\n", "x\ropen('canary', 'w')\r", "x\x0copen('canary', 'w')",
    "'); open('canary', 'w') #", "x\\", '"', '""', '"""', "'", "'''", "x\u2028open('canary', 'w')", "\\N{BULLET}",
    "\\x22\\x22\\x22\\nopen('canary', 'w')", "# -*- coding: utf-7 -*-", "+ACIAIgAi-open('canary','w')",
    "*/ int canary(void) { return 1; } /*", "*/\nint canary(void) { return 1; }\n/*", "*\\\n/ int canary = 1; /*",
    "*??/\n/ int canary = 1; /*", "??/", "/*", "*/", "/*/", "**/", "x\n#define uint8_t canary\n",
    "x\n#error canary\n", '#include "canary"', "int canary;", "values[2]; int canary[3", "8", "_", "-", "", " ",
    ".", "..", "é", "名", "\x00", "\x1b[2J", "../canary", "../../canary", "/canary", "a/canary", "..\\canary",
    "C:\\canary", "canary\x00.h", "~/canary", "./.canary", "=cmd|' /C canary'!A0", "+1+1", "-1+1", "@SUM(A1)",
    "x,=1+1", 'x",=1+1,"', "x\n=1+1", "x;=1+1", "\t=1+1", "x|=1+1", "\r=1", "$\\input{canary}$",
    "\\write18{touch canary}", "}\\immediate\\write18{touch canary}{", "%", "{0.__class__}", "{}", "%s%n",
    "{canary}", "$(touch canary)", "`touch canary`", "; touch canary", "</script><script>canary</script>", "null",
    "NaN", "1", "__proto__", "\u202e", "x" * 300,
)  # fmt: skip


class Written(NamedTuple):
    """A file that was written: the input and field, the payload in it, the suffix, the bytes."""

    source: str
    payload: str
    suffix: str
    content: bytes


# -- by the door --------------------------------------------------------------------------------


def small(basis: str = "real") -> Table:
    return build(Request(lmax=1, basis=basis))


def of_table(source: str, payload: str, table: Table, convention: Any = None) -> Iterator[Written]:
    """Write every format of tables, with all its options at once where it has any."""
    for name, form in FORMATS.items():
        options: dict[str, Any] = {option: option != "channels" or 2 for option in form.options}
        yield Written(f"{source}, {name}", payload, form.suffix, export(table, name, convention=convention, **options))


def of_arrays(source: str, payload: str, arrays: Arrays) -> Iterator[Written]:
    """Write every format of arrays."""
    for name, suffix in ((name, form.suffix) for name, form in OF_ARRAYS.items()):
        yield Written(f"{source}, {name}", payload, suffix, export_named(arrays, name))


def refused(make: Callable[[], Any]) -> Any:
    """Return what is made, or None where it is refused in one line."""
    try:
        return make()
    except (TableError, TypeError, ValueError) as error:
        if "\n" in str(error) or "\x1b" in str(error):
            raise AssertionError(f"an error of several lines: {error!r}") from None
        return None


def toml(value: object) -> str:
    return json.dumps(value)


def of_conventions(folder: Path, met: Counter[str]) -> Iterator[Written]:
    """Every field of a convention file, as a text and in a list."""
    table, file = small(), folder / "convention.toml"
    for field in (field.name for field in fields(Convention)):
        for payload in PAYLOADS:
            for value in (payload, ["x", "y", payload], [[payload]]):
                lines = {"name": "mine", field: value}
                file.write_text("\n".join(f"{key} = {toml(v)}" for key, v in lines.items()), encoding="utf-8")
                convention = refused(lambda: read_convention(file))
                met[f"convention file: {'refused' if convention is None else 'exported'}"] += 1
                if convention is not None:
                    yield from of_table(f"convention.{field}", payload, table, convention)


def of_requests(folder: Path, met: Counter[str]) -> Iterator[Written]:
    """Every field of a request file."""
    file = folder / "request.toml"
    for field in (field.name for field in fields(Request)):
        for payload in PAYLOADS:
            for value in (payload, [payload], [payload, 1, 1]):
                lines = {"lmax": 1, field: value}
                file.write_text("\n".join(f"{key} = {toml(v)}" for key, v in lines.items()), encoding="utf-8")
                request = refused(lambda: read_request(file))
                met[f"request file: {'refused' if request is None else 'exported'}"] += 1
                if request is not None:
                    yield from of_table(f"request.{field}", payload, build(request))


def texts(values: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Give the place of every text among JSON values."""
    if isinstance(values, str):
        yield place
    pairs = values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
    for key, value in pairs:
        yield from texts(value, (*place, key))


def replaced(values: Any, place: tuple[Any, ...], text: str) -> Any:
    result = copy.deepcopy(values)
    inner = result
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = text
    return result


def of_metadata(folder: Path, met: Counter[str]) -> Iterator[Written]:
    """Every text of the metadata of a file, its checksum computed again."""
    table = read(small().save(folder, force=True))
    file = build_arrays("matrix-l1").save(folder, force=True)
    for content, path, reader in (
        (table, folder / "real-l1.safetensors", load),
        (read(file), file, load_arrays),
    ):
        metadata = {key: value for key, value in content.metadata.items() if key != "checksum"}
        tensors = [Tensor(t.name, t.dtype, t.shape) for t in content.tensors]
        arrays = [np.array(content.arrays[t.name]) for t in tensors]
        for place in texts(metadata):
            for payload in PAYLOADS:
                write(path, replaced(metadata, place, payload), tensors, arrays, flush=False, force=True)
                loaded = refused(lambda path=path, reader=reader: reader(path))
                met[f"metadata of a file: {'refused' if loaded is None else 'exported'}"] += 1
                if loaded is not None:
                    source, make = f"metadata {place}", of_table if isinstance(loaded, Table) else of_arrays
                    yield from make(source, payload, loaded)


def of_options(folder: Path, met: Counter[str]) -> Iterator[Written]:
    """Every option of the command that takes a text, and its argument; where nothing else is said, in this folder."""
    from click.testing import CliRunner

    from coupling.cli import main

    place = folder / "options"
    place.mkdir()
    (place / "mine.toml").write_text('name = "mine"\n')
    usual = {"--format": "csv", "--convention": "mine.toml"}
    for option in ("TABLE", "--format", "--convention", "--family", "--dtype", "--order"):
        for payload in PAYLOADS:
            if "\x00" in payload:
                continue  # no program can be given one
            given = usual | {option: payload}
            table = given.pop("TABLE", "real-l4")
            arguments = [word for pair in given.items() for word in pair]
            with chdir(place):
                done = CliRunner().invoke(main, ["export", *arguments, "--", table])
            met[f"option of the command: {'exported' if done.exit_code == 0 else 'refused'}"] += 1
            assert done.exit_code in (0, 2), (option, payload, done.output)
    assert [path.name for path in place.iterdir()] == ["mine.toml"], list(place.iterdir())
    yield from ()


def of_kernels(folder: Path, met: Counter[str]) -> Iterator[Written]:
    """The name of a kernel."""
    for payload in PAYLOADS:
        source = refused(lambda payload=payload: cuda_source(ClebschGordan(1, 1, 0), "float64", payload))
        met[f"name of a kernel: {'refused' if source is None else 'exported'}"] += 1
        if source is not None:
            yield Written("kernel", payload, ".cu", source.encode())


# -- behind the door ----------------------------------------------------------------------------


def forged(thing: Any, **values: Any) -> Any:
    """Return a copy of a frozen object with fields that nothing has checked."""
    result = copy.copy(thing)
    for name, value in values.items():
        object.__setattr__(result, name, value)
    return result


def named_function(name: str) -> Callable[[int], list[int]]:
    def orders(l: int) -> list[int]:
        return list(range(-l, l + 1))

    orders.__name__ = name
    return orders


def unchecked(folder: Path, met: Counter[str]) -> Iterator[Written]:
    """Texts of a convention, a table and arrays that no reader has seen."""
    table, arrays, mine = small(), build_arrays("matrix-l1"), Convention("mine")
    for payload in PAYLOADS:
        met["unchecked: exported"] += 6
        yield from of_table("unchecked convention.name", payload, table, forged(mine, name=payload))
        yield from of_table("unchecked convention.program", payload, table, forged(mine, program=payload))
        yield from of_table("unchecked function", payload, table, forged(mine, orders=named_function(payload)))
        yield from of_table("unchecked table.name", payload, forged(table, request=forged(table.request, name=payload)))
        metadata = MappingProxyType({**table.metadata, "checksum": payload, "package_version": payload})
        yield from of_table("unchecked table.metadata", payload, forged(table, metadata=metadata))
        metadata = {**arrays.metadata, "package_version": payload, "convention": payload, "rounding": payload}
        for form in [name for name in OF_ARRAYS if name != "safetensors"]:  # which is read by a reader that checks
            content = export_named(forged(arrays, metadata=MappingProxyType(metadata)), form)
            yield Written(f"unchecked arrays.metadata, {form}", payload, OF_ARRAYS[form].suffix, content)


# -- what was written ---------------------------------------------------------------------------

RUN = """
import json, runpy, sys, types
from pathlib import Path
language = types.ModuleType("triton.language")
language.constexpr = lambda value: value
triton = types.ModuleType("triton")
triton.language = language
sys.modules |= {"triton": triton, "triton.language": language}
for file in sorted(Path("modules").glob("*.py")):
    names = runpy.run_path(str(file))
    json.loads(names["METADATA"])
    print(file.stem)
"""
PURE = (ast.Constant, ast.Tuple, ast.UnaryOp, ast.USub, ast.Load)


def check_modules(files: list[Written], folder: Path) -> None:
    """Import all in one process; a module is a docstring, an import of triton, and constants."""
    (folder / "modules").mkdir()
    for number, file in enumerate(files):
        tree = ast.parse(file.content)
        docstring, *body = tree.body
        assert isinstance(docstring, ast.Expr) and isinstance(docstring.value, ast.Constant), file
        for node in body:
            if isinstance(node, ast.Import):
                assert ast.unparse(node) == "import triton.language as tl", file
                continue
            assert isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name), file
            value = node.value
            if isinstance(value, ast.Call):
                assert ast.unparse(value.func) == "tl.constexpr" and len(value.args) == 1, file
                value = value.args[0]
            assert all(isinstance(part, PURE) for part in ast.walk(value)), file
        (folder / "modules" / f"m{number:05}.py").write_bytes(file.content)
    done = subprocess.run([sys.executable, "-c", RUN], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0 and len(done.stdout.split()) == len(files), done.stderr


def check_headers(files: list[Written], folder: Path) -> None:
    """Compile each once: what it defines are the arrays of a sound header, in number and kind, and no function."""
    (folder / "headers").mkdir()
    counts: dict[str, set[int]] = {}
    for number, content in enumerate(dict.fromkeys(file.content for file in files)):
        (folder / "headers" / f"h{number}.h").write_bytes(content)
        (folder / "headers" / f"h{number}.c").write_text(f'#include "h{number}.h"\n')
    command = "gcc -std=c99 -O0 -fkeep-static-consts -Wall -Wno-unused -Werror -c h*.c && nm -A h*.o"
    done = subprocess.run(["sh", "-c", command], cwd=folder / "headers", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[:2000]
    symbols: dict[str, list[str]] = {}
    for line in done.stdout.splitlines():
        place, kind, name = line.rsplit(" ", 2)
        assert kind == "r" and re.fullmatch(r"[a-z_][a-z0-9_]*", name), line
        symbols.setdefault(place.split(":")[0], []).append(name)
    for number, content in enumerate(dict.fromkeys(file.content for file in files)):
        defined = symbols[f"h{number}.o"]
        declared = len(re.findall(rb"^COUPLING_CONSTANT ", content, re.M))
        assert len(defined) == declared, defined
        counts.setdefault(str(declared), set()).add(len(defined))
    assert len(counts) <= 3, counts  # tables, tables in two files, arrays


def check_kernels(files: list[Written], folder: Path) -> None:
    """Compile each: it defines one function, of that name."""
    for file in files:
        (folder / "kernel.cpp").write_bytes(file.content)
        command = "g++ -c -Wall -Wextra -Werror kernel.cpp && nm kernel.o"
        done = subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, text=True)
        defined = [line.split()[1:] for line in done.stdout.splitlines()]
        assert defined == [["T", file.payload]], (file, done.stderr, defined)


def check_json(files: list[Written], folder: Path) -> None:
    """Parse each; the text that was put in is there as it was, or the writer has never seen it."""
    for file in files:
        content = json.loads(file.content)
        assert content.keys() <= {"metadata", "paths", "operands", "subscripts"}, file
        check_text(file, content["metadata"])


def check_text(file: Written, metadata: Any) -> None:
    if "unchecked" in file.source or "program" in file.source:
        assert file.payload in list(leaves(metadata)), file


def leaves(values: Any) -> Iterator[str]:
    for place in texts(values):
        inner = values
        for key in place:
            inner = inner[key]
        yield inner


def check_npz(files: list[Written], folder: Path) -> None:
    """Load each without pickle; members are plain names."""
    for file in files:
        with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
            assert all(re.fullmatch(r"[a-z0-9_]+\.npy", name) for name in archive.namelist()), file
        with np.load(io.BytesIO(file.content), allow_pickle=False) as opened:
            check_text(file, json.loads(str(opened["metadata"])))


def check_csv(files: list[Written], folder: Path) -> None:
    """No cell begins a formula, whatever separates cells: only numbers, exact numbers, and comments begin lines."""
    number = re.compile(r"-?\d+(\.\d+)?(e-?\d+)?j?|-?(i·)?(\d+|√)[0-9/()π·√]*")
    for file in files:
        text = file.content.decode("utf-8")
        facts = [line for line in text.split("\n") if line.startswith("#")]
        assert text.split("\n")[len(facts)].startswith("l1,l2,l3,m1,m2,m3,") and "\r" not in text, file
        for separator in ",;\t|":
            for row in csv.reader(io.StringIO(text), delimiter=separator):
                for cell in row if separator == "," else row[1:]:
                    assert cell[:1] not in "=+-@\t\r" or number.fullmatch(cell), (file, cell)
        assert all(re.fullmatch(r"[ -~]*", line) for line in facts), file


def check_safetensors(files: list[Written], folder: Path) -> None:
    """A name, and a loader that checks every byte."""
    for number, file in enumerate(files):
        place = folder / f"s{number}"
        place.mkdir()
        (place / "matrix-l1.safetensors").write_bytes(file.content)
        load_arrays(place / "matrix-l1.safetensors")


#: suffix → how to find out whether text in such a file is text; a new format needs an entry
CHECKS = {
    ".py": check_modules, ".h": check_headers, ".json": check_json, ".npz": check_npz, ".csv": check_csv,
    ".safetensors": check_safetensors, ".cu": check_kernels,
}  # fmt: skip
SOURCES = (of_conventions, of_requests, of_metadata, of_options, of_kernels, unchecked)


def report(folder: Path) -> Counter[str]:
    """Write and check everything; return and print how much that was."""
    met: Counter[str] = Counter()
    (folder / "in").mkdir()
    files = [file for source in SOURCES for file in source(folder / "in", met)]
    before = sorted(path.name for path in folder.iterdir())
    assert before == ["in"], before
    for suffix, check in CHECKS.items():
        chosen = [file for file in files if file.suffix == suffix]
        (folder / suffix).mkdir()
        check(chosen, folder / suffix)
        met[f"files {suffix}: harmless"] = len(chosen)
    assert met.total() and {file.suffix for file in files} <= CHECKS.keys()
    strangers = [path for path in folder.rglob("*") if CANARY in path.name]
    assert not strangers, strangers
    for what, count in sorted(met.items()):
        print(f"{what:<32} {count:>7}")
    return met


if __name__ == "__main__":
    with TemporaryDirectory() as temporary:
        report(Path(temporary))
