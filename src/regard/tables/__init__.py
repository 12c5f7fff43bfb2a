"""Tables and text files as every reader opens them: files, frames, cells, missing values."""

__all__: list[str] = []
