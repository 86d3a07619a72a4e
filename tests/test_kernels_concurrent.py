"""Kernels under many hands: processes racing for a cold cache, threads, spawned pools."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import numpy as np

from coupling.numbers.recurrences import wigner_3j_family
from coupling.numbers.tabulation import tabulate, tabulate_paths

# compiles a caller with helpers in two other files, and uses it
RACER = """
import numpy as np
from coupling.kernels.regge import binomials, inverse_roots, path_factor
hi, lo, root_h, root_l = (np.zeros((8, 8)) for _ in range(4))
binomials(8, hi, lo)
inverse_roots(8, hi, lo, root_h, root_l)
print(path_factor(1, 1, 1, hi, lo, root_h, root_l), sum(path_factor.stats.cache_hits.values()))
"""


def test_six_processes_race_for_a_cold_cache(tmp_path: Path) -> None:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    racers = [
        subprocess.Popen([sys.executable, "-c", RACER], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    answers = [racer.communicate(timeout=300)[0].rsplit(None, 1)[0] for racer in racers]
    assert [racer.returncode for racer in racers] == [0] * 6
    assert len(set(answers)) == 1 and answers[0].startswith("(0.5773502691896257, ")  # √N of a = b = c = 1 is 1/√3
    last = subprocess.run([sys.executable, "-c", RACER], env=environment, capture_output=True, text=True, check=True)
    assert last.stdout.split()[-1] == "1" and last.stdout.rsplit(None, 1)[0] == answers[0]


def test_threads_call_kernels_at_once() -> None:
    jobs = [(family, lmax, basis) for family in ("wigner_3j", "gaunt") for lmax in (3, 5, 9) for basis in BOTH] * 8
    expected = [tabulate(*job).values.tobytes() for job in jobs]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda job: tabulate(*job, workers=2).values.tobytes(), jobs)) == expected
    assert len(jobs) == 96


BOTH = ("complex", "real")


def test_threads_of_families_and_large_paths() -> None:
    paths = np.array([(40, 40, 41), (2, 80, 80)])
    table, family = (
        tabulate_paths("wigner_3j", paths).values.tobytes(),
        wigner_3j_family(40, 50, 3, -7).values.tobytes(),
    )
    with ThreadPoolExecutor(8) as pool:
        tables = [pool.submit(lambda: tabulate_paths("wigner_3j", paths).values.tobytes()) for _ in range(8)]
        families = [pool.submit(lambda: wigner_3j_family(40, 50, 3, -7).values.tobytes()) for _ in range(64)]
        assert {job.result() for job in tables} == {table}
        assert {job.result() for job in families} == {family}


def test_spawned_processes_compute_the_same() -> None:
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        jobs = [pool.submit(tabulate, "clebsch_gordan", lmax, basis) for lmax in (2, 6) for basis in BOTH]
        found = [job.result(timeout=300).values.tobytes() for job in jobs]
    assert found == [tabulate("clebsch_gordan", lmax, basis).values.tobytes() for lmax in (2, 6) for basis in BOTH]
