"""Compiled loops over several threads, without a second pool of threads beside torch's own."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import torch

__all__ = ["in_parts", "parts_for"]

_WORTH = 1 << 18  # elements below which waking a thread costs more than it brings


def parts_for(elements: int) -> int:
    """Among how many threads work on so many elements is divided: at most as torch uses."""
    return max(1, min(torch.get_num_threads(), elements // _WORTH))


def in_parts(work: Callable[[int, int], None], count: int, parts: int) -> None:
    """work(begin, end) over 0 ... count in parts of equal size; the first in this thread."""
    edges = [count * part // parts for part in range(parts + 1)]
    spans = list(zip(edges, edges[1:], strict=False))
    waiting = [_pool(os.getpid(), parts).submit(work, *span) for span in spans[1:]]
    work(*spans[0])
    for each in waiting:
        each.result()


@cache
def _pool(_: int, parts: int) -> ThreadPoolExecutor:
    """Threads that stay; a forked process, which has none of its parent's, gets its own."""
    return ThreadPoolExecutor(parts, thread_name_prefix="regard-kernels")
