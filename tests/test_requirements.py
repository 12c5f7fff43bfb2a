"""What an installation brings along."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections import defaultdict
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WANTED = {each.name: each for each in map(Requirement, PROJECT["dependencies"])}
PINNED = dict(
    re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.M)
)


def test_the_releases_that_stole_credentials_cannot_be_installed() -> None:
    """GHSA-w37p-236h-pfx3; excluded by name, so that a lower floor would not let them in."""
    named = {str(each) for each in WANTED["lightning"].specifier}
    assert {"!=2.6.2", "!=2.6.3"} <= named


def test_what_is_tested_may_be_installed() -> None:
    lower = {name.lower(): version for name, version in PINNED.items()}
    for name, requirement in WANTED.items():
        assert requirement.specifier.contains(lower[name]), name


def test_what_is_imported_is_declared() -> None:
    places: dict[str, set[str]] = defaultdict(set)
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                assert node.module is not None, path
                names = [node.module]
            for name in names:
                places[name.split(".")[0]].add(str(path.relative_to(ROOT)))
    # Of `music`, of PyTorch for GPUs, of `serve` and of `export`. All are asked for first.
    extra = {"music21", "triton", "fastapi", "starlette", "uvicorn"}
    extra |= {"onnx", "onnx_ir", "onnxruntime", "onnxscript"}
    known = packages_distributions()
    for name in places.keys() - sys.stdlib_module_names - {"regard"} - extra:
        assert {canonicalize_name(each) for each in known[name]} & WANTED.keys(), (
            f"{name} is not in the dependencies of pyproject.toml, but in {sorted(places[name])}"
        )


def test_every_package_of_every_extra_is_pinned() -> None:
    pinned = {canonicalize_name(name) for name in PINNED}
    extras = PROJECT["optional-dependencies"].values()
    waiting = [*PROJECT["dependencies"], *(each for extra in extras for each in extra)]
    seen: set[tuple[str, str]] = set()
    while waiting:
        given = Requirement(waiting.pop())
        name = canonicalize_name(given.name)
        if name == "regard":
            continue
        for extra in {"", *given.extras}:
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            assert name in pinned, f"{name} is not in constraints.txt"
            try:
                needed = [Requirement(each) for each in requires(name) or []]
            except PackageNotFoundError:  # of an extra that is not installed here
                continue
            waiting += [
                str(each)
                for each in needed
                if not each.marker or each.marker.evaluate({"extra": extra})
            ]


@pytest.mark.parametrize("minor", [12, 13, 14])
def test_sources_compile_in_newer_pythons(minor: int) -> None:
    python = shutil.which(f"python3.{minor}") or ""
    if (
        not python
        or subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode
    ):
        pytest.skip(f"there is no Python 3.{minor} here")
    code = "import pathlib, sys\nfor path in sys.argv[1:]:\n"
    code += "    compile(pathlib.Path(path).read_bytes(), path, 'exec')"
    paths = [str(path) for path in (ROOT / "src").rglob("*.py")]
    done = subprocess.run(
        [python, "-W", "error", "-c", code, *paths], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
