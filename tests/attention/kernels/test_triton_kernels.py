"""The Triton kernels against tanh in float64, under Triton's interpreter; and that they compile."""

import importlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

if importlib.util.find_spec("triton") is None:
    pytest.skip("triton is not installed", allow_module_level=True)

WORKER = Path(__file__).with_name("triton_worker.py")


def test_kernels_under_the_interpreter() -> None:
    # In a process of its own: the interpreter must be asked for before anything imports Triton,
    # and torch may.
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--tb=short", WORKER],
        env={**os.environ, "TRITON_INTERPRET": "1", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


FLOATS = "exps reach vector normalizer d_own d_vector"
INPUTS = "query keys own other values grad scores context"


@pytest.mark.skipif("TRITON_INTERPRET" in os.environ, reason="no compiler under the interpreter")
@pytest.mark.parametrize(
    ("masked", "one"),
    [
        (True, ()),
        (True, ("A", "Q", "K", "OWN", "OTHER", "mask_key", "grad_own")),
        (False, ()),
    ],
)
@pytest.mark.parametrize(
    ("kernel", "constants"),
    [
        ("_score_kernel", {"BLOCK_Q": 1, "BLOCK_K": 256}),
        ("_attend_kernel", {"BLOCK_Q": 32, "BLOCK_K": 32, "BLOCK_D": 16}),
        ("_gradient_kernel", {"HAS_VECTOR": True, "BLOCK": 32, "BLOCK_OTHER": 32, "CHUNK": 4}),
        ("_gradient_kernel", {"HAS_VECTOR": False, "BLOCK": 256, "BLOCK_OTHER": 1, "CHUNK": 4}),
    ],
)
def test_kernels_compile_for_an_h100(
    kernel: str,
    constants: dict[str, Any],
    masked: bool,
    one: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The compiler needs no GPU, and refuses what the interpreter lets pass.
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    triton = importlib.import_module("triton")
    compiler = importlib.import_module("triton.compiler")
    target = importlib.import_module("triton.backends.compiler").GPUTarget("cuda", 90, 32)
    function = getattr(importlib.import_module("regard.attention.kernels._triton"), kernel)
    # a number that is 1 comes to a kernel as a constant
    constants = {"HAS_MASK": masked, **constants} | dict.fromkeys(one, 1)
    constants = {name: constants[name] for name in function.arg_names if name in constants}

    def type_of(name: str) -> str:
        if name in constants:
            return "constexpr"
        if name == "mask":
            return "*u8"
        if name in INPUTS.split():
            return "*bf16"
        return (
            "*fp32"
            if name.removeprefix("query_")
            .removeprefix("key_")
            .removeprefix("own_")
            .removeprefix("other_")
            in FLOATS.split()
            else "i32"
        )

    signature = {name: type_of(name) for name in function.arg_names}
    source = compiler.ASTSource(fn=function, signature=signature, constexprs=constants)
    compiled = triton.compile(source, target=target, options={"enable_fp_fusion": True})
    assert compiled.asm["cubin"]
