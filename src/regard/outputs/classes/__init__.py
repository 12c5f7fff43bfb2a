"""A class for each case."""

__all__: list[str] = []
