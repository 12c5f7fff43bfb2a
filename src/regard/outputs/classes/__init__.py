"""Classes: outputs with one of N classes for each case."""

__all__: list[str] = []
