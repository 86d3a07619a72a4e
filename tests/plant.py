"""Plant single faults in the package and see which test catches each: ``python -m tests.plant --seed 1 --count 250``.

A place is drawn in every module first, the others from all comparisons, constants, signs, calls, bounds and guards of
`coupling` and `derivations`.  Each fault is written into a temporary copy of the tree, never into the checkout; the
tests of its module run there, near ones first, until one fails.  A crash and a test that does not end count as caught.
A survivor is an error unless tests/plant_equivalents.toml says, by the content of its line, why nothing changes.
What was run is kept in build/plant.jsonl, so that the same command resumes; --fresh begins anew.
"""

from __future__ import annotations

import argparse
import compileall
import hashlib
import json
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Any

from tests.plant_choice import framework, stages, timed, with_frameworks
from tests.plant_faults import Fault, Places, differs
from tests.plant_graph import near_tests
from tests.sources import ROOT, modules

INTEROP = ROOT / ".venv-interop/bin/python"
EQUIVALENTS = ROOT / "tests/plant_equivalents.toml"
COSTS = ROOT / "build/plant_costs.json"  # seconds of each test that was met
COMPILING = 5  # a kernel's fault has all kernels compiled anew, which takes its time
COPIED = ("coupling", "derivations", "tests", "tables", "docs", "benchmarks", "notebooks")


def draw(seed: int, count: int, only: str = "") -> list[tuple[str, Fault]]:
    """Return (module, fault), one in every module and the others anywhere, in an order of their own."""
    chance = random.Random(seed)
    places = [
        (name, faults)
        for name, path in modules().items()
        if name.startswith(only)
        for faults in Places(str(path.relative_to(ROOT)), path.read_bytes())
    ]
    by_module: dict[str, list[int]] = {}
    for number, (name, _) in enumerate(places):
        by_module.setdefault(name, []).append(number)
    first = [chance.sample(numbers, len(numbers)) for numbers in by_module.values()]
    drawn = [fault for numbers in first if (fault := next(planted(places, numbers, chance), None))]
    rest = planted(places, chance.sample(range(len(places)), len(places)), chance)
    for fault in rest:
        if len(drawn) >= count:
            break
        if fault not in drawn:
            drawn.append(fault)
    chance.shuffle(drawn)
    return drawn


def planted(
    places: list[tuple[str, list[Fault]]], numbers: list[int], chance: random.Random
) -> Iterator[tuple[str, Fault]]:
    """Yield (module, fault) at these places, where the fault makes another program."""
    for module, faults in (places[number] for number in numbers):
        fault = chance.choice(faults)
        if differs(fault, (ROOT / fault.file).read_bytes()):
            yield module, fault


def equivalent(fault: Fault, known: list[dict[str, str]]) -> str:
    """Return why a fault changes nothing, or an empty text."""
    for entry in known:
        same = (entry.get("file", fault.file), entry["line"]) == (fault.file, fault.text)
        if same and entry.get("fault", fault.change) == fault.change:
            return entry["why"]
    return ""


def known_equivalents() -> list[dict[str, str]]:
    return tomllib.loads(EQUIVALENTS.read_text(encoding="utf-8")).get("equivalent", [])


class Worker:
    """A process of tests.plant_worker, started when it is first needed."""

    def __init__(self, python: str) -> None:
        run = [python, str(ROOT / "tests/plant_worker.py")]
        self.process = subprocess.Popen(run, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, tree: Path, tests: list[str], cpu: float, **others: Any) -> dict[str, Any]:
        """Run tests in a tree; see tests.plant_worker."""
        job = {"deselect": [], "near": {}, "cost": {}} | others | {"tree": str(tree), "tests": tests, "cpu": cpu}
        if self.process.stdin is None or self.process.stdout is None:
            raise OSError("the worker has no pipes")
        print(json.dumps(job), file=self.process.stdin, flush=True)
        if not (line := self.process.stdout.readline()):
            raise OSError("the worker of the tests has ended")
        return json.loads(line)

    def close(self) -> None:
        self.process.communicate()


class Field:
    """The clean copy, the workers of each thread, and the tests that fail without any fault."""

    def __init__(self, folder: Path, cpu: float) -> None:
        self.folder, self.cpu = folder, cpu
        self.clean = folder / "clean"
        self.bad: set[str] = set(timed())
        self.sure: set[str] = set()
        self.cost: dict[str, float] = json.loads(COSTS.read_text(encoding="utf-8")) if COSTS.exists() else {}
        self.mine, self.workers = threading.local(), list[Worker]()

    def lay(self) -> None:
        """Copy the tree with its compiled code; where there is none, let all examples run once."""
        for name in COPIED:
            skip = shutil.ignore_patterns(".*", "*.parts", ".ipynb_checkpoints")
            shutil.copytree(ROOT / name, self.clean / name, ignore=skip)
        for path in ROOT.iterdir():
            if path.is_file():
                shutil.copy2(path, self.clean)
        for name in ("coupling", "derivations", "tests"):  # once, not in the copy of every fault
            compileall.compile_dir(self.clean / name, quiet=2)
        if not list(self.clean.glob("coupling/kernels/__pycache__/*.nbi")):  # nothing is compiled yet
            self.worker(False).run(self.clean, ["coupling"], 900)

    def worker(self, interop: bool) -> Worker | None:
        """The worker of this thread with torch and JAX, which may be missing, or without."""
        python = str(INTEROP) if interop else sys.executable
        if not hasattr(self.mine, "workers"):
            self.mine.workers = {}
        if python not in self.mine.workers and Path(python).exists():
            self.mine.workers[python] = Worker(python)
            self.workers.append(self.mine.workers[python])
        return self.mine.workers.get(python)

    def outcome(self, module: str, fault: Fault) -> dict[str, Any]:
        """Plant a fault, run the stages of its module, and say what caught it."""
        if self.worker(framework(module)) is None:
            return {"caught": "", "left": f"not run: needs {INTEROP.parent.parent.name} (make test-interop)"}
        copy = Path(tempfile.mkdtemp(dir=self.folder)) / "tree"
        try:
            shutil.copytree(self.clean, copy, ignore=shutil.ignore_patterns(".tmp"))
            file = copy / fault.file
            for stale in file.parent.glob(f"__pycache__/{file.stem}.*.pyc"):
                stale.unlink()
            file.write_bytes(fault.planted(file.read_bytes()))
            return self.catch(module, copy, near_tests(fault.file, fault.line))
        finally:
            shutil.rmtree(copy.parent, ignore_errors=True)

    def catch(self, module: str, copy: Path, near: dict[str, int]) -> dict[str, Any]:
        """Run stage after stage; a test that fails without the fault as well is left out, and the stage run again.

        What a stage skips for want of torch and JAX is run where they are."""
        seconds, met, complete = 0.0, 0, True
        cpu = self.cpu * (COMPILING if module.startswith("coupling.kernels.") else 1)
        found: dict[str, Any] = {"failed": None}
        for tests, worker in self.runs(module, near):
            while files := [test for test in tests if test not in self.bad]:  # files that can be collected
                found = worker.run(copy, files, cpu, deselect=sorted(self.bad), near=near, cost=self.cost)
                seconds, met = seconds + found["seconds"], met + found["met"]
                self.cost |= {name: min(cost, self.cost.get(name, cost)) for name, cost in found["cost"].items()}
                if found["failed"] and not self.fails_only_with_the_fault(worker, found["failed"]):
                    found["failed"] = None
                    continue
                complete &= found["complete"]
                break
            if found["failed"]:
                break
        caught = found["failed"] or ""
        return {"caught": caught, "seconds": round(seconds, 1), "met": met, "complete": complete}

    def runs(self, module: str, near: dict[str, int]) -> Iterator[tuple[list[str], Worker]]:
        """The tests of a module, with the worker that runs them."""
        here, there = self.worker(framework(module)), self.worker(True)
        for tests in stages(module, near):
            if here:
                yield tests, here
            if there and there is not here and (others := with_frameworks(tests)):
                yield others, there

    def fails_only_with_the_fault(self, worker: Worker, test: str) -> bool:
        name = test.split(" (")[0]
        if name and name not in self.sure:
            if worker.run(self.clean, [name], self.cpu)["failed"]:
                self.bad.add(name)
                return False
            self.sure.add(name)
        return True

    def close(self) -> None:
        COSTS.write_text(json.dumps(self.cost, indent=0), encoding="utf-8")
        for worker in self.workers:
            worker.close()


def key(fault: Fault) -> str:
    """A fault in a certain text of its file."""
    digest = hashlib.sha256((ROOT / fault.file).read_bytes()).hexdigest()
    return f"{fault.file}:{fault.begin}:{fault.new}:{digest[:16]}"


def kept(log: Path, again: bool) -> dict[str, dict[str, Any]]:
    """The outcomes in a log, the last of each fault; with ``again`` without those that survived."""
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    found = {entry["key"]: entry for entry in map(json.loads, lines)}
    return {name: entry for name, entry in found.items() if entry["caught"] or not again}


def results(left: list[tuple[str, Fault]], log: Path, cpu: float, count: int) -> Iterator[tuple[Fault, dict[str, Any]]]:
    """Run faults, append every outcome to the log, and yield it."""
    with tempfile.TemporaryDirectory(prefix="coupling-plant-") as folder, ThreadPoolExecutor(count) as pool:
        field = Field(Path(folder), cpu)
        try:
            field.lay()
            futures = {pool.submit(field.outcome, module, fault): fault for module, fault in left}
            for future in as_completed(futures):
                fault, outcome = futures[future], future.result()
                with log.open("a", encoding="utf-8") as file:
                    file.write(json.dumps({"key": key(fault), **asdict(fault), **outcome}, ensure_ascii=False) + "\n")
                yield fault, outcome
        finally:
            pool.shutdown(cancel_futures=True)
            field.close()


def row(fault: Fault, outcome: dict[str, Any], why: str) -> str:
    survived = f"SURVIVED {outcome.get('met', 0)} tests{'' if outcome.get('complete') else ', time used up'}"
    verdict = outcome["caught"] or outcome.get("left") or (f"equivalent: {why}" if why else survived)
    return f"{fault.file}:{fault.line:<4} {fault.change:<50} {outcome.get('seconds', 0):6.1f} s  {verdict}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=250, help="faults, at least one in every module [250]")
    parser.add_argument("--only", default="", help="modules that begin like this")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cpu", type=float, default=30, help="seconds of the processor for a stage of tests [30]")
    parser.add_argument("--log", type=Path, default=ROOT / "build/plant.jsonl")
    parser.add_argument(
        "--again", action="store_true", help="run what survived once more, as a rule with a larger --cpu"
    )
    parser.add_argument("--fresh", action="store_true", help="forget what was run before")
    options = parser.parse_args()
    options.log.parent.mkdir(parents=True, exist_ok=True)
    if options.fresh:
        options.log.unlink(missing_ok=True)
    drawn, known = draw(options.seed, options.count, options.only), known_equivalents()
    print(f"seed {options.seed}: {len(drawn)} faults in {len({module for module, _ in drawn})} modules", flush=True)
    done = kept(options.log, options.again)
    left = [(module, fault) for module, fault in drawn if key(fault) not in done]
    before = [(fault, done[key(fault)]) for _, fault in drawn if key(fault) in done]
    counts = {"caught": 0, "equivalent": 0, "not run": 0, "survived": 0}
    for fault, outcome in chain(before, results(left, options.log, options.cpu, options.workers) if left else ()):
        why = equivalent(fault, known)
        print(row(fault, outcome, why), flush=True)
        caught, left = bool(outcome["caught"]), bool(outcome.get("left"))
        counts["caught" if caught else "not run" if left else "equivalent" if why else "survived"] += 1
    print(", ".join(f"{number} {name}" for name, number in counts.items()))
    return int(counts["survived"] > 0)


if __name__ == "__main__":
    sys.exit(main())
