"""The output `events`: pieces that are continued, or voices that are written to others."""

__all__: list[str] = []
