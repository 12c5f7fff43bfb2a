"""Forecasts of series."""

__all__: list[str] = []
