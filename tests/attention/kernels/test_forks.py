"""Processes forked after OpenMP has run, each in a process of its own that has a time limit."""

import os
import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")

_BEGIN = """
    import os, torch
    from regard.attention.kernels import additive_score
    query, keys, vector = torch.randn(3, 67, 64), torch.randn(3, 71, 64), torch.randn(64)
    wanted = torch.tanh(query[:, :, None] + keys[:, None]) @ vector
    def ours():
        found = additive_score(query, keys, vector, kernel="numba")
        assert (found - wanted).abs().max() < 1e-4
    def torchs():
        ones = torch.ones(500, 500, requires_grad=True)
        (ones @ ones + ones).sum().backward()
        assert (ones.grad == 1001).all()
    torch.set_num_threads(2)
"""


def _run(code: str) -> None:
    command = [sys.executable, "-c", textwrap.dedent(_BEGIN) + textwrap.dedent(code)]
    # of a group of its own, so that a child that hangs ends with it
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            _, errors = process.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            pytest.fail("the forked process hangs")
    assert process.returncode == 0, errors


@pytest.mark.parametrize("before", ["ours", "torchs"])
def test_one_thread_and_more_if_told_so(before: str) -> None:
    _run(f"""
        def child_of(work):
            child = os.fork()
            if child == 0:
                assert torch.get_num_threads() == 1
                work()
                torch.set_num_threads(2)
                work()
                raise SystemExit  # and not os._exit: what torch does at the end may hang too
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
            assert torch.get_num_threads() == 2
        for after in (ours, torchs):
            {before}()
            child_of(after)
        {before}()
    """)


def test_a_pool_of_forked_workers() -> None:
    _run("""
        import multiprocessing
        ours()
        torchs()
        def work(number):
            torchs()
            ours()
            return number
        with multiprocessing.get_context("fork").Pool(2) as pool:
            assert pool.map(work, range(5)) == list(range(5))
    """)
