"""What the service takes of a client, and the errors that say so."""

from __future__ import annotations

from dataclasses import dataclass

from regard.checks import check_count, check_number
from regard.errors import RegardError

__all__ = ["PADDED", "Limits", "RequestError"]

PADDED = 2**24
"""Numbers of one pass, with the padding to the longest case of it."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a request may be.

    Attributes:
        megabytes: of its body, in 2^20 bytes.
        cases: in it.
        length: of a case: steps of a series, or words of a text.
        seconds: until it has its answer, and to send its body.
        waiting: requests that wait for the model; more are refused.

    Raises:
        ConfigError: one of them is not positive.
    """

    megabytes: float = 16.0
    cases: int = 1000
    length: int = 10_000
    seconds: float = 30.0
    waiting: int = 256

    def __post_init__(self) -> None:
        for name in ("cases", "length", "waiting"):
            check_count(name, getattr(self, name), least=1)
        for name in ("megabytes", "seconds"):
            check_number(name, getattr(self, name), within="(0, inf)")

    @property
    def bytes(self) -> int:
        """The most bytes of a body."""
        return int(self.megabytes * 2**20)


class RequestError(RegardError):
    """A request that gets no answer.

    Parameters:
        status: of HTTP.
        code: a word that a program can compare.
        message: what is wrong, in one line.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code
