"""Files of texts, for training and testing, by the name of their kind."""

from collections.abc import Callable
from typing import Any

from regard.inputs.labels import check_known_labels
from regard.inputs.text.texts import Texts, read_lines, read_texts
from regard.tables.files import FilePath

__all__ = ["load_texts"]


def load_texts(
    kind: str, *, path: FilePath, test_path: FilePath | None = None, **options: Any
) -> tuple[Texts, Texts | None]:
    """Read a file of texts for training and, where there is one, a file for testing.

    Parameters:
        kind: "table" or "lines".
        path: The file to train on.
        test_path: The file to test on.
        options: Passed to `read_texts` or `read_lines`.

    Returns:
        The texts to train on, and those to test on or None.

    Raises:
        DataError: A file cannot be read, or a label of the second is not in the first.
    """
    reader: Callable[..., Texts] = {"table": read_texts, "lines": read_lines}[kind]
    training = reader(path, **options)
    if test_path is None:
        return training, None
    test = reader(test_path, **options)
    if training.labels is not None and test.labels is not None:
        check_known_labels(training.labels, test.labels, test.ids, path, test_path)
    return training, test
