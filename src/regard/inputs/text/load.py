"""Reading a training file and a test file of texts."""

from collections.abc import Callable
from typing import Any

from regard.checks import check_choice
from regard.inputs.labels import check_known_labels
from regard.inputs.text.files import read_lines, read_texts
from regard.inputs.text.texts import Texts
from regard.tables.files import FilePath

__all__ = ["load_texts"]


def load_texts(
    kind: str, *, path: FilePath, test_path: FilePath | None = None, **options: Any
) -> tuple[Texts, Texts | None]:
    """Read the texts to train on and, if `test_path` is given, those to test on.

    Parameters:
        kind: "table" or "lines".
        options: Passed to `read_texts` or `read_lines`.

    Raises:
        ConfigError: Unknown kind.
        DataError: A file cannot be read, or a test label does not occur in the training file.
    """
    readers: dict[str, Callable[..., Texts]] = {"table": read_texts, "lines": read_lines}
    check_choice("kind", kind, readers)
    training = readers[kind](path, **options)
    if test_path is None:
        return training, None
    test = readers[kind](test_path, **options)
    if training.labels is not None and test.labels is not None:
        check_known_labels(training.labels, test.labels, test.ids, path, test_path)
    return training, test
