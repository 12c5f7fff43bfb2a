"""Every estimator: fit, save, load, and run cases through the model once."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from itertools import chain
from pathlib import Path
from threading import Lock
from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from regard.config import Config, config_of, resolve_config
from regard.errors import ConfigError, DataError, RegardWarning, RunError, did_you_mean
from regard.estimators.auditing import Audit, attributed, audit
from regard.estimators.contract import Estimator, check_is_fitted
from regard.estimators.parameters import (
    as_json,
    constructor,
    data_fields,
    documented,
    section_fields,
)
from regard.estimators.passing import answer, inner, refuse_lost
from regard.estimators.weighing import load_weights, refuse_other_weights
from regard.explain import as_weights
from regard.inference import Inference
from regard.inputs.input import Input
from regard.kept import check_kept
from regard.models import Predicted, not_finite, plan
from regard.outputs.output import Output
from regard.outputs.sides import sides_of
from regard.registry import load
from regard.runs import Run, read_run, write_run, writing
from regard.tasks import TASKS
from regard.training import (
    ONE_FIT,
    batch_indices,
    check_device,
    epochs_again,
    refuse_weights,
    seeded,
)

if TYPE_CHECKING:
    from regard.estimators.exporting import Exported

__all__ = ["AttentionEstimator", "Floats", "estimator_of"]

Floats = NDArray[np.float64]

_PREDICT_BATCH = 256
_FIRST = "first.ckpt"  # checkpoint of a training to calibrate on
_SECOND = "second.ckpt"  # of a fine-tuning, or of a training on all cases again
_PLACING = Lock()


class AttentionEstimator(Estimator):
    """An input and an output, and a model between them, as scikit-learn knows estimators.

    The parameters are the fields of the task's configuration. Fitted attributes of the input and
    of the output, such as `classes_`, are attributes of the estimator too.

    Attributes:
        input_: the fitted input.
        output_: the fitted output.
        model_: the trained `torch.nn.Module`.
        history_: one row of figures per epoch.
        fit_seconds_: wall-clock time of fit.
        seed_: random seed of the training.
        notes_: warnings of the fit.
    """

    task: ClassVar[str]
    device: str
    verbose: bool
    random_state: int | np.random.RandomState | None
    input_: Input
    output_: Output
    model_: nn.Module
    history_: list[dict[str, float]]
    fit_seconds_: float
    seed_: int
    notes_: list[str]

    if TYPE_CHECKING:

        def __init__(self, **parameters: Any) -> None:
            """Made for each task from its configuration."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "task" in vars(cls):
            cls.__init__ = constructor(cls.task)  # type: ignore[method-assign]
            if cls.__doc__:
                cls.__doc__ = cls.__doc__.replace("{parameters}", documented(cls.task))

    def __getattr__(self, name: str) -> Any:
        if name.endswith("_") and not name.startswith("_"):
            for side in ("input_", "output_"):
                if side in self.__dict__ and hasattr(self.__dict__[side], name):
                    return getattr(self.__dict__[side], name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @classmethod
    def from_config(cls, config: Config, *, verbose: bool = False) -> Self:
        """The estimator that a configuration describes, not yet fitted."""
        return cls(
            **config.model.model_dump(),
            **config.training.model_dump(),
            **config.data.model_dump(include=set(data_fields(cls.task))),
            verbose=verbose,
            random_state=config.seed,
        )

    def fit(
        self, X: Any, y: Any = None, *, validation: Any = None, checkpoint: Path | None = None
    ) -> Self:
        """Train; fits in several threads run one after the other, each as it would alone.

        Parameters:
            X: what to learn from, as the class says, or cases that a reader returned, with their
                labels.
            y: [cases] labels or targets; None where X has them.
            validation: cases for early stopping, instead of a share of X.
            checkpoint: where to save the state of the training after every epoch, and to resume
                from where it exists.

        Returns:
            The fitted estimator.

        Raises:
            DataError: X or y cannot be learned from.
            ConfigError: a parameter is wrong.
            RegardError: the training has diverged.
        """
        with ONE_FIT:
            return self._fit(X, y, validation, checkpoint)

    def _fit(self, X: Any, y: Any, validation: Any, checkpoint: Path | None) -> Self:
        from regard.training import fit  # it needs Lightning

        start = perf_counter()
        self.__dict__.pop("model_", None)  # a fit that fails leaves no half-fitted estimator
        seed = self._seed()
        config = self.resolve(seed)
        check_device(config.training)
        self.input_, self.output_ = sides_of(config)
        incoming, output = self.input_, self.output_
        cases = self._cases(X, y, fitting=True)
        cases, _, notes = output.select(cases)
        if validation is None:
            cases, validation = incoming.hold_out(cases, output.strata(cases))
        output.fit(cases)
        parts = output.calibration_parts(cases) if validation is None else None
        if parts is not None:
            first = None if checkpoint is None else checkpoint.with_name(_FIRST)
            output.calibrate(self._held_out(cases, *parts, seed=seed, checkpoint=first))
        encoded = incoming.fit(cases)
        held = None if validation is None else incoming.encode(validation)
        targets = output.targets(cases, encoded)
        with suppress(RuntimeError):  # a plug-in may need tensors with content
            plan(lambda: incoming.build(output))  # refuses a model that is too large
        with seeded(seed):
            model = _single(incoming.build(output))
        incoming.begin(model, encoded, held, targets, output)
        train_part = incoming.training_part(cases, encoded, targets=targets, output=output)
        held_part = None
        if held is not None:
            held_targets = output.targets(validation, held)
            held_part = incoming.part(held, targets=held_targets, training=True)
        self.notes_ = []
        self._note([*incoming.notes, *notes, *output.cautions(model, train_part)])
        history: list[dict[str, float]] = []
        more: list[str] = []

        def train(*what: Any, name: str = "", figure: str = "loss", tuning: bool = False) -> None:
            own = checkpoint.with_name(name) if checkpoint and name else checkpoint
            common: dict[str, Any] = {"seed": seed, "augment": incoming.augment()}
            common |= {"progress": self.verbose, "checkpoint": own, "tuning": tuning}
            rows, said = fit(*what, **common)
            history.extend(_continued(rows, len(history), figure))
            more.extend(note for note in said if note not in more)

        objective = output.objective(cases)
        if any(True for _ in model.parameters()):
            train(model, train_part, held_part, objective, config.training)
        if (tuning := output.fine_tuning(cases)) is not None:
            what = model, train_part, held_part, tuning.objective, tuning.settings
            train(*what, name=_SECOND, figure=tuning.figure, tuning=True)
        if held is not None:  # before what learns from these cases too
            output.calibrate(self._run(model, validation, held))
        both = None
        if held_part is not None and history and output.refits:
            both = incoming.joined(train_part, held_part)
            with seeded(seed):
                model = _single(incoming.build(output))
        incoming.finish(model, encoded, held)
        if both is not None:
            planned = config.training.epochs_of(len(train_part))
            epochs = epochs_again(config.training, _best(history, objective.watched), planned)
            settings = config.training.model_copy(update={"epochs": epochs})
            train(model, both, None, objective, settings, name=_SECOND, figure="refit_loss")
        refuse_weights(model, "after training", config.training)
        self._note(more)
        self.seed_, self.model_, self.history_ = seed, model, history
        self.fit_seconds_ = perf_counter() - start
        return self

    def _held_out(
        self,
        cases: Any,
        train: NDArray[np.int64],
        held: NDArray[np.int64],
        *,
        seed: int,
        checkpoint: Path | None,
    ) -> Inference:
        """What a model trained on some cases says of others."""
        once = {"calibration": "none", "validation_share": 0.0, "random_state": seed}
        first = type(self)(**self.get_params(deep=False) | once)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RegardWarning)  # those of all cases follow
            first.fit(cases.take(train), checkpoint=checkpoint)
        return first.infer(cases.take(held))

    def infer(
        self,
        X: Any,
        *,
        maps: Collection[str] = (),
        keep: NDArray[np.int64] | None = None,
        **options: Any,
    ) -> Inference:
        """Run cases through the model once; all predictions and maps are views of what it returns.

        Parameters:
            X: as for `fit`.
            maps: names of the maps to lay over the input: "attention"; "evidence"; "weights",
                which are what pictures show: the attention, or shares of the evidence; "heads",
                the attention of each head of the pooling, [H, steps or words]; "layers", that of
                each layer and head of a Transformer encoder, queries before keys, [L, H, S, S] over
                its positions: steps, or tokens of a text. The last two take another pass.
            keep: positions of the cases whose maps are kept; None keeps all.
            options: of the output's `answer`.

        Raises:
            DataError: X does not match the fitted data, or a prediction is not finite.
            ConfigError: the model has no such map, or an option is wrong.
        """
        check_is_fitted(self)
        self.output_.check_options(**options)
        cases = self._cases(X)
        encoded = self.input_.encode(cases)
        return self._run(self.model_, cases, encoded, maps=maps, keep=keep, **options)

    def _run(
        self,
        model: nn.Module,
        cases: Any,
        encoded: Any,
        *,
        maps: Collection[str] = (),
        keep: NDArray[np.int64] | None = None,
        **options: Any,
    ) -> Inference:
        """Run encoded cases through a model once."""
        part = self.input_.part(encoded, targets=None, training=False)
        device = self._placed(model)
        count = len(part)
        kept = np.ones(count, bool) if keep is None else np.isin(np.arange(count), keep)
        values: list[Any] = [None] * count
        found: dict[str, list[Any]] = {name: [np.empty(0)] * count for name in maps}
        lost: list[int] = []
        by_evidence = "weights" in maps and self.input_.by_evidence
        solved = list(self.input_.solved) if by_evidence or "evidence" in maps else []
        order = batch_indices(part.lengths.numpy(), batch_size=_PREDICT_BATCH, shuffle=False)
        with torch.inference_mode():
            for index in order:
                predicted, finite = answer(self.output_, model, part[index], device, **options)
                lost += index[~finite].tolist()
                rows = predicted.values.cpu().double().numpy()
                for at, row in zip(index[finite], rows[finite], strict=True):
                    values[at] = self.output_.unpack(row, encoded, int(at))
                some = kept[index] & finite
                if not maps or not some.any():
                    continue
                given = {
                    name: each.cpu().double().numpy()[some] for name, each in predicted.maps.items()
                }
                if wanted := [name for name in maps if name in ("heads", "layers")] + solved:
                    inside = Predicted(predicted.values, inner(model, part[index], device, wanted))
                    more = self.output_.scaled(inside).maps
                    given |= {
                        name: each.cpu().double().numpy()[some] for name, each in more.items()
                    }
                lengths = part.lengths.numpy()[index[some]]
                laid = self._lay(model, given, encoded, index[some], maps, lengths)
                for name in maps:
                    if name not in laid:
                        raise ConfigError(
                            f"maps: there is no map {name!r}{did_you_mean(name, laid)}"
                        )
                    for at, each in zip(index[some], laid[name], strict=True):
                        found[name][at] = self.output_.trim(values[at], each)
        refuse_lost(lost, cases.ids)
        return Inference(cases, encoded, self.output_.gather(values), found)

    def _lay(
        self,
        model: nn.Module,
        given: dict[str, Floats],
        encoded: Any,
        index: NDArray[np.int64],
        wanted: Collection[str],
        lengths: NDArray[np.int64],
    ) -> dict[str, list[Floats]]:
        """The wanted maps of some cases over the input."""
        layers = given.pop("layers", ())
        by_evidence = "weights" in wanted and self.input_.by_evidence
        if "evidence" not in given and ("evidence" in wanted or by_evidence):
            raise ConfigError(
                "evidence: this pooling is not linear in the encoder's states, so that no "
                f"{self.input_.noun} has an exact part of the output; use attend, or attention or "
                "conjunctive pooling"
            )
        if not by_evidence and "evidence" not in wanted:
            given = {name: each for name, each in given.items() if name != "evidence"}
        laid = self.input_.lay(model, given, encoded, index)
        if "layers" in wanted:  # of positions, not of words
            ends = zip(layers, lengths, strict=True)
            laid["layers"] = [each[..., :end, :end] for each, end in ends]
        if "weights" in wanted:
            laid["weights"] = laid["attention"]
            if by_evidence:
                pairs = zip(laid["evidence"], laid["attention"], strict=True)
                laid["weights"] = [
                    as_weights(self.output_.share(each).ravel(), gates.ravel()).reshape(gates.shape)
                    for each, gates in pairs
                ]
        return laid

    def attend(self, X: Any, *, heads: bool = False) -> Any:
        """The attention over each case; a map sums to one.

        Parameters:
            X: as for `fit`.
            heads: whether to return that of each head of the pooling, and not their mean.

        With conjunctive pooling it is each position's share of the evidence for the prediction, as
        in the pictures: a gate says how much a position counts, but not for what.
        `infer(X, maps=("attention",))` has the gates, scaled to sum to one.

        Returns:
            Of series [cases, steps], zero after a case's end; of texts an array [words] for each,
            where a word has the sum of the weights of its tokens. With heads [cases, H, steps]
            and [H, words]; of several members those of all, one after the other.

        Raises:
            ConfigError: heads of a pooling that has none, such as conjunctive.
        """
        check_is_fitted(self)
        if heads:
            return self._map(X, "heads")
        return self._map(X, "weights" if self.input_.gated else "attention")

    def evidence(self, X: Any) -> Any:
        """What each position added to each value, positive or negative.

        The values are a classifier's logits, whose softmax are the probabilities.

        Returns:
            Of series [cases, N, steps], of texts an array [N, words] for each; the sum over steps
            or words is the value.

        Raises:
            ConfigError: the pooling is not linear in the states, so that there is no exact one.
        """
        return self._map(X, "evidence")

    def _map(self, X: Any, name: str) -> Any:
        seen = self.infer(X, maps=(name,))
        return self.input_.collect(seen.maps[name])

    def attributions(self, X: Any, *, method: str = "occlusion", channels: bool = False) -> Any:
        """How much each position moved the answer, by a method that asks the model itself.

        The answer is the predicted class, or the numbers.

        Parameters:
            X: as for `predict`.
            method: "occlusion", what is lost of the answer with each of twenty windows, or each
                word; "gradient", the size of the network's gradient; "integrated-gradients",
                signed, which sum to the network's answer minus that for the mean of the training
                part, of texts for tokens that are embedded as zeros; "attention" and "evidence",
                which are the model's own.
            channels: of series, a value for each channel: occlusion erases a window of one channel
                after the other, integrated gradients sum over the channels to those without, and of
                the gradient these are its sizes, of which those without are the L2 norm.

        Returns:
            As of `attend`; with `channels` [cases, C, steps].

        Raises:
            ConfigError: the method is unknown, or cannot be used here.
        """
        check_is_fitted(self)
        cases = self._cases(X)
        return self.input_.collect(attributed(self, cases, method, channels=channels))

    def audit(
        self,
        X: Any,
        y: Any = None,
        *,
        cases: int = 200,
        seed: int = 0,
        others: Sequence[AttentionEstimator] = (),
        watch: Callable[[int, int], None] | None = None,
    ) -> Audit:
        """Whether to believe the maps: a verdict for each map and predicted class.

        What a map marks is erased, what it marks least, and the same of the map placed elsewhere.
        A map is to be believed if this moves the answers, more than elsewhere, and about as much as
        erasing what the model itself says matters most: by occlusion, and by the gradient.

        Parameters:
            X: cases that the model was not trained on, as for `predict`.
            y: [cases] their labels or targets; None where X has them.
            cases: the most that are looked at, as evenly from the predicted classes as they allow.
            seed: of what is drawn: cases, places and replacements.
            others: estimators fitted alike with other seeds, whose maps are compared.
            watch: is told how many of the measurements are done, and of how many.

        Returns:
            `Audit`: its `verdicts` are by map and class, and `of(X)` holds single maps against 39
            placements.

        Raises:
            DataError: there are no labels, or X does not match the fitted data.
            ConfigError: predictions of this kind, or maps over this kind of input, are not audited.
        """
        check_is_fitted(self)
        return audit(self, X, y, cases=cases, seed=seed, others=others, watch=watch)

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write a run folder that `load` opens; nothing in it can execute anything.

        Raises:
            RunError: the path exists, or cannot be written.
        """
        check_is_fitted(self)
        with writing(Path(path), overwrite=overwrite) as folder:
            write_run(folder, self.to_run(self.resolve(self.seed_)))

    def export(self, path: str | Path, X: Any = None, *, overwrite: bool = False) -> Exported:
        """Write the model as one file that runs without regard, and JSON beside it.

        It takes numbers in the units of the data, or tokens, and returns predictions and maps in
        the user's terms. It is compared with this model, and not written where it differs.

        Parameters:
            path: ends in .onnx for ONNX, which needs the extra `export`, or in .pt2 for
                `torch.export`. The JSON beside it is called so, with .json after it.
            X: cases to compare the two with, as for `predict`; without them some are drawn.
            overwrite: whether files that exist may be replaced.

        Returns:
            `Exported`: the files and the largest differences.

        Raises:
            ConfigError: the ending is unknown, a package is missing, or a model of this kind cannot
                be exported.
            RunError: a file exists or cannot be written, or the exported model differs.
        """
        from regard.estimators.exporting import export  # it imports the graphs of all sides

        check_is_fitted(self)
        return export(self, Path(path), X, overwrite=overwrite)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Open what `save` or `regard train` has written.

        Raises:
            RunError: the folder is missing, foreign, truncated, of another task, or holds a pickle.
        """
        return cls.from_run(read_run(Path(path)), source=str(path))

    def to_run(self, config: Config) -> Run:
        """What a run folder keeps of the fitted estimator."""
        weights = {
            name: tensor.cpu().contiguous() for name, tensor in self.model_.state_dict().items()
        }
        kept = {**self.output_.kept(), **self.input_.kept()}
        return Run(config, weights, kept, history=self.history_, tokenizer=self.input_.kept_text())

    @classmethod
    def from_run(cls, run: Run, *, source: str) -> Self:
        """The fitted estimator of a run; `source` is what to call it in errors."""
        if run.config.task != cls.task:
            raise RunError(
                f"{source}: was trained to {run.config.task}; {cls.__name__} does {cls.task}"
            )
        estimator = cls.from_config(run.config)
        incoming, output = estimator.input_, estimator.output_ = sides_of(run.config)
        with _intact(f"{source}/tokenizer.json"):
            incoming.restore_text(run.tokenizer)
        with _intact(f"{source}/preprocess.json"):
            for side in (output, incoming):
                check_kept(side.keeps, run.preprocess)
                side.restore(run.preprocess)
        refuse_other_weights(lambda: _single(incoming.build(output)), run, source=source)
        model = _single(incoming.build(output))
        load_weights(model, run, source=source)
        name = not_finite(model)
        if name:
            raise RunError(
                f"{source}/model.safetensors: the weights {name} are not finite: the training "
                "diverged, or the file is damaged; train again"
            )
        estimator.model_ = model.eval()
        estimator.seed_, estimator.notes_ = run.config.seed, []
        estimator.history_ = list(run.history)
        return estimator

    def resolve(self, seed: int) -> Config:
        """The parameters as a configuration, checked."""
        config = config_of(self.task)

        def given(fields: Collection[str]) -> dict[str, Any]:
            return {name: as_json(getattr(self, name), name) for name in fields}

        sections = {name: given(section_fields(config, name)) for name in ("model", "training")}
        data = {"kind": "arrays", **given(data_fields(self.task))}
        return resolve_config(
            {"task": self.task, "seed": seed, "data": data, **sections},
            source=type(self).__name__,
            sections=False,
        )

    def fitted_figures(self) -> dict[str, Any]:
        """What training took: seconds, epochs, parameters."""
        return {
            "fit_seconds": round(self.fit_seconds_, 3),
            "epochs": len(self.history_),
            "parameters": sum(p.numel() for p in self.model_.parameters()),
        }

    def _cases(self, X: Any, y: Any = None, *, fitting: bool = False) -> Any:
        """X, and y when fitting, as cases that go with those that were fitted."""
        own = isinstance(X, self.input_.case_types)
        if own and y is not None:
            raise DataError(f"y: {type(X).__name__} has labels of its own; give X alone")
        if fitting and not own:
            y = self.output_.accept(y)
        return self.input_.take(X, y if fitting else None, fitting=fitting)

    def _note(self, notes: Sequence[str]) -> None:
        """Keep and warn of what the user should know of a fit."""
        self.notes_ += notes
        for note in notes:
            warnings.warn(note, RegardWarning, stacklevel=4)

    def _seed(self) -> int:
        if isinstance(self.random_state, int | np.integer):
            return int(self.random_state)
        from sklearn.utils import check_random_state

        try:
            return int(check_random_state(self.random_state).randint(2**31))
        except ValueError:
            raise ConfigError(
                "random_state: wanted a whole number, a numpy.random.RandomState or None, given "
                f"an object of the type {type(self.random_state).__name__}"
            ) from None

    def _placed(self, model: nn.Module) -> torch.device:
        """Move the model to the device that `device` names, where it stays."""
        cuda = as_json(self.device, "device") != "cpu" and torch.cuda.is_available()
        device = torch.device("cuda" if cuda else "cpu")
        with _PLACING:  # until the model is there, no thread may use it
            if next(chain(model.parameters(), model.buffers())).device.type != device.type:
                model.to(device)
        return device


@cache
def estimator_of(task: str) -> type[AttentionEstimator]:
    """The estimator of a task by name; one is made where the task names none.

    Raises:
        ConfigError: there is no such task.
    """
    named = load(TASKS.find(task).estimator)
    if named is None:
        return type("TaskEstimator", (AttentionEstimator,), {"task": task})
    found: type[AttentionEstimator] = named
    return found


@contextmanager
def _intact(file: str) -> Iterator[None]:
    """Errors of restoring what a run folder holds name its file."""
    try:
        yield
    except KeyError as error:
        raise RunError(f"{file}: is damaged: it has no {error}") from None
    except (TypeError, ValueError) as error:
        raise RunError(f"{file}: is damaged: {error}") from None


def _continued(
    rows: Sequence[dict[str, float]], epochs: int, figure: str
) -> list[dict[str, float]]:
    """The rows of a training after so many epochs, with its loss under a name of its own."""
    return [
        {figure if name == "loss" else name: value for name, value in row.items()}
        | {"epoch": epochs + row["epoch"]}
        for row in rows
    ]


def _best(history: Sequence[dict[str, float]], watched: tuple[str, str]) -> int:
    """The number of epochs up to the best figure of the validation part."""
    name, mode = watched
    figures = [row[f"validation_{name}"] * (-1 if mode == "max" else 1) for row in history]
    return figures.index(min(figures)) + 1


def _single(model: nn.Module) -> nn.Module:
    """The model in single precision, as its inputs are, where torch's default is another."""
    return model if torch.get_default_dtype() == torch.float32 else model.float()
