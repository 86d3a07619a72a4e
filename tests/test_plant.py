"""The script that plants faults: what it plants is another program, everywhere, and a test that fails is a catch."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from tests import plant, plant_choice
from tests.plant_faults import Places, differs
from tests.plant_graph import near_tests
from tests.sources import ROOT, modules

SOURCE = b'''"""Text with 1 < 2."""


def inside(x: int, limit: float = 0.5) -> bool:
    """1 + 1"""
    if x is None or not x >= -3:
        raise ValueError(f"{x + 1} is wrong")
    y = max(x, 1) % 2
    print(y)
    return [abs(y) * limit for y in (y, y + 2) if y < 7] != [] and y not in (1, 2)
'''


def test_every_kind_of_fault_is_found_and_is_another_program() -> None:
    faults = [fault for place in Places("x.py", SOURCE) for fault in place]
    assert all(differs(fault, SOURCE) for fault in faults)
    changes = {fault.change for fault in faults}
    assert changes >= {
        "is → is not",
        "or → and",
        "and → or",
        ">= → >",
        "< → <=",
        "!= → ==",
        "not in → in",
        "+ → -",
        "* → /",
        "% → //",
        "max → min",
        "max(x, 1) → (x)",
        "abs(y) → (y)",
        "-3 → (3)",
        "0.5 → 0.55",
        "7 → 8",
        "7 → 14",
        "y < 7 → True",
        "print(y) → pass",
        "not x >= -3 → (x >= -3)",
        'raise ValueError(f"{x + 1} is wrong") → pass',
        "nothing → return",
    }
    assert not [fault for fault in faults if fault.line in (1, 5)]  # texts


def test_a_fault_changes_only_its_place() -> None:
    for place in Places("x.py", SOURCE):
        for fault in place:
            planted = fault.planted(SOURCE)
            ast.parse(planted)
            assert SOURCE.startswith(planted[: fault.begin]) and SOURCE.endswith(
                planted[fault.begin + len(fault.new) :]
            )
            assert SOURCE.decode().splitlines()[fault.line - 1].strip() == fault.text


def test_a_seed_draws_the_same_faults_and_one_in_every_module() -> None:
    first, again, other = (plant.draw(seed, 250) for seed in (3, 3, 4))
    assert first == again != other and len(first) == len(set(first)) >= 250
    drawn = {module for module, _ in first}
    without = {name for name in modules() if name not in drawn}
    for name in without:  # nothing stands there that could be wrong
        path = modules()[name]
        source = path.read_bytes()
        assert not [f for place in Places("", source) for f in place if differs(f, source)], name
    assert len(drawn) > 200 and {fault.file.split("/")[0] for _, fault in first} == {"coupling", "derivations"}


def test_the_nearest_tests_come_first() -> None:
    near = {
        "coupling.tables.check": "tests/test_tables_check.py",
        "coupling.kernels.recurrences": "tests/test_recurrences.py",
        "coupling.export.e3j": "tests/test_export_consumers.py",
        "coupling.files.atomic": "tests/test_tables_build.py",
    }
    for module, file in near.items():
        assert file in plant_choice.stages(module)[0], module
    for module, path in modules().items():
        stages = plant_choice.stages(module)
        assert all((ROOT / name).exists() for stage in stages for name in stage if name.endswith(".py")), path
        assert stages or path.name == "__init__.py" or module.endswith(("__main__", "version")), module


BETWEEN = {  # a test that names what stands around a line, and how many names lie between
    ("coupling/backends/array_api/harmonics.py", "before, p = p, a[k] * z * p - b[k] * square * before"): (
        "tests/test_harmonics_cartesian.py::test_the_array_program_has_the_values_and_derivatives_of_the_kernels",
        1,
    ),
    ("coupling/backends/array_api/rotations.py", "s = w * w + x * x + y * y + z * z"): (
        "tests/test_rotations.py::test_polynomials_are_wigner_d",
        2,
    ),
    ("coupling/backends/jax/contraction.py", 'given = features if self.slots == "separate" else [features]'): (
        "tests/test_interop_contraction.py::test_jax_slots_of_their_own",
        1,
    ),
    ("coupling/products/costs.py", 'code = "straight" if max(used) <= SPHERE_STRAIGHT else "loops"'): (
        "tests/test_products_routes.py::test_counts_are_those_of_the_kernels",
        1,
    ),
}


@pytest.mark.parametrize(("file", "text"), BETWEEN)
def test_tests_that_name_what_a_fault_stands_in_come_first(file: str, text: str) -> None:
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    near = near_tests(file, 1 + [line.strip() for line in lines].index(text))
    test, distance = BETWEEN[file, text]
    first = plant_choice.stages(file.removesuffix(".py").replace("/", "."), near)[0]
    assert near[test] == distance and test.split("::")[0] in first
    assert min(near.values()) == 0  # the example of the function, or the function itself


def test_what_skips_without_a_framework_is_run_where_it_is() -> None:
    tests = ["tests/test_derivations.py", "-k", "torch", "tests/test_interop_rotations.py", "tests/test_sphere.py"]
    assert plant_choice.with_frameworks([*tests, "tests/test_interop_arrays.py"]) == [
        tests[3],
        "tests/test_interop_arrays.py",
    ]


def test_a_worker_runs_first_what_is_cheap_and_likely(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("".join(f"def test_{name}():\n    assert False\n" for name in "abc"))
    worker, name = plant.Worker(sys.executable), "test_it.py::test_"
    for near, cost, first in (
        ({}, {}, "a"),
        ({f"{name}b": 1}, {}, "b"),
        ({f"{name}b": 1, f"{name}c": 2}, {}, "b"),
        ({f"{name}b": 1, f"{name}c": 2}, {f"{name}b": 9.0}, "c"),
        ({}, {f"{name}c": 0.1}, "c"),
    ):
        assert worker.run(tmp_path, ["test_it.py"], 60, near=near, cost=cost)["failed"] == name + first
    worker.close()


EXACT = "def double(x):\n    return 2 * x\n"
CHECK = "from coupling.one import double\ndef test_double():\n    assert double(3) == 6\n"
ENDLESS = "import os\ndef test_double():\n    os.kill(os.getpid(), 11)\n"


@pytest.mark.parametrize(
    ("source", "check", "caught"),
    [
        (EXACT, CHECK, None),
        (EXACT.replace("2", "3"), CHECK, "test_it.py::test_double"),
        (EXACT, ENDLESS, "test_it.py::test_double (SIGSEGV)"),
        ("import nowhere\n", CHECK, "test_it.py"),
    ],
    ids=["good", "wrong", "crash", "import"],
)
def test_a_worker_says_which_test_caught_it(source: str, check: str, caught: str | None, tmp_path: Path) -> None:
    (tmp_path / "coupling").mkdir()
    (tmp_path / "coupling/__init__.py").write_text("")
    (tmp_path / "coupling/one.py").write_text(source)
    (tmp_path / "test_it.py").write_text(check)
    worker = plant.Worker(sys.executable)
    found = worker.run(tmp_path, ["test_it.py"], 60)
    worker.close()
    assert found["failed"] == caught and (found["complete"] or caught)


def test_equivalents_name_lines_that_exist() -> None:
    """A line that was changed is thought about again."""
    for entry in plant.known_equivalents():
        files = [ROOT / entry["file"]] if "file" in entry else modules().values()
        lines = [line.strip() for file in files for line in file.read_text(encoding="utf-8").splitlines()]
        assert entry["line"] in lines and len(entry["why"]) > 20, entry


def test_a_survivor_is_known_by_the_content_of_its_line() -> None:
    [fault, *_] = [f for place in Places("x.py", SOURCE) for f in place if f.change == "7 → 8"]
    entry = {"file": "x.py", "line": fault.text, "fault": "7 → 8", "why": "because"}
    assert plant.equivalent(fault, [entry]) == "because"
    assert plant.equivalent(fault, [entry | {"fault": "7 → 6"}]) == ""
    assert plant.equivalent(fault, [entry | {"line": "another"}]) == ""
    assert plant.equivalent(fault, [entry | {"file": "y.py"}]) == ""
    assert plant.equivalent(fault, [{key: entry[key] for key in ("line", "why")}]) == "because"  # in any file


def test_a_file_that_cannot_be_collected_catches_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails in the clean copy as well is left out, a test or a whole file, and the others are run."""
    field = plant.Field(tmp_path, 60)
    field.clean, copy = tmp_path / "clean", tmp_path / "copy"
    for tree, value in ((field.clean, 2), (copy, 3)):
        (tree / "coupling").mkdir(parents=True)
        (tree / "coupling/__init__.py").write_text("")
        (tree / "coupling/one.py").write_text(f"def double(x):\n    return {value} * x\n")
        (tree / "test_broken.py").write_text("import nowhere\n")
        (tree / "test_it.py").write_text(f"def test_wrong():\n    assert False\n{CHECK}")
    worker = plant.Worker(sys.executable)
    for files, caught in ((["test_broken.py", "test_it.py"], "test_it.py::test_double"), (["test_broken.py"], "")):
        monkeypatch.setattr(field, "runs", lambda *_, files=files: iter([(files, worker)]))
        assert field.catch("coupling.one", copy, {})["caught"] == caught
    worker.close()
    assert field.bad >= {"test_broken.py", "test_it.py::test_wrong"}
