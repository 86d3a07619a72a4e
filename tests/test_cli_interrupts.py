"""Ctrl-C: every command ends within a second, with one status and one sentence."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import click
import pytest

from coupling.cli import errors
from coupling.cli.errors import says_what_is_wrong
from coupling.products.blocks import run_blocks
from coupling.tables import Request, build, build_shard, merge
from tests.machine import slowness


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, and a cache of tables elsewhere."""
    (folder := tmp_path / "here").mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def interrupts() -> Iterator[None]:
    """Ctrl-C means something, also where the tests run in the background of a shell, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_where_python_drops_exceptions_ends_the_command_all_the_same(interrupts: None) -> None:
    """In finalizers KeyboardInterrupt is printed and the command goes on."""

    class Finalized:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    @says_what_is_wrong
    def command() -> None:
        Finalized()
        time.sleep(10)

    start = time.monotonic()
    with pytest.raises(click.exceptions.Exit) as ended:
        command()
    assert ended.value.exit_code == 130 and time.monotonic() - start < 5
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_interrupt_that_was_put_off_does_not_come_after_the_command(
    interrupts: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Finalized:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(errors, "AGAIN", 0.2)
    command = says_what_is_wrong(lambda: Finalized() and "done")
    assert command() == "done"
    late: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: late.append(number))
    time.sleep(0.4)
    assert not late


@pytest.mark.parametrize("function", ["LLVMPY_LinkModules", "LLVMPY_DisposeString"])
def test_an_interrupt_while_llvm_works_does_not_leave_what_is_freed_twice(function: str) -> None:
    """The signal comes while LLVM destroys a module, or frees a text: the note that it is gone has to follow.

    Without it Python frees it once more, when it collects garbage or compiles again: status -11 or -6.
    """
    program = f"""
        import gc, signal
        import numba
        from llvmlite.binding import ffi
        from coupling.cli.errors import says_what_is_wrong
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell in the background ignores it
        locked = getattr(ffi.lib, {function!r})
        met = []
        def interrupted(*given):
            result = locked._cfn(*given)
            if not met:
                met.append(signal.raise_signal(signal.SIGINT))
            return result
        @says_what_is_wrong
        def command():
            ffi.lib._fntab[{function!r}] = ffi._lib_fn_wrapper(locked._lock, interrupted)
            for number in range(1000):
                numba.njit(lambda x: x * number + abs(x))(1.0)
        try:
            command()
        except Exception as error:
            ended = error.exit_code
        gc.collect()
        numba.njit(lambda x: 2 * x)(1.0)
        gc.collect()
        raise SystemExit(ended if met else "never met")
    """
    environ = {**os.environ, "NUMBA_DISABLE_JIT": "0"}
    done = subprocess.run([sys.executable, "-c", dedent(program)], capture_output=True, text=True, env=environ)
    assert (done.returncode, done.stderr) == (130, "Interrupted. Nothing was finished, and nothing is kept.\n")


def processor_seconds(process: int) -> float:
    """What a process and its threads have used of the processor until now."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ended_by_ctrl_c(command: str, after: float, **environment: str) -> tuple[int, str, float]:
    """Send SIGINT to a command after so many seconds; return its status, what it says, and the seconds it still takes.

    Seconds of the processor where the system tells them, as a busy machine does not add to those.
    """
    words = [sys.executable, "-m", "coupling", *command.split()]
    environ = {**os.environ, **environment}
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environ) as process:
        try:
            time.sleep(after)
            started = time.monotonic()
            while sys.platform == "linux" and processor_seconds(process.pid) < after / 2 and process.poll() is None:
                assert time.monotonic() - started < 60, "the command waits for something"
                time.sleep(0.02)  # on a busy machine it has not begun
            assert process.poll() is None, "the command is too short for this test"
            begin, before = time.monotonic(), processor_seconds(process.pid) if sys.platform == "linux" else 0.0
            process.send_signal(signal.SIGINT)
            assert process.stderr is not None
            said = process.stderr.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        finally:
            process.kill()
    clock, used = time.monotonic() - begin, usage.ru_utime + usage.ru_stime - before
    seconds = min(clock, used) if sys.platform == "linux" else clock
    print(f"{command}: {seconds:.2f} s after Ctrl-C, {clock:.2f} s by the clock")
    assert clock < 15, "the command waits for something"
    return process.returncode, said, seconds


LONG_COMMANDS = [
    "build --lmax 40 --workers 2", "build --lmax 32", "study gaunt --lmax 8", "study whole --lmax 2",
    "simulate --lmax 16 --threads 2", "derive", "crosscheck --lmax 30", "check real-l20.safetensors",
    "manybody build --lmax 6 --order 4",
    "export real-l20.safetensors -f csv", "export real-l20.safetensors -f npz --transposes", "load complex-l36",
]  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("command", LONG_COMMANDS)
def test_ctrl_c_ends_long_commands_within_a_second_and_says_what_is_kept(
    command: str, here: Path, interrupts: None
) -> None:
    if "real-l20" in command:
        build(Request(lmax=20), here / "real-l20.safetensors")
    before = set(here.parent.rglob("*"))  # the cache of what is built on demand is beside the folder
    status, said, seconds = ended_by_ctrl_c(command, 1.2 if "real-l20" in command else 2)
    kept = [path for path in set(here.parent.rglob("*")) - before if path.is_file() and path.name[0] != "."]
    told = ["Nothing was finished, and nothing is kept.", " is kept", f"{len(kept)} finished files are kept"]
    assert status == 130 and "Interrupted. " in said and told[min(len(kept), 2)] in said
    assert seconds < slowness()


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(
    "command",
    ["build --lmax 40", "build --lmax 40 --workers 2", "simulate --lmax 16 --threads 2", "study gaunt --lmax 8"],
)
def test_ctrl_c_ends_a_command_that_compiles_within_a_second(
    command: str, here: Path, interrupts: None, tmp_path: Path
) -> None:
    """Kernels are compiled in the main thread: a compilation in another has to come to its end, ten seconds later."""
    status, said, seconds = ended_by_ctrl_c(command, 3, NUMBA_CACHE_DIR=str(tmp_path / "kernels"))
    assert status == 130 and "Interrupted. " in said
    assert seconds < slowness()


@pytest.mark.parametrize(
    "module", ["coupling.tables.builder", "coupling.tables.assembly", "coupling.numbers.tabulation"]
)
def test_kernels_are_compiled_before_threads_are_started(
    module: str, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As whatever takes its time in a thread makes Ctrl-C wait."""
    met = []
    own = sys.modules[module]
    first, pool = "compile_first" if module == "coupling.numbers.tabulation" else "compile_core", own.ThreadPoolExecutor
    monkeypatch.setattr(own, first, lambda basis: met.append(basis))
    monkeypatch.setattr(own, "ThreadPoolExecutor", lambda *given: met.append("threads") or pool(*given))
    request, file = Request(lmax=2, basis="complex"), here / "complex-l2.safetensors"
    if module == "coupling.numbers.tabulation":
        sys.modules[module].tabulate("gaunt", 2, "complex", workers=2)
    else:
        build_shard(request, file, 0, 1)
        merge(request, file)
    assert met[:2] == ["complex", "threads"] and set(met[2:]) <= {"threads"}


def test_products_compile_before_they_start_threads() -> None:
    met: list[object] = []
    run_blocks(lambda first, last: met.append((first, last)), 40, 16, 2)
    assert met[0] == (0, 0) and sorted(met[1:]) == [(0, 16), (16, 40)]


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_an_interruption_inside_exec_has_the_status_of_every_other() -> None:
    """Python remembers it, and would end by the signal itself, which shells report as a crash."""
    program = """
        from coupling.cli.errors import says_what_is_wrong
        @says_what_is_wrong
        def command():
            exec("raise KeyboardInterrupt")
        try:
            command()
        except Exception as error:
            raise SystemExit(error.exit_code)
    """
    done = subprocess.run([sys.executable, "-c", dedent(program)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (130, "Interrupted. Nothing was finished, and nothing is kept.\n")
