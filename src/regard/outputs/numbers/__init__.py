"""Regression: one or several numbers for each case."""

__all__: list[str] = []
