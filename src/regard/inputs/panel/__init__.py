"""Panels: series with times, to forecast."""

__all__: list[str] = []
