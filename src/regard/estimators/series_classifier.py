"""The classifier of series, as scikit-learn knows estimators."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from time import perf_counter
from typing import Any, Literal, Self

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags, assert_all_finite, check_random_state, column_or_1d
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import Tensor

from regard.config import ArrayData, Config, Model, Training, resolve_config
from regard.data import Cases, Scaler, as_cases, choose_scaling, split
from regard.errors import ConfigError, DataError, RunError, did_you_mean
from regard.explain import lay_over_steps
from regard.models import Classified, build_classifier
from regard.runs import Run, read_run, write_run, writing
from regard.training import Part, Settings, check_device, fit, load_batches, seeded

__all__ = ["SeriesClassifier"]

_Floats = NDArray[np.float64]


class SeriesClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Classifies series with an attention model, and shows where each prediction looked.

    X is [cases, channels, steps], [cases, steps] for univariate series, or a list of
    [channels, steps] arrays where lengths differ.

    Parameters:
        encoder: "inception", "conv", "conv-bilstm", "bilstm", "gru" or "transformer".
        attention: the mechanism by which the encoder's states are looked at: the name of a score
            ("additive", "dot", "general"...), a window ("causal", "local-p"...) or an alignment
            ("sparsemax", "hard"...), as `regard mechanisms` lists them; or a table such as
            {"score": "general", "window": {"local-p": 10}, "align": "sparsemax", "heads": 4}.
        pooling: "attention" (weigh the states, then classify the context) or "conjunctive"
            (classify every state, gate each by a sigmoid of its score, average); None takes
            "conjunctive" where the mechanism can.
        hidden: width inside the encoder; None takes what suits it.
        layers: of the encoder; None takes what suits it.
        attention_dim: width of the space in which additive attention compares, shared among its
            heads.
        heads: of the pooling attention, each with a query to learn; their weights are averaged.
        dropout: share of the columns of the encoder's states, and between recurrent or
            Transformer layers, that is dropped in training.
        scaling: to zero mean and unit variance: "series" (each case by itself), "channel" (with
            the training part's figures), "none", or "auto": "channel", unless the sizes of the
            cases differ tenfold or more between their quartiles, then "series".
        missing: "refuse" or "interpolate" missing values.
        validation_share: share of the cases that training is stopped by; "auto" is 0.1 from
            1,000 cases up and none below.
        epochs: at the most; without a validation part, exactly.
        patience: epochs without a lower validation loss after which training stops.
        batch_size: cases in an update.
        learning_rate: of AdamW, at its highest.
        weight_decay: of AdamW.
        schedule: of the learning rate: "cosine" (to zero, after a short warm-up) or "constant".
        gradient_clip: largest norm of an update's gradient; 0 does not clip.
        class_weight: "balanced" to weigh classes inversely to their frequency, a dict from label
            to factor (1 where a label is left out), or None.
        label_smoothing: share of the target spread over all classes.
        augmentation: "warp" varies each case's speed, start and scale a little, in training;
            "none" leaves them alone.
        updates_per_epoch: a training part of fewer batches is passed over several times an epoch.
        device: "auto" (a GPU if there is one), "cpu" or "cuda".
        verbose: whether to show a progress bar.
        random_state: the same number gives the same model.

    Attributes:
        classes_: [N] labels, sorted.
        history_: one row of figures per epoch.
        fit_seconds_: wall-clock time of fit.
        model_: the trained `torch.nn.Module`.

    >>> from regard.data import sine
    >>> cases = sine(series=60, steps=50)
    >>> model = SeriesClassifier(encoder="conv", epochs=2, random_state=0).fit(cases)
    >>> model.attend(cases).shape
    (60, 50)
    """

    def __init__(
        self,
        *,
        encoder: str = "inception",
        attention: str | dict[str, Any] = "additive",
        pooling: str | None = None,
        hidden: int | None = None,
        layers: int | None = None,
        attention_dim: int = 64,
        heads: int = 1,
        dropout: float = 0.1,
        scaling: str = "auto",
        missing: Literal["refuse", "interpolate"] = "refuse",
        validation_share: float | Literal["auto"] = "auto",
        epochs: int = 50,
        patience: int = 5,
        batch_size: int = 32,
        learning_rate: float = 0.003,
        weight_decay: float = 0.01,
        schedule: str = "cosine",
        gradient_clip: float = 1.0,
        class_weight: str | dict[Any, float] | None = None,
        label_smoothing: float = 0.1,
        augmentation: str = "warp",
        updates_per_epoch: int = 10,
        device: str = "auto",
        verbose: bool = False,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.encoder = encoder
        self.attention = attention
        self.pooling = pooling
        self.hidden = hidden
        self.layers = layers
        self.attention_dim = attention_dim
        self.heads = heads
        self.dropout = dropout
        self.scaling = scaling
        self.missing = missing
        self.validation_share = validation_share
        self.epochs = epochs
        self.patience = patience
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.schedule = schedule
        self.gradient_clip = gradient_clip
        self.class_weight = class_weight
        self.label_smoothing = label_smoothing
        self.augmentation = augmentation
        self.updates_per_epoch = updates_per_epoch
        self.device = device
        self.verbose = verbose
        self.random_state = random_state

    @classmethod
    def from_config(cls, config: Config, *, verbose: bool = False) -> Self:
        """The estimator that a configuration describes, not yet fitted."""
        return cls(
            **config.model.model_dump(),
            **config.training.model_dump(),
            **config.data.model_dump(include=set(_DATA_FIELDS)),
            verbose=verbose,
            random_state=config.seed,
        )

    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        validation: Cases | None = None,
        checkpoint: Path | None = None,
    ) -> Self:
        """Train.

        Parameters:
            X: series, or `Cases` with their labels.
            y: [cases] labels; None when X is `Cases`.
            validation: what training is stopped by, instead of a share of X.
            checkpoint: where to keep the state of the training, and to go on from where it exists.

        Returns:
            The fitted estimator.

        Raises:
            DataError: X or y cannot be learned from.
            ConfigError: a parameter is wrong.
        """
        start = perf_counter()
        seed = self._seed()
        config = self._config(seed)
        check_device(config.training.device)
        cases = self._cases(X, y, reset=True)
        self.classes_, targets = np.unique(_labels(cases), return_inverse=True)
        if len(self.classes_) < 2:
            raise DataError(
                f"y has only one class, {self.classes_[0]!s}; a classifier needs at least two"
            )
        if validation is None:
            cases, validation = self._hold_out(cases, seed)
            targets = np.searchsorted(self.classes_, _labels(cases))
        self.channels_ = cases.channels
        self.shortest_, self.longest_ = int(cases.lengths.min()), int(cases.lengths.max())
        kind = config.data.scaling
        self.scaler_ = Scaler(choose_scaling(cases) if kind == "auto" else kind).fit(cases)
        self.seed_ = seed
        with seeded(seed):
            self.model_ = build_classifier(
                channels=len(self.channels_),
                classes=len(self.classes_),
                steps=self.longest_,
                **config.model.model_dump(),
            )
        weights = None
        if self.class_weight is not None:
            weigh: Any = config.training.class_weight
            if isinstance(weigh, dict):  # the labels have become strings, as in JSON
                known = [str(label) for label in self.classes_]
                for label in weigh:
                    if label not in known:
                        raise ConfigError(
                            f"class_weight: there is no class {label}{did_you_mean(label, known)}"
                        )
                weigh = {n: weigh.get(str(label), 1.0) for n, label in enumerate(self.classes_)}
            kinds = np.arange(len(self.classes_))
            factors = compute_class_weight(weigh, classes=kinds, y=targets)
            weights = torch.tensor(factors, dtype=torch.float32)
        names = {field.name for field in fields(Settings)}
        self.history_ = fit(
            self.model_,
            self._part(cases, targets),
            None if validation is None else self._part(validation, self._targets(validation)),
            Settings(**config.training.model_dump(include=names)),
            seed=seed,
            class_weights=weights,
            checkpoint=checkpoint,
            progress=self.verbose,
        )
        self.fit_seconds_ = perf_counter() - start
        return self

    def predict(self, X: Any) -> NDArray[Any]:
        """The label of each case: [cases]."""
        check_is_fitted(self)
        labels: NDArray[Any] = self.classes_[self.predict_proba(X).argmax(1)]
        return labels

    def predict_proba(self, X: Any) -> _Floats:
        """The probability of each class: [cases, N], columns in the order of `classes_`."""
        check_is_fitted(self)
        cases = self._cases(X)
        logits = np.empty((len(cases), len(self.classes_)))
        for index, classified in self._forward(cases):
            logits[index] = classified.logits.double().numpy()
        return np.asarray(torch.softmax(torch.from_numpy(logits), 1).numpy())

    def attend(self, X: Any) -> _Floats:
        """The attention that each step got: [cases, steps], each row summing to one."""
        return self._map(X, "attention")

    def evidence(self, X: Any) -> _Floats:
        """What each step said for (positive) and against each class: [cases, N, steps].

        It sums over the steps to the logits, whose softmax are the probabilities.
        """
        return self._map(X, "evidence")

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write a run folder that `load` opens; nothing in it can execute anything.

        Raises:
            RunError: the path exists, or cannot be written.
        """
        check_is_fitted(self)
        with writing(Path(path), overwrite=overwrite) as folder:
            write_run(folder, self.to_run(self._config(self.seed_)))

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Open what `save` or `regard train` has written.

        Raises:
            RunError: the folder is missing, foreign, truncated, or holds a pickle.
        """
        return cls.from_run(read_run(Path(path)), source=str(path))

    def to_run(self, config: Config) -> Run:
        """What a run folder keeps of the fitted estimator."""
        preprocess = {
            "classes": self.classes_.tolist(),
            "channels": list(self.channels_),
            "steps": [self.shortest_, self.longest_],
            "scaler": self.scaler_.to_dict(),
        }
        weights = {name: tensor.contiguous() for name, tensor in self.model_.state_dict().items()}
        return Run(config, weights, preprocess, history=self.history_)

    @classmethod
    def from_run(cls, run: Run, *, source: str) -> Self:
        """The fitted estimator of a run; `source` is what to call it in errors."""
        estimator = cls.from_config(run.config)
        try:
            estimator.classes_ = np.array(run.preprocess["classes"])
            estimator.channels_ = tuple(run.preprocess["channels"])
            estimator.shortest_, estimator.longest_ = map(int, run.preprocess["steps"])
            estimator.scaler_ = Scaler.from_dict(run.preprocess["scaler"])
        except KeyError as error:
            raise RunError(f"{source}/preprocess.json: is damaged: it has no {error}") from None
        except (TypeError, ValueError) as error:
            raise RunError(f"{source}/preprocess.json: is damaged: {error}") from None
        estimator.seed_ = run.config.seed
        estimator.history_ = list(run.history)
        estimator.model_ = build_classifier(
            channels=len(estimator.channels_),
            classes=len(estimator.classes_),
            steps=estimator.longest_,
            **run.config.model.model_dump(),
        )
        try:
            estimator.model_.load_state_dict(dict(run.weights))
        except RuntimeError:
            raise RunError(
                f"{source}/model.safetensors: the weights are not those of its config.json"
            ) from None
        estimator.model_.eval()
        return estimator

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.missing == "interpolate"
        tags.input_tags.three_d_array = True
        return tags

    def _seed(self) -> int:
        if isinstance(self.random_state, int | np.integer):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(2**31))

    def _config(self, seed: int) -> Config:
        """The parameters, checked."""
        given = {name: _plain(value) for name, value in self.get_params(deep=False).items()}
        return resolve_config(
            {
                "seed": seed,
                "data": {"kind": "arrays", **{name: given[name] for name in _DATA_FIELDS}},
                "model": {name: given[name] for name in Model.model_fields},
                "training": {name: given[name] for name in Training.model_fields},
            },
            source=type(self).__name__,
        )

    def _cases(self, X: Any, y: Any = None, *, reset: bool = False) -> Cases:
        """X (and, when fitting, y) as cases that go with those that were fitted."""
        if isinstance(X, Cases):
            cases = X
        else:
            if reset:
                if y is None:
                    raise DataError("requires y to be passed, but the target y is None")
                y = column_or_1d(y, warn=True)
                assert_all_finite(y, input_name="y")
                check_classification_targets(y)
            cases = as_cases(X, y, missing=self.missing)
            if cases.values.shape[1] == 1 and _is_table(X):
                validate_data(self, X, reset=reset, skip_check_array=True)
        if not reset and len(cases.channels) != len(self.channels_):
            raise DataError(
                f"X has {len(cases.channels)} channels; "
                f"{type(self).__name__} was fitted on {len(self.channels_)}"
            )
        return cases

    def _hold_out(self, cases: Cases, seed: int) -> tuple[Cases, Cases | None]:
        share = self.validation_share
        if share == "auto":
            share = 0.1 if len(cases) >= 1000 else 0.0
        if share == 0:
            return cases, None
        train, validation = split(_labels(cases), shares=(1 - share, share), seed=seed)
        return cases.take(train), cases.take(validation)

    def _targets(self, cases: Cases) -> NDArray[np.int64]:
        """The numbers of the classes of cases whose labels must be known."""
        labels = _labels(cases)
        unseen = ~np.isin(labels, self.classes_)
        if unseen.any():
            first = int(unseen.argmax())
            raise DataError(f"case {first}: label {labels[first]!s} is not in the training part")
        return np.searchsorted(self.classes_, labels)

    def _part(self, cases: Cases, targets: NDArray[np.int64]) -> Part:
        return Part(
            torch.from_numpy(self.scaler_.transform(cases)),
            torch.from_numpy(cases.lengths),
            torch.from_numpy(targets),
        )

    def _forward(self, cases: Cases) -> Iterator[tuple[NDArray[np.int64], Classified]]:
        """Batches of cases through the model, each with the positions of its cases."""
        cuda = self.device != "cpu" and torch.cuda.is_available()
        device = torch.device("cuda" if cuda else "cpu")
        self.model_.to(device)
        part = self._part(cases, np.arange(len(cases)))
        with torch.inference_mode():
            for batch in load_batches(part, batch_size=_PREDICT_BATCH):
                mask = None if batch.mask is None else batch.mask.to(device)
                logits, maps = self.model_(batch.series.to(device), mask)
                yield (
                    batch.targets.numpy(),
                    Classified(logits.cpu(), {name: x.cpu() for name, x in maps.items()}),
                )
        self.model_.to("cpu")

    def _map(self, X: Any, name: str) -> _Floats:
        check_is_fitted(self)
        cases = self._cases(X)
        steps = cases.values.shape[2]
        result: _Floats | None = None
        for index, classified in self._forward(cases):
            over_positions: Tensor = classified.maps[name]
            over_steps = lay_over_steps(
                over_positions.double().numpy(),
                cases.lengths[index],
                stride=self.model_.encoder.stride,
                steps=steps,
            )
            if result is None:
                result = np.zeros((len(cases), *over_steps.shape[1:]))
            result[index] = over_steps
        assert result is not None
        return result


_DATA_FIELDS = tuple(name for name in ArrayData.model_fields if name != "kind")
_PREDICT_BATCH = 256


def _labels(cases: Cases) -> NDArray[Any]:
    if cases.labels is None:
        raise DataError("the cases have no labels")
    return cases.labels


def _plain(value: Any) -> Any:
    """A parameter as JSON has it: grid searches give NumPy's numbers, class weights any label."""
    if isinstance(value, dict):
        return {str(_plain(key)): _plain(item) for key, item in value.items()}
    return value.item() if isinstance(value, np.generic) else value


def _is_table(X: Any) -> bool:
    """Whether X is [cases, steps], and so has columns that must stay the same."""
    try:
        return len(X.shape if hasattr(X, "shape") else np.asarray(X).shape) == 2
    except ValueError:  # a list of arrays of different lengths
        return False
