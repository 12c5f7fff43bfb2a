"""The output `span`: a stretch of what was read."""

__all__: list[str] = []
