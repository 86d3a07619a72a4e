"""Plant single faults in formulas and see whether `coupling derive` turns red: ``python -m tests.plant_derivations``.

One fault is drawn in the LaTeX of every statement and every step, the others from all formulas: that LaTeX again, the
code of the derivations (checks, tables, routes to exact values, meanings of names) and `coupling.exact`.  Each fault is
written into a copy of the tree, and the derivations that depend on its file are examined there as `derive` does it,
the nearest first, until something fails.  A survivor is an error unless tests/plant_derivations.toml says why nothing
changes.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import re
import shutil
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

from derivations.reading import STATEMENT
from derivations.registry import IDS, load
from tests.plant_choice import distances
from tests.plant_faults import Fault, Places, differs
from tests.sources import ROOT, modules, tree

EQUIVALENTS = ROOT / "tests/plant_derivations.toml"
#: What runs, prints or writes, and texts and floats of exact numbers: no formula is in it.
NO_FORMULAS = ("framework", "pages", "run", "registry", "certificate", "residuals", "reading", "__init__")
PLAIN = ("formatting", "rounding", "blocks", "__init__")
#: Of exact numbers: how they become floats and texts, and which arguments are refused.
CONVERSIONS = ("__float__", "__complex__", "_rounded", "_mpmath_", "__hash__", "_existing", "_exact_angle", "_decides")
CONVERSIONS += ("__repr__", "__str__", "__format__", "_repr_latex_", "latex", "__reduce__", "_as_surd")
LATEX = re.compile(
    r"(?P<skip>\\\\\[[^]]*\]|\\begin\{array\}\{[^}]*\}|\\(?:text|begin|end)\s*\{[^}]*\}|\\[!,;:\\])"
    r"|(?P<digit>\d)|(?P<sign>[+-])|(?P<factorial>!)"
    r"|(?P<word>\\(?:sin|cos|ge|ne|sum|prod|frac|tfrac|sqrt|nabla|overline)(?![a-zA-Z]))"
    r"|(?P<unit>\\mathrm i(?![a-z]))|(?P<equal>=)|(?P<letter>(?<![\\a-zA-Z])[fghXYGA](?![a-z]))|(?P<other>\\[a-zA-Z]+)"
)
WORDS = {
    "\\sin": "\\cos",
    "\\cos": "\\sin",
    "\\ge": "<",
    "\\ne": "=",
    "\\sum": "\\prod",
    "\\prod": "\\sum",
    "\\frac": "\\binom",
    "\\tfrac": "\\tbinom",
    "\\sqrt": "",
    "\\nabla": "",
    "\\overline": "",
}
WHOLE_POWER = re.compile(rb"\(-1\)\^\{[^}]*$")  # an exponent of -1; with half-integers a change is found all the same
OF_A_FAULT = 240  # seconds of the processor for all derivations that depend on a file


def statements(module: ast.Module) -> Iterator[tuple[str, list[ast.Constant]]]:
    """The texts of every displayed formula of a derivation, with the title of its step."""
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            given = {word.arg: word.value for word in node.keywords}
            if node.func.id == "Step" and len(node.args) > 1 and isinstance(node.args[0], ast.Constant):
                yield str(node.args[0].value), texts(node.args[1])
            elif node.func.id == "Derivation" and "statement" in given:
                yield "Statement", texts(given["statement"])


def texts(node: ast.AST) -> list[ast.Constant]:
    found = [part for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    return found if not isinstance(node, ast.Call | ast.BinOp) else []  # made of numbers that the code checks


def in_latex(file: Path, constant: ast.Constant) -> Iterator[Fault]:
    """Every fault of the formula in one text."""
    places = Places(str(file.relative_to(ROOT)), file.read_bytes())
    begin = places.begin(constant)
    source = places.source[begin : places.end(constant)].decode()
    for match in LATEX.finditer(source):
        old, new = match.group(), replaced(match)
        if new is not None:
            start = begin + len(source[: match.start()].encode())
            yield places.fault(start, start + len(old.encode()), new)


def replaced(match: re.Match[str]) -> str | None:
    """What is written in place of a digit, a sign, a factorial, an imaginary unit, a relation, a letter, a function."""
    old = match.group()
    match match.lastgroup:
        case "digit":
            return str((int(old) + 1) % 10)
        case "sign":
            return "-" if old == "+" else "+"
        case "factorial" | "unit":
            return "" if old == "!" else "2"
        case "equal":
            return "\\ne "
        case "letter":
            return dict(zip("fghXYGA", "ghfYXAG", strict=True))[old]
    return WORDS.get(old)


def latex_faults() -> dict[tuple[str, str], list[Fault]]:
    """Faults in every statement and step, by derivation and title."""
    found: dict[tuple[str, str], list[Fault]] = {}
    for file in sorted((ROOT / "derivations").glob("*.py")):
        for title, constants in statements(tree(file)):
            faults = [fault for constant in constants for fault in in_latex(file, constant)]
            if faults:
                found.setdefault((file.stem, title), []).extend(faults)
    return found


def code_places() -> Iterator[tuple[Path, list[Fault]]]:
    """The places of all code that holds a formula."""
    for name, path in modules().items():
        own = name.split(".")
        derived = own[0] == "derivations" and len(own) > 1 and own[1] not in NO_FORMULAS
        if derived or (name.startswith("coupling.exact.") and own[2] not in PLAIN):
            inside = functions(path) if name.startswith("derivations.readings") else None
            without = functions(path, CONVERSIONS)
            for faults in Places(str(path.relative_to(ROOT)), path.read_bytes()):
                others = [fault for fault in faults if not is_rewriting(fault)]
                if others and (inside is None or faults[0].line in inside) and faults[0].line not in without:
                    yield path, others


def is_rewriting(fault: Fault) -> bool:
    """Whether a fault leaves out a step of SymPy that gives an expression another form and the same value; or is in
    what says which types are taken; or in the number of instances, which is printed: `framework.verify` compares it
    with that of the comparisons."""
    types = re.search(r"NotImplemented|\btype\(|_decides\(|isinstance\(", fault.old + fault.new)
    if types or fault.text.startswith("count += "):
        return True
    found = re.match(r"sp\.(expand|simplify|trigsimp|powsimp|cancel|together|factor)(?=\()", fault.old)
    return bool(found) and fault.new == fault.old[found.end() :]


def functions(path: Path, names: tuple[str, ...] = ()) -> set[int]:
    """The lines of all functions, or of those; what stands outside in a reading are the instances that were chosen."""
    found = (node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef))
    defined = [node for node in found if not names or node.name in names]
    return {line for node in defined for line in range(node.lineno, (node.end_lineno or 0) + 1)}


def draw(seed: int, count: int) -> list[Fault]:
    """One fault in the LaTeX of each step and statement, and ``count`` more from everything."""
    chance = random.Random(seed)
    latex = latex_faults()
    drawn = [chance.choice(faults) for faults in latex.values()]
    places = [faults for _, faults in code_places()] + [[fault] for faults in latex.values() for fault in faults]
    for faults in chance.sample(places, len(places)):
        if len(drawn) >= len(latex) + count:
            break
        fault = chance.choice(faults)
        if fault not in drawn and (fault.file.endswith(".py") and is_other(fault)):
            drawn.append(fault)
    return drawn


def is_other(fault: Fault) -> bool:
    return differs(fault, (ROOT / fault.file).read_bytes())


def dependent(fault: Fault) -> list[str]:
    """The derivations that depend on a file, the nearest first."""
    name = ".".join(Path(fault.file).with_suffix("").parts)
    away = {module.split(".")[-1]: distance for module, distance in distances(name).items() if module.count(".") == 1}
    away.update({identifier: 0 for identifier in (name.split(".")[-1],) if identifier in IDS})
    near = sorted((identifier for identifier in IDS if identifier in away), key=lambda i: (away[i], i != "exact_layer"))
    return near or list(IDS)


def examined(folder: Path, identifiers: list[str]) -> str:
    """The first derivation that fails in a tree, examined in a fork; empty when none does."""
    read, write = os.pipe()
    process = os.fork()
    if not process:
        said = "the process died"
        try:
            os.close(read)
            said = first_failure(folder, identifiers)
        except BaseException as failure:
            said = f"{type(failure).__name__}: {failure}"
        finally:
            os.write(write, " ".join(said.split())[:400].encode())
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        said = pipe.read().decode(errors="replace")
    os.waitpid(process, 0)
    return said or "" if said != "-" else ""


def first_failure(folder: Path, identifiers: list[str]) -> str:
    """What `derive` says about the first derivation that does not hold, or a dash."""
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (OF_A_FAULT, OF_A_FAULT))
    for name in [n for n in sys.modules if n.split(".")[0] in ("coupling", "derivations")]:
        del sys.modules[name]
    sys.path[:] = [str(folder), *(p for p in sys.path if Path(p or ".").resolve() != ROOT)]
    os.chdir(folder)
    from derivations import registry, run
    from derivations.framework import DoesNotHold, parts

    for identifier in identifiers:
        derivation = registry.load(identifier)
        try:
            for part in parts(derivation):
                part(derivation.lmax)
        except DoesNotHold as failure:
            return f"{identifier}: {failure}"
        if problems := run.certificate_problem(derivation):
            return problems[0]
    return "-"


def reason(fault: Fault) -> str:
    """Why a fault changes nothing, or an empty text."""
    source = (ROOT / fault.file).read_bytes()
    if WHOLE_POWER.search(source[: fault.begin]) and {fault.old, fault.new} == {"+", "-"}:
        return "the parity of a whole number does not change with the sign of a part of it"
    for entry in tomllib.loads(EQUIVALENTS.read_text(encoding="utf-8")).get("equivalent", []):
        same = (entry.get("file", fault.file), entry["line"]) == (fault.file, fault.text)
        if same and entry.get("fault", fault.change) == fault.change:
            return str(entry["why"])
    return ""


def displayed(clean: Path, fault: Fault) -> str | None:
    """What `derive` says about a changed formula of a page, on which nothing else depends; None for other faults."""
    file = clean / fault.file
    before = {title: text(constants) for title, constants in statements(ast.parse(file.read_bytes()))}
    planted = ast.parse(fault.planted(file.read_bytes()))
    for title, constants in statements(planted):
        if before.get(title) != text(constants):
            for derivation in map(load, IDS):
                if (title == STATEMENT and derivation.id == file.stem) or title in {s.title for s in derivation.steps}:
                    _, failures = derivation.reading.of(title).failures(text(constants))
                    return f"{derivation.id}: {title!r}: {failures[0]}" if failures else ""
    return None


def text(constants: list[ast.Constant]) -> str:
    return "".join(str(constant.value) for constant in constants)


def outcome(clean: Path, fault: Fault) -> str:
    """Plant a fault in the copy, examine, and take it out again."""
    if (said := displayed(clean, fault)) is not None:
        return said
    file = clean / fault.file
    before = file.read_bytes()
    file.write_bytes(fault.planted(before))
    for stale in file.parent.glob(f"__pycache__/{file.stem}.*.pyc"):
        stale.unlink()
    try:
        return examined(clean, dependent(fault))
    finally:
        file.write_bytes(before)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=60, help="faults beside one in every statement and step [60]")
    parser.add_argument("--only", default="", help="files whose path holds this")
    options = parser.parse_args()
    drawn = [fault for fault in draw(options.seed, options.count) if options.only in fault.file]
    counts = {"caught": 0, "equivalent": 0, "survived": 0}
    with tempfile.TemporaryDirectory(prefix="coupling-derive-") as folder:
        for name in ("coupling", "derivations"):
            shutil.copytree(ROOT / name, Path(folder) / name, ignore=shutil.ignore_patterns("*.nb?", "tables/data"))
        sys.dont_write_bytecode = True
        print(f"seed {options.seed}: {len(drawn)} faults", flush=True)
        for fault in drawn:
            start = time.perf_counter()
            said = outcome(Path(folder), fault)
            why = "" if said else reason(fault)
            counts["caught" if said else "equivalent" if why else "survived"] += 1
            verdict = said or (f"equivalent: {why}" if why else "SURVIVED")
            seconds = time.perf_counter() - start
            print(f"{fault.file}:{fault.line:<4} {fault.change:<40} {seconds:5.1f} s  {verdict[:150]}", flush=True)
    print(", ".join(f"{number} {name}" for name, number in counts.items()))
    return int(counts["survived"] > 0)


if __name__ == "__main__":
    sys.exit(main())
