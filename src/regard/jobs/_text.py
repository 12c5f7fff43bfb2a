"""Text -> a class."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from regard import data
from regard.config import Config, TextArrayData
from regard.errors import DataError
from regard.estimators import TextClassifier
from regard.inputs.text.texts import Texts, count_shared
from regard.jobs._classify import (
    check_classes,
    class_figures,
    class_labels,
    class_predictions,
    shown_cases,
)
from regard.jobs._series import divide
from regard.jobs._task import Figure, Parts, Picture, Predictions, Task, choose, need_file
from regard.jobs._views import notes_of, text_views
from regard.outputs.classes.metrics import classification_metrics
from regard.plots import ClassificationReport, Report, save_text
from regard.runs import Run, versions
from regard.tables.columns import filled_columns

__all__ = ["ClassifyText"]

_READ = {"text", "label", "encoding"}  # what of a section of data is for its reader


class ClassifyText(Task):
    """Text -> a class."""

    estimator = TextClassifier

    def parts(self, config: Config) -> Parts:
        """Stratified at random; a test file is used as it is. Texts in both are counted."""
        options = config.data
        if isinstance(options, TextArrayData):
            raise DataError("data.kind: arrays come from Python; train on a file")
        texts, test = data.load_texts(
            options.kind,
            path=options.path,
            test_path=options.test_path,
            **options.model_dump(include=_READ),
        )
        parts = divide(texts, test, class_labels(texts, options.path), config)
        held = {"test": parts.test, "validation": parts.validation}
        notes = []
        for name, part in held.items():
            shared = 0 if part is None else count_shared(parts.train, part)
            if shared:
                notes.append(
                    f"{shared} of the {len(part)} texts of the {name} part are in the training "
                    "part too: the figures flatter the model"
                )
        return parts._replace(notes=tuple(notes))

    def evaluate(
        self, estimator: TextClassifier, config: Config, test: Texts, *, title: str
    ) -> tuple[dict[str, Any], Report]:
        """The figures of classification."""
        labels: Any = test.labels
        probabilities = estimator.predict_proba(test)
        metrics = classification_metrics(labels, probabilities, estimator.classes_)
        metrics |= estimator.fitted_figures() | {"vocabulary": estimator.tokenizer_.size}
        examples, worst = shown_cases(probabilities, np.searchsorted(estimator.classes_, labels))
        report = ClassificationReport(
            title=title,
            metrics=metrics,
            history=estimator.history_,
            classes=[str(name) for name in estimator.classes_],
            examples=text_views(estimator, test.take(examples)),
            mistakes=text_views(estimator, test.take(worst)) if len(worst) else [],
            config=config.model_dump(mode="json") | {"versions": versions()},
            notes=notes_of(estimator),
        )
        return metrics, report

    def figures(self, metrics: Mapping[str, Any]) -> list[Figure]:
        """F1 or accuracy."""
        return class_figures(metrics)

    def read(
        self, run: Run, estimator: TextClassifier, source: Path | None, **options: Any
    ) -> Texts:
        """A table with the columns trained on, or a file of lines.

        A table has labels where the column of that name is not empty; a file of lines is taken to
        have them if it was trained on such and nothing else is said.
        """
        source = need_file(source)
        given, labelled = run.config.data, options.get("labelled")
        encoding = getattr(given, "encoding", "utf-8")
        if given.kind == "lines" or source.suffix.lower() == ".txt":
            first = labelled if labelled is not None else given.kind == "lines"
            texts = data.read_lines(source, label="first" if first else "none", encoding=encoding)
        else:
            label: str = getattr(given, "label", "label")
            if labelled is None:
                labelled = label in filled_columns(source, encoding=encoding)
            texts = data.read_texts(
                source,
                text=getattr(given, "text", "text"),
                label=label if labelled else None,
                encoding=encoding,
            )
        check_classes(texts, estimator, source)
        return texts

    def predictions(self, estimator: TextClassifier, cases: Texts) -> Predictions:
        """`case`, `label`, `true` where the file says it, `probability NAME` for every class,
        `known words` (0: the answer rests on nothing of the text), and `most weight`: the three
        words of the most evidence for the predicted class, or of the most attention where the
        pooling has no exact evidence.
        """
        columns, said = class_predictions(estimator, cases)
        cut = estimator.encode(cases).truncated
        views = text_views(estimator, cases)
        columns["known words"] = [view.known for view in views]
        columns["most weight"] = [_most(view.text, view.words, view.weights) for view in views]
        unknown = sum(view.known == 0 for view in views)
        if unknown:
            said += f", {unknown} without a known word"
        cut = estimator.encode(cases).truncated
        if cut:
            said += f", {cut} read only up to {estimator.max_tokens} tokens"
        if cut:
            said += f", {cut} cut after {estimator.max_tokens} tokens"
        return Predictions(columns, said)

    def picture(
        self, estimator: TextClassifier, cases: Texts, case: str | None, source: str
    ) -> Picture:
        """A text with its words tinted by their weights."""
        at = choose(cases.ids.tolist(), case, source)
        view = text_views(estimator, cases.take(np.array([at])))[0]
        said = f"case {view.id}: {view.answer}"
        if view.known == 0:
            said += ", though no word of it was in the training part"
        return Picture(lambda path: save_text(view, path), said)


def _most(text: str, words: Any, weights: Any) -> str:
    best = np.argsort(-weights, kind="stable")[:3]
    return " ".join(text[start:stop] for start, stop in words[best])
