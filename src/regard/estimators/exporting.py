"""A fitted model as one file that runs without regard, checked against the model itself."""

from __future__ import annotations

import copy
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from regard.errors import ConfigError, DataError, RunError
from regard.inference import Inference
from regard.inputs.graph import InputGraph
from regard.outputs.graph import OutputGraph
from regard.outputs.output import Output
from regard.runs import check_output, check_suffix, replacing, write_json

if TYPE_CHECKING:
    from regard.estimators.base import AttentionEstimator

__all__ = ["FORMATS", "Exported", "check_exportable", "check_exported", "export"]

_Arrays = tuple[NDArray[Any], ...]
_Run = Callable[..., Mapping[str, NDArray[Any]]]

_MOST = 200  # cases that are compared
_BATCH = 16  # of them at once, after the first alone
_DRAWN = 12  # cases that are made up where none are given
_DIFFERENCE = 1e-3  # in units of the prediction, or of a map's largest value
_MAPS = ("attention", "evidence")
_TRACES = ("stack_trace", "source_fn_stack", "nn_module_stack", "from_node", "torch_fn")


@dataclass(frozen=True)
class Exported:
    """What was written, and how far it is from the model.

    Attributes:
        path: of the model.
        companion: of the JSON beside it, which says what goes in and comes out.
        cases: how many were compared.
        source: what they are.
        differences: the largest of each output: of the prediction in its own unit, which is 1 for
            probabilities and a standard deviation for numbers; of maps as a share of the largest
            value.
    """

    path: Path
    companion: Path
    cases: int
    source: str
    differences: Mapping[str, float]

    def __str__(self) -> str:
        each = ", ".join(f"{name} {value:.1e}" for name, value in self.differences.items())
        cases = "1 case" if self.cases == 1 else f"{self.cases} cases"
        return f"largest difference to the run on {cases} {self.source}: {each}"


def check_exported(path: Path, *, overwrite: bool) -> None:
    """Refuse an output of an unknown format, one that exists, and one whose packages are missing.

    Raises:
        ConfigError: the ending is unknown, or the format needs what is not installed.
        RunError: the file or its companion exists, or cannot be written.
    """
    suffix = check_suffix(path, FORMATS)
    for each in (path, _companion(path)):
        check_output(each, "file", overwrite=overwrite)
    if suffix == ".onnx":
        try:
            import onnx  # noqa: F401
            import onnxruntime  # noqa: F401
            import onnxscript  # noqa: F401
        except ModuleNotFoundError as error:
            raise ConfigError(
                f"export: ONNX needs {error.name}, which is not installed; use: "
                "pip install 'regard[export]'"
            ) from None


def check_exportable(estimator: AttentionEstimator) -> None:
    """Refuse a model of a kind that cannot be exported.

    Raises:
        ConfigError: says why.
    """
    estimator.output_.graph()
    estimator.input_.graph(estimator.model_)


def export(
    estimator: AttentionEstimator,
    path: Path,
    X: Any = None,
    *,
    source: str = "",
    overwrite: bool = False,
) -> Exported:
    """Write the model of an estimator; see `AttentionEstimator.export`.

    Parameters:
        source: what is compared, in words that follow "12 cases".
    """
    check_exported(path, overwrite=overwrite)
    incoming, output = estimator.input_, estimator.output_
    says = output.graph()
    model = copy.deepcopy(estimator.model_).cpu().eval().requires_grad_(False)
    reads = incoming.graph(model)
    if X is None:
        X, source = reads.drawn(_DRAWN, np.random.default_rng(0)), source or "drawn at random"
    cases = estimator._cases(X)
    if not len(cases):
        raise DataError("X: wanted at least one case to compare the exported model with")
    cases = cases.take(np.arange(min(len(cases), _MOST)))
    whole = _without_empty(_Whole(reads, says, output))
    encoded = incoming.encode(cases)
    first = reads.feeds(cases, encoded, np.arange(3) % len(cases))
    companion = _companion(path)
    with ExitStack() as stack, torch.no_grad(), _quiet():
        beside = stack.enter_context(replacing(path, overwrite=overwrite))
        described = stack.enter_context(replacing(companion, overwrite=overwrite))
        program = torch.export.export(
            whole,
            tuple(map(torch.from_numpy, first)),
            dynamic_shapes=(_dynamic(reads),),
            prefer_deferred_runtime_asserts_over_guards=True,
        )
        names = _outputs(program)
        maps = [name for name in _MAPS if name in names]
        seen = estimator.infer(cases, maps=maps)
        write, opened = FORMATS[path.suffix.lower()]
        write(_without_traces(program), beside, [each.name for each in reads.takes], names)
        found = _compared(opened(beside), seen, reads, says, maps)
        _refuse_different(found, path)
        done = Exported(path, companion, len(cases), source or "given", found)
        write_json(described, _about(estimator, reads, says, names, done))
    return done


def _companion(path: Path) -> Path:
    """The JSON beside a model; with the model's ending, since NAME.json may be a configuration."""
    return path.with_name(f"{path.name}.json")


class _Whole(nn.Module):
    """Arrays to arrays by name."""

    def __init__(self, reads: InputGraph, says: OutputGraph, output: Output) -> None:
        super().__init__()
        self.reads, self.says = reads, says
        self._scaled = output.scaled

    def forward(self, *arrays: Tensor) -> dict[str, Tensor]:
        return self.says(self._scaled(self.reads(*arrays)), arrays)  # type: ignore[no-any-return]


def _without_empty(whole: _Whole) -> _Whole:
    """Without tensors that have no numbers: no program needs them, and none can be saved."""
    for module in whole.modules():
        for name, each in module.named_buffers(recurse=False):
            if not each.numel():
                setattr(module, name, None)
    return whole


def _without_traces(program: torch.export.ExportedProgram) -> torch.export.ExportedProgram:
    """Without the lines of code, and the names of their files, that each operator came from."""
    for module in program.graph_module.modules():
        for node in module.graph.nodes if isinstance(module, torch.fx.GraphModule) else ():
            for name in _TRACES:
                node.meta.pop(name, None)
    return program


def _outputs(program: torch.export.ExportedProgram) -> list[str]:
    """The names of what a program returns, in its order."""
    spec = program.call_spec.out_spec
    assert spec is not None
    return list(spec.unflatten(range(spec.num_leaves)))


def _dynamic(reads: InputGraph) -> tuple[dict[int, Any], ...]:
    """The axes of any length of each array."""
    names = {axis for each in reads.takes for axis in each.axes if isinstance(axis, str)}
    dims = {name: torch.export.Dim(name, min=reads.least.get(name, 1)) for name in names}
    return tuple(
        {n: dims[axis] for n, axis in enumerate(each.axes) if isinstance(axis, str)}
        for each in reads.takes
    )


def _write_pt2(
    program: torch.export.ExportedProgram, path: Path, inputs: Sequence[str], outputs: Sequence[str]
) -> None:
    torch.export.save(program, path)


def _open_pt2(path: Path) -> _Run:
    module = torch.export.load(path).module()

    def run(*arrays: NDArray[Any]) -> Mapping[str, NDArray[Any]]:
        found = module(*map(torch.from_numpy, arrays))
        return {name: each.numpy() for name, each in found.items()}

    return run


def _write_onnx(
    program: torch.export.ExportedProgram, path: Path, inputs: Sequence[str], outputs: Sequence[str]
) -> None:
    from onnx_ir.passes.common import ClearMetadataAndDocStringPass

    made = torch.onnx.export(
        program, dynamo=True, verbose=False, input_names=inputs, output_names=outputs
    )
    assert made is not None
    ClearMetadataAndDocStringPass()(made.model)  # such as which line of regard a node came from
    made.save(path, external_data=False)


def _open_onnx(path: Path) -> _Run:
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    inputs, outputs = (
        [each.name for each in side] for side in (session.get_inputs(), session.get_outputs())
    )

    def run(*arrays: NDArray[Any]) -> Mapping[str, NDArray[Any]]:
        found = session.run(outputs, dict(zip(inputs, arrays, strict=True)))
        return dict(zip(outputs, found, strict=True))

    return run


_Write = Callable[[torch.export.ExportedProgram, Path, Sequence[str], Sequence[str]], None]

FORMATS: Mapping[str, tuple[_Write, Callable[[Path], _Run]]] = {
    ".onnx": (_write_onnx, _open_onnx),
    ".pt2": (_write_pt2, _open_pt2),
}
"""Ending of a file to how it is written, and how it is run."""


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what the exporters say about themselves."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before = logging.root.manager.disable
        logging.disable(logging.WARNING)
        try:
            yield
        finally:
            logging.disable(before)


def _compared(
    run: _Run, seen: Inference, reads: InputGraph, says: OutputGraph, maps: Sequence[str]
) -> dict[str, float]:
    """The largest differences, of the first case alone and of all others in batches."""
    expected, count = says.expected(seen), len(seen)
    found = dict.fromkeys([*expected, *maps], 0.0)
    highest = dict.fromkeys(maps, 0.0)
    chunks = [np.arange(1)]
    chunks += [np.arange(at, min(at + _BATCH, count)) for at in range(1, count, _BATCH)]
    for index in chunks:
        given = run(*reads.feeds(seen.cases, seen.encoded, index))
        for name, (values, unit) in expected.items():
            units = np.broadcast_to(unit, values.shape)
            apart = np.abs(given[name] - values[index]) / units[index]
            found[name] = max(found[name], _largest(apart))
        for name in maps:
            for row, n in zip(given[name], index.tolist(), strict=True):
                own = seen.maps[name][n]
                own = says.evidence(own) if name == "evidence" else own
                apart = np.abs(reads.laid(row, seen.encoded, n) - own)
                found[name] = max(found[name], _largest(apart))
                highest[name] = max(highest[name], _largest(np.abs(own)))
    for name in maps:
        found[name] /= highest[name] or 1.0
    return found


def _largest(values: NDArray[Any]) -> float:
    """Infinity where one is not a number."""
    return float(np.nan_to_num(values, nan=np.inf).max(initial=0.0))


def _refuse_different(found: Mapping[str, float], path: Path) -> None:
    for name, value in found.items():
        if value > _DIFFERENCE:
            raise RunError(
                f"{path}: is not written: {name} of the exported model differ by {value:.1e}, more "
                f"than {_DIFFERENCE:g}, from those of the run"
            )


def _about(
    estimator: AttentionEstimator,
    reads: InputGraph,
    says: OutputGraph,
    names: Sequence[str],
    done: Exported,
) -> dict[str, Any]:
    """The companion."""
    gives = says.gives(reads.over)
    return {
        "task": estimator.task,
        "regard": version("regard"),
        "inputs": [
            {"name": each.name, "dtype": each.dtype, "shape": list(each.axes), "is": each.says}
            for each in reads.takes
        ],
        "least": dict(reads.least),
        "outputs": [
            {"name": name, "shape": list(gives[name].axes), "is": gives[name].says}
            for name in names
        ],
        **says.about(),
        **reads.about(),
        "compared": {
            "cases": done.cases,
            "source": done.source,
            "differences": dict(done.differences),
        },
    }
