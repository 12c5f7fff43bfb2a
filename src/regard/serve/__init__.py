"""The service and its page: predictions of run folders over HTTP.

It needs FastAPI and uvicorn, which the extra `serve` brings.
"""

from regard.serve.limits import Limits
from regard.serve.server import serve

__all__ = ["Limits", "serve"]
