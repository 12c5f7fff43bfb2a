"""The house rules: who may import whom, and what is exported."""

import ast
import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from types import ModuleType

import pytest

import regard
import regard.inputs
import regard.outputs
import regard.training

SOURCE = Path(regard.__file__).parent
MODULES = sorted(SOURCE.rglob("*.py"))

# What each part imports of regard, beside itself and the errors, which all may. The readers' public
# names in `data` are for users: nothing here imports them.
MAY_IMPORT = {
    "errors": set[str](),
    "bounded": set[str](),
    "attention": set[str](),
    "reference": set[str](),
    "registry": set[str](),
    "catalogue": {"registry"},
    "tasks": {"registry"},
    "plugins": {"attention", "catalogue", "models", "registry", "tasks"},
    "kept": {"bounded"},
    "config": {"bounded", "catalogue", "plugins", "registry", "tasks"},
    "disk": set[str](),
    "runs": {"bounded", "config", "disk", "kept"},
    "checks": set[str](),
    "splits": {"checks"},
    "tables": {"bounded", "checks"},
    "tokens": {"bounded", "checks"},
    "inference": set[str](),
    "explain": set[str](),
    "models": {"attention", "catalogue", "checks", "registry"},
    "training": {"attention", "checks", "config", "disk", "models"},
    "plots": {"runs"},
    "inputs": {
        "attention",
        "bounded",
        "catalogue",
        "checks",
        "config",
        "explain",
        "inference",
        "kept",
        "models",
        "plots",
        "registry",
        "splits",
        "tables",
        "tokens",
        "training",
    },
    "data": {"inputs", "splits", "tables"},
    "outputs": {
        "attention",
        "catalogue",
        "checks",
        "config",
        "inference",
        "inputs",
        "kept",
        "models",
        "plots",
        "registry",
        "splits",
        "tasks",
        "tokens",
        "training",
    },
    "estimators": {
        "attention",
        "catalogue",
        "checks",
        "config",
        "explain",
        "inference",
        "inputs",
        "kept",
        "models",
        "outputs",
        "plots",
        "plugins",
        "registry",
        "runs",
        "tasks",
        "tokens",
        "training",
    },
    "guess": {"config", "inputs", "tables"},
    "jobs": {
        "attention",
        "catalogue",
        "config",
        "estimators",
        "guess",
        "inference",
        "inputs",
        "models",
        "outputs",
        "plots",
        "registry",
        "runs",
        "tables",
        "tasks",
        "training",
    },
    "serve": {
        "bounded",
        "checks",
        "estimators",
        "explain",
        "inference",
        "inputs",
        "jobs",
        "plots",
        "runs",
        "tables",
        "tasks",
    },
    "terminal": {"catalogue", "jobs", "plots"},
    "cli": {
        "catalogue",
        "config",
        "jobs",
        "plugins",
        "runs",
        "serve",
        "tables",
        "tasks",
        "terminal",
    },
    "__init__": {"estimators", "jobs"},
    "__main__": {"cli"},
}


def _part(module: Path) -> str:
    return module.relative_to(SOURCE).parts[0].removesuffix(".py")


@cache
def _tree(module: Path) -> ast.Module:
    return ast.parse(module.read_text(encoding="utf-8"))


@cache
def _imported_parts(module: Path) -> frozenset[str]:
    """The parts of regard that a module imports, wherever in it the import stands."""
    package = ["regard", *module.relative_to(SOURCE).parts[:-1]]
    names: list[str] = []
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            start = ".".join([*base, *([node.module] if node.module else [])])
            names += [f"{start}.{alias.name}" for alias in node.names]
    parts = [name.split(".")[1] for name in names if name.startswith("regard.")]
    return frozenset(
        part for part in parts if (SOURCE / part).is_dir() or (SOURCE / f"{part}.py").is_file()
    )


every_module = pytest.mark.parametrize(
    "module", MODULES, ids=lambda path: str(path.relative_to(SOURCE))
)


@every_module
def test_a_module_imports_what_its_part_may(module: Path) -> None:
    part = _part(module)
    assert part in MAY_IMPORT, f"say in this table what {part} may import"
    allowed = MAY_IMPORT[part] | {part, "errors"}
    assert _imported_parts(module) <= allowed


@pytest.mark.parametrize("part", MAY_IMPORT)
def test_every_permission_is_used(part: str) -> None:
    modules = [module for module in MODULES if _part(module) == part]
    assert modules, f"there is no {part}"
    used: set[str] = set().union(*map(_imported_parts, modules))
    unused = MAY_IMPORT[part] - used
    assert not unused, f"{part} imports nothing of {', '.join(unused)}"


def test_imports_go_one_way() -> None:
    order = list(TopologicalSorter(MAY_IMPORT).static_order())  # raises where there is a cycle
    assert set(order) == set(MAY_IMPORT)


def test_nothing_imports_the_names_for_users() -> None:
    others = [allowed for part, allowed in MAY_IMPORT.items() if part != "__main__"]
    assert not {"data", "cli", "__init__"} & set().union(*others)


def _for_types_alone(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
    )


def _statements(tree: ast.Module) -> Iterator[ast.stmt]:
    """Those of a module, and what it imports for types alone, which it may give out late."""
    for node in tree.body:
        if isinstance(node, ast.If) and _for_types_alone(node):
            yield from node.body
        else:
            yield node


def _of_regard(node: ast.ImportFrom) -> bool:
    return node.level > 0 or str(node.module).partition(".")[0] == "regard"


@every_module
def test_exports_are_complete(module: Path) -> None:
    if module.name == "_triton.py":
        pytest.importorskip("triton")
    gives_out = module.name == "__init__.py" or module == SOURCE / "data.py"
    tree = _tree(module)
    defined: set[str] = set()
    for node in _statements(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            defined.add(node.name)
        elif isinstance(node, ast.Assign):
            defined |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            defined.add(node.target.id)
        elif isinstance(node, ast.ImportFrom) and gives_out and _of_regard(node):
            defined |= {alias.asname or alias.name for alias in node.names}
    public = {name for name in defined if not name.startswith("_")}
    dotted = ".".join(["regard", *module.relative_to(SOURCE).with_suffix("").parts])
    imported = importlib.import_module(dotted.removesuffix(".__init__"))
    exported = list(imported.__all__)
    assert exported == sorted(exported, key=_ruff_order)
    assert set(exported) - {"__version__"} == public
    for name in exported:
        assert getattr(imported, name) is not None


def _ruff_order(name: str) -> tuple[int, str]:
    kind = 0 if name.isupper() else 1 if name[0].isupper() else 2
    return kind, name


@pytest.mark.parametrize("package", [regard, regard.inputs, regard.outputs, regard.training])
def test_a_package_that_imports_late_refuses_other_names(package: ModuleType) -> None:
    with pytest.raises(AttributeError, match="no attribute 'Klassifier'"):
        _ = package.Klassifier


@pytest.mark.parametrize(
    "module", ["", ".cli", ".config", ".tasks", ".plugins", ".catalogue", ".inputs", ".outputs"]
)
def test_no_heavy_import_before_it_is_needed(module: str) -> None:
    code = (
        f"import regard{module}, sys; "
        "print([name for name in ('torch', 'lightning', 'matplotlib', 'sklearn', 'polars', 'numpy')"
        " if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def _imported_at_once(name: str) -> set[str]:
    """The modules that the module of this name imports before anything of it is called."""
    file = SOURCE.parent.joinpath(*name.split("."))
    file = file / "__init__.py" if file.is_dir() else file.with_suffix(".py")
    found = set()
    for node in _tree(file).body if file.exists() else ():
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module))
            found |= {f"{node.module}.{each.name}" for each in node.names}
    parents = {each.rpartition(".")[0] for each in found} - {""}
    return found | parents


def test_estimators_need_no_lightning_before_they_train() -> None:
    seen, ahead = set[str](), {"regard.estimators.base", "regard.jobs.prediction", "regard.cli"}
    while ahead:
        seen |= ahead
        ahead = {each for name in ahead for each in _imported_at_once(name)} - seen
    assert "regard.training.batches" in seen
    assert not [name for name in seen if name.startswith("lightning")]
    assert "lightning.pytorch" in _imported_at_once("regard.training.trainer")


def test_a_text_is_predicted_without_what_trains_and_draws(tmp_path: Path) -> None:
    texts, run = ["a good film", "a bad film"] * 10, tmp_path / "run"
    model = regard.TextClassifier(epochs=1, hidden=8, embedding_dim=8, device="cpu")
    model.fit(texts, ["up", "down"] * 10).save(run)
    heavy = (
        "sklearn",
        "matplotlib",
        "lightning",
        "pandas",
        "polars",
        "scipy.optimize",
        "torch.onnx",
    )
    code = (
        "import sys; from regard.cli import main\n"
        f"sys.argv = ['regard', 'predict', {str(run)!r}, '--text', 'a good film']\n"
        "try: main()\n"
        f"finally: print([name for name in {heavy} if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.splitlines()[0].startswith(("up (", "down ("))
    assert result.stdout.splitlines()[-1] == "[]"


DATA = {
    "no-file.json": {"data": {"kind": "csv", "path": "none.csv"}},
    "not-a-number.json": {"data": {"kind": "csv", "path": "x.csv"}},
    "no-column.json": {
        "task": "classify-text",
        "data": {"kind": "table", "path": "x.csv", "text": "body"},
    },
    "no-time.json": {"task": "forecast", "data": {"kind": "table", "path": "x.csv", "horizon": 2}},
}


def test_torch_is_not_imported_before_data_runs_and_files_are_found(tmp_path: Path) -> None:
    """By none of several commands that fail, one after the other in one process."""
    (tmp_path / "x.csv").write_text("a,b\nup,1\ndown,many\n", encoding="utf-8")
    for name, content in DATA.items():
        (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")
    commands = [["train", name] for name in DATA]
    commands += [["predict", "none", path, "--out", "y.csv"] for path in ("x.csv", "none.csv")]
    code = f"""
import sys
from regard.cli import main
for words in {commands!r}:
    sys.argv = ["regard", *words]
    try:
        main()
    except SystemExit as end:
        heavy = [name for name in ("torch", "lightning") if name in sys.modules]
        print(*words[:3], end.code, heavy)
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert result.stdout.splitlines() == [f"{' '.join(words[:3])} 2 []" for words in commands]
    errors = result.stderr.splitlines()
    assert len(errors) == len(commands)
    assert all(each.startswith("error: ") for each in errors)
