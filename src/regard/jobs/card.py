"""The model card of a run: what it was trained on, its figures and limits, how to use it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from regard.config import Config
from regard.outputs import Output

__all__ = ["card"]


def card(
    config: Config, output: Output, metrics: Mapping[str, Any], *, name: str, data: Iterable[str]
) -> str:
    """The text of `README.md`, Markdown.

    Parameters:
        config: resolved, with the versions.
        output: fitted.
        metrics: of the test part.
        name: of the run folder.
        data: what the data are, line by line.
    """
    files = [
        f"`{field}` {value}"
        for field, value in config.data.model_dump(mode="json").items()
        if field.endswith("path") and value
    ]
    encoder = getattr(config.model, "encoder", None)
    attention = getattr(config.model, "attention", None)
    parts = [] if encoder is None else [f"encoder `{encoder}`"]
    if attention is not None:
        parts.append(f"attention with the score `{attention.score}` and `{attention.align}`")
    figures = [f"| {one.title} | {metrics[one.name]:.4g} |" for one in output.compared(metrics)]
    notes = [f"- {note}" for note in metrics.get("notes", ())]
    lines = [
        f"# {name}",
        "",
        f"A model of the task `{config.task}`, trained with regard {config.versions['regard']}.",
        "",
        "## Data",
        "",
        *[f"- {each}" for each in [*data, *files]],
        "",
        "## Model",
        "",
        *[f"- {each}" for each in [*parts, "every setting: `config.json`"]],
        "",
        "## Figures",
        "",
        "On cases that were not trained on; `metrics.json` has all, `report.html` shows them.",
        "",
        "| figure | |",
        "| --- | --- |",
        *figures,
        "",
        "## Limits",
        "",
        "- The figures hold for cases like those of the test part, and not for others.",
        "- A map shows what the model weighed, which need not be why; `regard audit` says whether "
        "to believe it.",
        *notes,
        "",
        "## Use",
        "",
        "```",
        "regard predict PATH new.csv      # PATH is this folder",
        "regard explain PATH new.csv --out case.png",
        "```",
        "",
        "```python",
        "import regard",
        "",
        'model = regard.load("PATH")',
        "```",
    ]
    return "\n".join(lines) + "\n"
