"""Long texts to be summarised: readers, messages with new names, truncation."""

__all__: list[str] = []
