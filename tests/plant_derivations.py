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
import resource
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any

from derivations.framework import Derivation, DoesNotHold, arguments, read_argument, read_formula, read_list, read_text
from derivations.framework import displayed as shown_formulas
from derivations.reading.texts import formulas
from derivations.registry import IDS, load
from tests.plant_choice import distances
from tests.plant_faults import Fault, Places, differs
from tests.plant_latex import latex_faults
from tests.sources import ROOT, modules, tree

EQUIVALENTS = ROOT / "tests/plant_derivations.toml"
#: What runs, prints or writes, and texts and floats of exact numbers: no formula is in it.
NO_FORMULAS = ("framework", "pages", "run", "registry", "certificate", "residuals", "reading", "__init__")
PLAIN = ("formatting", "rounding", "blocks", "__init__")
#: Of exact numbers: how they become floats and texts, and which arguments are refused.
CONVERSIONS = ("__float__", "__complex__", "_rounded", "_mpmath_", "__hash__", "_existing", "_exact_angle", "_decides")
CONVERSIONS += ("__repr__", "__str__", "__format__", "_repr_latex_", "latex", "__reduce__", "_as_surd")
WHOLE_POWER = re.compile(rb"\(-1\)\^\{[^}]*$")  # an exponent of -1; with half-integers a change is found all the same
CONVERTED = re.compile(r"(sp\.Integer|sp\.sympify|sp\.Matrix|surd|int)\(")
OF_A_FAULT = 240  # seconds of the processor for all derivations that depend on a file
LOW = 2  # the degree of the first round


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
    name = module_of(fault)
    away = {module.split(".")[-1]: distance for module, distance in distances(name).items() if module.count(".") == 1}
    away.update({identifier: 0 for identifier in (name.split(".")[-1],) if identifier in IDS})
    near = sorted((identifier for identifier in IDS if identifier in away), key=lambda i: (away[i], i != "exact_layer"))
    return near or list(IDS)


def forked(action: Callable[[], str]) -> str:
    """What an action says, done in a fork, which may be spoilt."""
    read, write = os.pipe()
    process = os.fork()
    if not process:
        said = ""
        try:
            os.close(read)
            resource.setrlimit(resource.RLIMIT_CPU, (OF_A_FAULT, OF_A_FAULT))
            said = action()
        except BaseException as failure:
            said = f"{type(failure).__name__}: {failure}"
        finally:
            os.write(write, " ".join(said.split())[:400].encode())
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        said = pipe.read().decode(errors="replace")
    _, status = os.waitpid(process, 0)
    return "the process was ended" if os.WIFSIGNALED(status) else said


class Planted(SourceFileLoader):
    """Loads a module with a fault in it; nothing is written."""

    def __init__(self, name: str, path: str, source: bytes) -> None:
        super().__init__(name, path)
        self.source = source

    def get_code(self, fullname: str) -> Any:
        return compile(self.source, self.path, "exec")


def plant(fault: Fault) -> None:
    """Forget the module of a fault and all that use it; what is loaded anew has the fault in it."""
    file = ROOT / fault.file
    name = module_of(fault)
    spec = spec_from_loader(name, Planted(name, str(file), fault.planted(file.read_bytes())))
    assert spec is not None
    for used in distances(name):
        package, _, own = used.rpartition(".")
        if (loaded := sys.modules.pop(used, None)) is not None and getattr(sys.modules.get(package), own, 0) is loaded:
            delattr(sys.modules[package], own)
    if file.stem == "__init__":
        spec.submodule_search_locations = [str(file.parent)]
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)  # type: ignore[union-attr]
    package, _, own = name.rpartition(".")
    if package in sys.modules:
        setattr(sys.modules[package], own, module)


def module_of(fault: Fault) -> str:
    return ".".join(Path(fault.file).with_suffix("").parts).removesuffix(".__init__")


def first_failure(fault: Fault) -> str:
    """What `derive` says about the first derivation that does not hold, the cheap parts of all of them first."""
    plant(fault)
    from derivations import registry, run
    from derivations.framework import DoesNotHold

    names = dependent(fault)
    for whole in (False, True):
        for derivation in map(registry.load, names):
            try:
                for part in due(derivation, whole, "readings" not in fault.file):
                    part(derivation.lmax if whole else min(LOW, derivation.lmax))
            except DoesNotHold as failure:
                return f"{derivation.id}: {failure}"
            if whole and (problems := run.certificate_problem(derivation)):
                return problems[0]
    return ""


def due(derivation: Derivation, whole: bool, steps_first: bool = False) -> list[Callable[[int], int]]:
    """The parts of a derivation, first all of them at a low degree, then those that depend on the degree at its own."""
    from derivations.framework import parts, verify

    finite = [step.run for step in derivation.steps if step.kind == "verified"]
    if whole:
        return [*finite, partial(verify, derivation)]
    found, steps = parts(derivation), len(derivation.steps)
    return [*found[-1 - steps : -1], *found[: -1 - steps], found[-1]] if steps_first else found


def reason(fault: Fault) -> str:
    """Why a fault changes nothing, or an empty text."""
    source = (ROOT / fault.file).read_bytes()
    if WHOLE_POWER.search(source[: fault.begin]) and {fault.old, fault.new} == {"+", "-"}:
        return "the parity of a whole number does not change with the sign of a part of it"
    if CONVERTED.match(fault.old) and fault.new == fault.old[fault.old.index("(") :]:
        return "SymPy and the exact layer convert a number or a list by themselves: the value is the same"
    for entry in tomllib.loads(EQUIVALENTS.read_text(encoding="utf-8")).get("equivalent", []):
        same = (entry.get("file", fault.file), entry["line"]) == (fault.file, fault.text)
        if same and entry.get("fault", fault.change) == fault.change:
            return str(entry["why"])
    return ""


def is_text(fault: Fault) -> bool:
    """Whether a fault is in a text, which only its page shows."""
    places = Places(fault.file, (ROOT / fault.file).read_bytes())
    texts = [node for node in ast.walk(ast.parse(places.source)) if isinstance(node, ast.Constant)]
    spans = [(places.begin(node), places.end(node)) for node in texts if isinstance(node.value, str)]
    return any(begin <= fault.begin and fault.end <= end for begin, end in spans)


def displayed(fault: Fault) -> str:
    """What `derive` says about a changed formula of a page, on which nothing else depends."""
    before = {text for derivation in map(load, IDS) for text in shown(derivation)}
    known = {latex for _, _, words in before for latex in formulas(words)}
    source = fault.planted((ROOT / fault.file).read_bytes())
    module = ModuleType("derivations.planted")
    module.__file__ = str(ROOT / fault.file)
    sys.modules[module.__name__] = module
    exec(compile(source, fault.file, "exec"), module.__dict__)
    for derivation in map(load, IDS):
        changed = with_texts(derivation, module)
        try:
            for kind, title, words in shown(changed):
                if (kind, title, words) not in before:
                    for latex in set(formulas(words)) - known if kind == "words" else ():
                        read_formula(changed, title, latex)  # what has changed, before the rest of the text
                    (read_text if kind == "displayed" else read_argument)(changed, (title, words), 0)
                    read_list(changed, 0)
        except DoesNotHold as failure:
            return f"{derivation.id}: {failure}"
    return ""


def shown(derivation: Derivation) -> Iterator[tuple[str, str, str]]:
    """All texts of a page, each with its title."""
    for kind, texts in (("displayed", shown_formulas(derivation)), ("words", arguments(derivation))):
        yield from ((kind, *text) for text in texts)


def with_texts(derivation: Derivation, module: ModuleType) -> Derivation:
    """A derivation with the steps that a module defines in place of those of the same title."""
    own = getattr(module, "DERIVATION", None)
    if own is not None and own.id == derivation.id:
        return own
    steps = {step.title: step for step in getattr(module, "STEPS", ())}
    return replace(derivation, steps=tuple(steps.get(step.title, step) for step in derivation.steps))


def outcome(fault: Fault) -> str:
    """What `derive` says about a fault; nothing when it holds."""
    return forked(lambda: displayed(fault) if is_text(fault) else first_failure(fault))


def warm() -> None:
    """Examine everything at a low degree once: what was simplified and computed is not done again for each fault."""
    for derivation in map(load, IDS):
        for part in due(derivation, False):
            part(min(LOW, derivation.lmax))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=60, help="faults beside one in every statement and step [60]")
    parser.add_argument("--only", default="", help="files whose path holds this")
    options = parser.parse_args()
    drawn = [fault for fault in draw(options.seed, options.count) if options.only in fault.file]
    counts = {"caught": 0, "equivalent": 0, "survived": 0}
    print(f"seed {options.seed}: {len(drawn)} faults", flush=True)
    warm()
    for fault in drawn:
        start = time.perf_counter()
        said = outcome(fault)
        why = "" if said else reason(fault)
        counts["caught" if said else "equivalent" if why else "survived"] += 1
        verdict = said or (f"equivalent: {why}" if why else "SURVIVED")
        seconds = time.perf_counter() - start
        print(f"{fault.file}:{fault.line:<4} {fault.change:<40} {seconds:5.1f} s  {verdict[:150]}", flush=True)
    print(", ".join(f"{number} {name}" for name, number in counts.items()))
    return int(counts["survived"] > 0)


if __name__ == "__main__":
    sys.exit(main())
