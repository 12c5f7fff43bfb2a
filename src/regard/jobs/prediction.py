"""From a run folder and new cases to a table of predictions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import ConfigError, spoken
from regard.inference import Inference
from regard.jobs.opening import (
    in_prediction,
    open_run,
    options_of,
    read_cases,
    remarks_of,
    usable_of,
)
from regard.plots.album import file_names
from regard.runs import (
    LINES,
    TABLES,
    check_output,
    check_suffix,
    print_table,
    replacing,
    write_lines,
    write_table,
)

if TYPE_CHECKING:
    from regard.outputs.output import Output

__all__ = ["predict"]

_FILES = (".mid", ".midi", ".wav")  # of outputs that write these, see `Output.files`


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
    overwrite: bool = False,
    device: str | None = None,
    watch: Callable[[int, int], None] | None = None,
    **asked: Any,
) -> str:
    """Predict every case of a file and write a table, the texts of a translator, or music.

    The columns depend on the task. For classes they are `case`, `label`, `true` if the file has
    labels, `probability NAME` for every class, and for series `from` and `to`: the shortest span
    of steps, counted from 0 and without `to`, that holds half of the attention. A row of the file
    that cannot be predicted, such as one with a gap or a typo, has its `case` and no answer. For
    a text file the translations of a translator are written, one a line; for .mid and .wav the
    pieces of a composer, one a file.

    Parameters:
        run: a run folder.
        source: cases in the form the run was trained on; None to forecast from the end of the
            training data.
        out: the table to write: .csv, .tsv, .parquet or .jsonl; or .txt of a translator; or .mid or
            .wav of a composer, to whose name that of each piece is added if there are several; or
            an open file, which takes CSV.
        labelled: whether the file has labels; None detects it. A CSV of series is assumed to have
            them unless all training series had the same length and the number of columns shows
            that it has none.
        future: table of the known columns of the steps to forecast, if the run has such columns.
        encoding: of a table or a file of texts; None for that of the training file.
        folder: that the paths in a table of pictures or recordings are relative to; None for that
            of the configuration, or of the table.
        overwrite: whether `out` may be replaced.
        device: "auto", "cpu" or "cuda"; None for that of the configuration.
        watch: called while music is written, with how many of how many steps are done.
        asked: how to predict, instead of how it is configured. Of texts to write `beam`, the
            hypotheses that the search keeps, and `nbest`, how many texts the table has for each
            case; of pieces `steps`, to continue by, `temperature`, `top_k`, `top_p` and `seed`.

    Returns:
        A summary: the number of predictions; if there are labels, how many are right; and what is
        odd in the file, such as series that are constant.

    Raises:
        RegardError: the run, the data or the output cannot be used.
    """
    as_lines, as_files = False, False
    if isinstance(out, str | Path):
        out = Path(out)
        suffix = check_suffix(out, [*TABLES, LINES, *_FILES])
        as_lines, as_files = suffix == LINES, suffix in _FILES
        check_output(out, "file", overwrite=overwrite, sources=(source, future))
    estimator = open_run(run, source, future, device=device, watch=watch)
    output = estimator.output_
    if as_files and suffix not in output.files:
        raise ConfigError(
            f"{out}: {run} was trained to {estimator.task}, whose predictions are no music; wanted "
            f"a name that ends in {', '.join(TABLES)}"
        )
    if as_lines and not output.line:
        raise ConfigError(
            f"{out}: {run} was trained to {estimator.task}, whose predictions need a table; wanted "
            f"a name that ends in {', '.join(TABLES)}"
        )
    asked = options_of(estimator, run, **asked)
    if as_lines and asked.get("nbest", 1) > 1:
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
    elif as_files:
        paths = _write_files(output, seen, out, source, overwrite=overwrite)
        if len(paths) > 1:
            said += f" in files of their own, {paths[0].name} to {paths[-1].name}"
    elif as_lines:
        write_lines(out, columns[output.line], overwrite=overwrite)
    else:
        write_table(out, columns, overwrite=overwrite)
    return ", ".join([said, *remarks_of(estimator, cases, usable, seen)])


def _write_files(
    output: Output, seen: Inference, out: Path, source: str | Path | None, *, overwrite: bool
) -> list[Path]:
    """A file for each case, called `out` if there is one, and with its name added otherwise."""
    ids = [str(each).removesuffix(out.suffix) for each in seen.cases.ids]
    names = [""] if len(seen) == 1 else [f"-{name}" for name in file_names(ids)]
    paths = [out.with_name(f"{out.stem}{name}{out.suffix}") for name in names]
    for path in paths:
        check_output(path, "file", overwrite=overwrite, sources=(source,))
    for n, path in enumerate(paths):
        with replacing(path, overwrite=overwrite) as beside:
            output.write(seen, n, beside)
    return paths


def _spread(column: Any, usable: NDArray[np.bool_]) -> list[Any]:
    """A column of the usable rows as one of all rows, with None in the others."""
    answers = iter(column)
    return [next(answers) if each else None for each in usable]
