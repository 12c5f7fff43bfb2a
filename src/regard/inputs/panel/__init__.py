"""Series along their times, from whose past the future is forecast."""

__all__: list[str] = []
