"""What `audit.json` holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from regard.runs import weights_digest

if TYPE_CHECKING:
    from regard.estimators import Audit

__all__ = ["audit_text"]


def audit_text(audit: Audit, run: Path) -> str:
    """The verdicts on the maps of a run folder, with a digest of the weights they are of."""
    content = {"weights": weights_digest(run), **audit.to_dict()}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
