"""The future of series."""

__all__: list[str] = []
