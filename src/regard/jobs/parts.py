"""The data of a configuration, read, checked and divided."""

from regard.config import Config
from regard.errors import in_configuration, spoken
from regard.inputs import Parts
from regard.outputs.sides import sides_of

__all__ = ["load_parts"]


@spoken(in_configuration)
def load_parts(config: Config) -> Parts:
    """The training, validation (or None) and test part of the data that a configuration names.

    Raises:
        DataError: the data cannot be read, or cannot be learned from.
    """
    incoming, output = sides_of(config)
    cases, test, source = incoming.load()
    cases, test, notes = output.select(cases, test)
    strata = output.check(cases, source)
    if test is not None:
        output.check_test(test, cases, config.data.test_path)
    parts = incoming.divide(cases, test, strata, source)
    return parts._replace(notes=(*incoming.notes, *notes, *parts.notes))
