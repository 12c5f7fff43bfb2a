"""From a run folder and new cases to a table of predictions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import spoken
from regard.jobs.opening import in_prediction, open_run, read_cases, remarks_of, usable_of
from regard.runs import TABLES, check_output, check_suffix, write_table

__all__ = ["predict"]


@spoken(in_prediction)
def predict(
    run: str | Path,
    source: str | Path | None,
    out: str | Path,
    *,
    labelled: bool | None = None,
    future: str | Path | None = None,
    encoding: str | None = None,
    overwrite: bool = False,
) -> str:
    """Predict every case of a file and write a table.

    The columns depend on the task. For classes they are `case`, `label`, `true` if the file has
    labels, `probability NAME` for every class, and for series `from` and `to`: the shortest span
    of steps, counted from 0 and without `to`, that holds half of the attention. A row of the file
    that cannot be predicted, such as one with a gap or a typo, has its `case` and no answer.

    Parameters:
        run: a run folder.
        source: cases in the form the run was trained on; None to forecast from the end of the
            training data.
        out: the table to write: .csv, .tsv, .parquet or .jsonl.
        labelled: whether the file has labels; None detects it. A CSV of series is assumed to have
            them unless all training series had the same length and the number of columns shows
            that it has none.
        future: table of the known columns of the steps to forecast, if the run has such columns.
        encoding: of a file of texts; None for that of the training file.
        overwrite: whether `out` may be replaced.

    Returns:
        A summary: the number of predictions; if there are labels, how many are right; and what is
        odd in the file, such as series that are constant.

    Raises:
        RegardError: the run, the data or the output cannot be used.
    """
    out = Path(out)
    check_suffix(out, TABLES)
    check_output(out, "file", overwrite=overwrite)
    estimator = open_run(run, source, future)
    options = {"labelled": labelled, "future": future, "encoding": encoding}
    cases, usable = read_cases(estimator, run, source, **options)
    seen = estimator.infer(usable_of(cases, usable), maps=("weights",))
    columns, said = estimator.output_.columns(seen)
    columns |= estimator.input_.columns(seen)
    if not usable.all():
        columns = {name: _spread(column, usable) for name, column in columns.items()}
        columns["case"] = cases.ids
    write_table(out, columns)
    return ", ".join([said, *remarks_of(estimator, cases, usable, seen)])


def _spread(column: Any, usable: NDArray[np.bool_]) -> list[Any]:
    """A column of the usable rows as one of all rows, with None in the others."""
    answers = iter(column)
    return [next(answers) if each else None for each in usable]
