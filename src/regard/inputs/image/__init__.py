"""Pictures: readers, drawn shapes among clutter, maps over their pixels."""

__all__: list[str] = []
