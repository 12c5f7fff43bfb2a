"""The house rules: who may import whom, and what is exported."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import regard

SOURCE = Path(regard.__file__).parent
MODULES = sorted(SOURCE.rglob("*.py"))

# What each part may import of regard, beside itself and the errors.
MAY_IMPORT = {
    "attention": set[str](),
    "reference": set[str](),
    "data": set[str](),
    "baselines": set[str](),
    "catalogue": set[str](),
    "config": {"catalogue"},
    "metrics": set[str](),
    "errors": set[str](),
    "models": {"attention"},
    "training": {"attention", "models", "data"},
    "explain": {"attention"},
    "runs": {"config"},
    "estimators": {"baselines", "models", "training", "data", "explain", "config", "runs"},
    "plots": {"explain"},
    "jobs": {
        "attention",
        "baselines",
        "catalogue",
        "config",
        "data",
        "estimators",
        "explain",
        "metrics",
        "models",
        "plots",
        "runs",
        "training",
    },
    "cli": {"catalogue", "config", "jobs", "plots", "runs"},
    "__init__": {"estimators", "jobs"},
}


def _part(module: Path) -> str:
    return module.relative_to(SOURCE).parts[0].removesuffix(".py")


def _imported_parts(module: Path) -> set[str]:
    """The parts of regard that a module imports, wherever in it the import stands."""
    package = ["regard", *module.relative_to(SOURCE).parts[:-1]]
    names: list[str] = []
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            start = ".".join([*base, *([node.module] if node.module else [])])
            names += [f"{start}.{alias.name}" for alias in node.names]
    parts = [name.split(".")[1] for name in names if name.startswith("regard.")]
    return {part for part in parts if (SOURCE / part).is_dir() or (SOURCE / f"{part}.py").is_file()}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_go_one_way(module: Path) -> None:
    part = _part(module)
    assert part in MAY_IMPORT, f"say in this table what {part} may import"
    allowed = MAY_IMPORT[part] | {part, "errors"}
    assert _imported_parts(module) <= allowed


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_exports_are_complete(module: Path) -> None:
    if module.name == "_triton.py":
        pytest.importorskip("triton")
    tree = ast.parse(module.read_text(encoding="utf-8"))
    defined: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            defined.add(node.name)
        elif isinstance(node, ast.Assign):
            defined |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            defined.add(node.target.id)
        elif isinstance(node, ast.ImportFrom) and module.name == "__init__.py":
            defined |= {alias.asname or alias.name for alias in node.names}
    public = {name for name in defined if not name.startswith("_")}
    dotted = ".".join(["regard", *module.relative_to(SOURCE).with_suffix("").parts])
    exported = importlib.import_module(dotted.removesuffix(".__init__")).__all__
    if dotted == "regard.__init__":  # exports some names late, and imports helpers for that
        assert set(exported) >= {"RegardError", "SeriesClassifier", "train"}
        public = set(exported)
    assert list(exported) == sorted(exported, key=_ruff_order)
    assert set(exported) == public


def _ruff_order(name: str) -> tuple[int, str]:
    kind = 0 if name.isupper() else 1 if name[0].isupper() else 2
    return kind, name


def test_every_export_of_the_package_is_there() -> None:
    for name in regard.__all__:
        assert getattr(regard, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Klassifier'"):
        _ = regard.Klassifier


@pytest.mark.parametrize(
    "statement", ["import regard", "import regard.cli", "import regard.config"]
)
def test_no_heavy_import_before_it_is_needed(statement: str) -> None:
    code = (
        f"{statement}; import sys; "
        "print([name for name in ('torch', 'lightning', 'matplotlib', 'sklearn', 'polars', 'numpy')"
        " if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
