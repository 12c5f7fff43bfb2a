"""From a run folder and new cases to a table of predictions."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import ConfigError, spoken
from regard.jobs.opening import (
    in_prediction,
    open_run,
    options_of,
    read_cases,
    remarks_of,
    usable_of,
)
from regard.runs import (
    LINES,
    TABLES,
    check_output,
    check_suffix,
    print_table,
    write_lines,
    write_table,
)

__all__ = ["predict"]


@spoken(in_prediction)
def predict(
    run: str | Path,
    source: str | Path | None,
    out: str | Path | IO[str],
    *,
    labelled: bool | None = None,
    future: str | Path | None = None,
    encoding: str | None = None,
    folder: str | Path | None = None,
    beam: int | None = None,
    nbest: int | None = None,
    overwrite: bool = False,
) -> str:
    """Predict every case of a file and write a table, or the texts of a translator.

    The columns depend on the task. For classes they are `case`, `label`, `true` if the file has
    labels, `probability NAME` for every class, and for series `from` and `to`: the shortest span
    of steps, counted from 0 and without `to`, that holds half of the attention. A row of the file
    that cannot be predicted, such as one with a gap or a typo, has its `case` and no answer. For
    a text file the translations of a translator are written, one a line.

    Parameters:
        run: a run folder.
        source: cases in the form the run was trained on; None to forecast from the end of the
            training data.
        out: the table to write: .csv, .tsv, .parquet or .jsonl; or .txt of a translator; or an open
            file, which takes CSV.
        labelled: whether the file has labels; None detects it. A CSV of series is assumed to have
            them unless all training series had the same length and the number of columns shows
            that it has none.
        future: table of the known columns of the steps to forecast, if the run has such columns.
        encoding: of a table or a file of texts; None for that of the training file.
        folder: that the paths in a table of pictures or recordings are relative to; None for that
            of the configuration, or of the table.
        beam: hypotheses that a translator's search keeps; None for as many as configured.
        nbest: how many translations of each text the table has, at most `beam`; None for one.
        overwrite: whether `out` may be replaced.

    Returns:
        A summary: the number of predictions; if there are labels, how many are right; and what is
        odd in the file, such as series that are constant.

    Raises:
        RegardError: the run, the data or the output cannot be used.
    """
    as_lines = False
    if isinstance(out, str | Path):
        out = Path(out)
        as_lines = check_suffix(out, [*TABLES, LINES]) == LINES
        check_output(out, "file", overwrite=overwrite)
    estimator = open_run(run, source, future)
    output = estimator.output_
    if as_lines and not output.line:
        raise ConfigError(
            f"{out}: {run} was trained to {estimator.task}, whose predictions need a table; wanted "
            f"a name that ends in {', '.join(TABLES)}"
        )
    asked = options_of(estimator, run, beam=beam, nbest=nbest)
    if as_lines and nbest is not None and nbest > 1:
        raise ConfigError(f"nbest: {out} has one line for each text; name a table, such as .csv")
    options: dict[str, Any] = {
        "labelled": labelled,
        "future": future,
        "encoding": encoding,
        "folder": folder,
    }
    cases, usable = read_cases(estimator, run, source, **options)
    seen = estimator.infer(usable_of(cases, usable), maps=estimator.input_.shown, **asked)
    columns, said = output.columns(seen)
    columns |= estimator.input_.columns(seen)
    if not usable.all():
        columns = {name: _spread(column, usable) for name, column in columns.items()}
        columns["case"] = cases.ids
    if not isinstance(out, Path):
        print_table(out, columns)
    elif as_lines:
        write_lines(out, columns[output.line])
    else:
        write_table(out, columns)
    return ", ".join([said, *remarks_of(estimator, cases, usable, seen)])


def _spread(column: Any, usable: NDArray[np.bool_]) -> list[Any]:
    """A column of the usable rows as one of all rows, with None in the others."""
    answers = iter(column)
    return [next(answers) if each else None for each in usable]
