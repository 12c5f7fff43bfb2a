"""Runs compiled code on torch's own threads.

A second thread pool would compete with torch's threads, which spin for some milliseconds after
each operation. If torch uses GNU OpenMP, its threads run the code; otherwise a pool does.

GNU OpenMP does not know of forks: it waits forever in the child for threads that only the parent
has, in torch's operations as in ours. So the threads are ended before each fork of Python, to be
started again where they are needed, and the child begins with one.
"""

import ctypes
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import torch

__all__ = ["run"]

_WORTH = 1 << 18  # elements below which a further thread does not pay


def run(worker: Any, arguments: Sequence[int], elements: int) -> None:
    """Run `worker(pointer to the arguments)` in several threads, and wait for all.

    Parameters:
        worker: a `numba.cfunc` of a pointer to int64, which takes shares of the work by a counter
            among the arguments.
        arguments: numbers and addresses.
        elements: the amount of work.
    """
    given = (ctypes.c_int64 * len(arguments))(*arguments)
    threads = max(1, min(torch.get_num_threads(), elements // _WORTH))
    if threads == 1:
        worker.ctypes(given)
        return
    team = _team()
    if team is not None:
        team(worker.address, given, threads, 0)
        return
    waiting = [_pool(os.getpid()).submit(worker.ctypes, given) for _ in range(threads - 1)]
    worker.ctypes(given)
    for each in waiting:
        each.result()


@cache
def _team() -> Any:
    """The function of torch's libgomp that runs a function in a team of threads, or None."""
    openmp = _openmp()
    if openmp is None:
        return None
    team = openmp.GOMP_parallel
    team.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint]
    team.restype = None
    return team


@cache
def _openmp() -> ctypes.CDLL | None:
    """The libgomp that torch has loaded."""
    maps = Path("/proc/self/maps")
    lines = maps.read_text(encoding="utf-8").splitlines() if maps.exists() else []
    loaded = {line.split()[-1] for line in lines if "libgomp" in line}
    beside = Path(torch.__file__).parent
    torchs = [path for path in loaded if beside in Path(path).parents]
    if len(torchs or loaded) != 1:
        return None
    return ctypes.CDLL((torchs or list(loaded))[0])


@cache
def _pool(_: int) -> ThreadPoolExecutor:
    """A pool for the process with this id; a forked process needs its own."""
    return ThreadPoolExecutor(thread_name_prefix="regard-kernels")


def _before_fork() -> None:
    openmp = _openmp()
    if openmp is not None and hasattr(openmp, "omp_pause_resource_all"):  # of OpenMP 5
        openmp.omp_pause_resource_all(2)  # hard: the threads are ended


def _in_child() -> None:
    torch.set_num_threads(1)  # and replaces a pool of torch whose threads stayed in the parent


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_child=_in_child)
