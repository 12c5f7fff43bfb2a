"""Answers of one form."""

from __future__ import annotations

import json
import math
from typing import Any

from starlette.responses import Response

from regard.errors import RegardError
from regard.serve.limits import RequestError

__all__ = ["error_reply", "refusal_of", "reply"]

_WORDS = {
    400: "bad_request",
    404: "not_found",
    405: "no_such_method",
    413: "too_large",
    415: "other_type",
    422: "unusable",
}

_UNREAD = (401, 408, 413, 421)  # that may be said before the body has come


def reply(content: Any, *, status: int = 200) -> Response:
    """JSON, as UTF-8; a number that is not finite is null."""
    try:
        body = _json(content)
    except ValueError:
        body = _json(_finite(content))
    return Response(body.encode("utf-8", "backslashreplace"), status, media_type="application/json")


def _json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _finite(content: Any) -> Any:
    if isinstance(content, dict):
        return {name: _finite(value) for name, value in content.items()}
    if isinstance(content, list):
        return [_finite(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content


def error_reply(refused: RequestError) -> Response:
    """An error: `{"error": {"code": ..., "message": ...}}`."""
    found = reply({"error": {"code": refused.code, "message": str(refused)}}, status=refused.status)
    if refused.status == 401:
        found.headers["WWW-Authenticate"] = "Bearer"
    if refused.status in _UNREAD:
        found.headers["Connection"] = "close"  # or the rest of the body would be read
    if refused.status == 503:
        found.headers["Retry-After"] = "1"
    return found


def refusal_of(error: Exception) -> RequestError:
    """What to say of an error; of a mistake of the service nothing else."""
    if isinstance(error, RequestError):
        return error
    if isinstance(error, MemoryError):
        return RequestError(413, "too_large", "there is not enough memory for these cases")
    if isinstance(error, RegardError):
        return RequestError(422, "unusable", error.message)
    status = getattr(error, "status_code", None)
    if isinstance(status, int) and status < 500:
        said = str(getattr(error, "detail", "")) or "the request cannot be answered"
        return RequestError(status, _WORDS.get(status, "bad_request"), said)
    return RequestError(500, "internal", "an error inside the service")
