"""What comes in: one folder for each kind of input."""

__all__: list[str] = []
