"""What comes out: one folder for each kind of output."""

__all__: list[str] = []
