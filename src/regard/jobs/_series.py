"""Tasks on series: reading them, and dividing them into parts."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Literal

from numpy.typing import NDArray

from regard import data
from regard.config import ArrayData, Config, SineData
from regard.errors import ConfigError, DataError
from regard.inputs.series.cases import Cases
from regard.jobs._task import Parts, Task, need_file
from regard.runs import Run
from regard.tables.columns import filled_columns

__all__ = ["SeriesTask", "divide"]

# What of a section of data is not for its reader.
_NOT_READ = {"kind", "scaling", "validation_share", "test_share"}


class SeriesTask(Task):
    """A task whose cases are series."""

    numeric: ClassVar[bool] = False  # whether labels are numbers to predict

    def strata(self, cases: Cases, source: str) -> NDArray[Any]:
        """[B] what each part gets its share of, once the cases can be learned from."""
        raise NotImplementedError

    def check_test(self, test: Cases, cases: Cases, source: str) -> None:
        """Refuse a test file whose labels do not go with those of the file to train on."""

    def parts(self, config: Config) -> Parts:
        """Stratified at random; a test file is used as it is."""
        options = config.data
        if isinstance(options, ArrayData):
            raise DataError("data.kind: arrays come from Python; train on a file or on sine")
        given = options.model_dump(exclude=_NOT_READ)
        if self.numeric and options.kind == "table":
            given["label"] = _names(options.label)
        if self.numeric and options.kind == "npz":
            given["targets"] = True
        test: Cases | None = None
        if isinstance(options, SineData):
            del given["missing"]
            cases, source = data.sine(**given, seed=config.seed), "sine"
        else:
            cases, test = data.load(options.kind, **given)
            source = options.path
        strata = self.strata(cases, source)
        if test is not None:
            self.check_test(test, cases, options.test_path)
        return divide(cases, test, strata, config)

    def read(self, run: Run, estimator: Any, source: Path | None, **options: Any) -> Cases:
        """A file of the form trained on.

        `labelled` says whether a CSV has labels first, and a table columns with them. A table has
        them, if it is not said, where its columns of these names are not empty.
        """
        source = need_file(source)
        given, labelled = run.config.data, options.get("labelled")
        kind = data.kind_of(source)
        if kind == "csv" and given.kind == "table":
            kind = "table"
        if kind == "csv":
            cases = self.read_csv(source, estimator, labelled=labelled, missing=given.missing)
        elif kind == "table":
            if given.kind != "table":
                raise DataError(f"{source}: is a table, but the run was not trained on one")
            cases = self.read_table(
                source, estimator, given, labelled=labelled, missing=given.missing
            )
        else:
            cases = (
                data.read_ts(source, missing=given.missing)
                if kind == "ts"
                else data.read_npz(source, targets=self.numeric, missing=given.missing)
            )
        if len(cases.channels) != len(estimator.channels_):
            raise DataError(
                f"{source}: its number of channels is {len(cases.channels)}; "
                f"the run was trained on {len(estimator.channels_)}"
            )
        return cases

    def read_table(
        self,
        source: Path,
        estimator: Any,
        given: Any,
        *,
        labelled: bool | None,
        missing: Literal["refuse", "interpolate"],
    ) -> Cases:
        """A table, with its labels where it has some."""
        label = _names(given.label) if self.numeric else given.label
        if labelled is None:
            labelled = set(_names(label)) <= set(filled_columns(source))
        return data.read_table(
            source,
            case=given.case,
            time=given.time,
            label=label if labelled else None,
            channels=estimator.channels_,
            missing=missing,
        )

    def read_csv(
        self,
        source: Path,
        estimator: Any,
        *,
        labelled: bool | None,
        missing: Literal["refuse", "interpolate"],
    ) -> Cases:
        """A CSV whose labels, if it is not said, are told from the number of columns."""
        cells = len(estimator.targets_) if self.numeric else 1  # before the series
        known: Any = {"targets": cells} if self.numeric else {"label": "first"}
        cases = (
            data.read_csv(source, label="none", missing=missing)
            if labelled is False
            else data.read_csv(source, **known, missing=missing)
        )
        if labelled:
            self.check_labels(cases, estimator, source)
        steps = int(cases.lengths[0])
        wanted = estimator.longest_
        if labelled is not None or steps == wanted or estimator.shortest_ != wanted:
            return cases
        if steps == wanted - cells:
            return data.read_csv(source, label="none", missing=missing)
        labels = f"{cells} numbers" if cells > 1 else "a number" if self.numeric else "a label"
        raise DataError(
            f"{source}: has {steps + cells} columns; the run was trained on series of {wanted} "
            f"steps ({wanted + cells} columns with {labels} first); say --labelled or "
            "--unlabelled to use another length"
        )

    def check_labels(self, cases: Cases, estimator: Any, source: Path) -> None:
        """Refuse what is said to be labels and cannot be."""


def _names(label: str | tuple[str, ...]) -> tuple[str, ...]:
    """The columns with labels."""
    return (label,) if isinstance(label, str) else tuple(label)


def divide(cases: Any, test: Any | None, strata: NDArray[Any], config: Config) -> Parts:
    """The parts of cases, each with its share of every stratum.

    Parameters:
        cases: `Cases` or `Texts`.
        test: the test part, where it is a file of its own.
        strata: [B].
        config: whose data says the shares.
    """
    options = config.data
    test_share = options.test_share if test is None else 0.0
    share = options.validation_share
    if share == "auto":
        share = 0.1 if len(cases) * (1 - test_share) >= 1000 else 0.0
    try:
        fit_index, validation_index, test_index = data.split(
            strata, shares=(1 - share - test_share, share, test_share), seed=config.seed
        )
    except (ConfigError, DataError) as error:
        raise DataError(
            f"data.test_share {test_share} and data.validation_share {share} do not do: {error}"
        ) from None
    validation = cases.take(validation_index) if share else None
    test = cases.take(test_index) if test is None else test
    return Parts(cases.take(fit_index), validation, test)
