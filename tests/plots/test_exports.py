"""What `regard.plots` exports and imports."""

import subprocess
import sys

import regard.plots


def test_exports_are_complete_and_sorted() -> None:
    assert regard.plots.__all__ == sorted(regard.plots.__all__)
    for name in regard.plots.__all__:
        assert getattr(regard.plots, name).__module__.startswith("regard.plots.")


def test_neither_pyplot_nor_torch_is_needed() -> None:
    code = "import sys, regard.plots; print({'torch', 'matplotlib.pyplot'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
