"""The files in which the trainer keeps its state: written whole, checked before they are opened.

A file is a line with a digest, and what torch saves. The trainer's own way of writing leaves files
in the system's temporary folder when it is killed, and copies them from there.
"""

import hashlib
import io
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins import CheckpointIO

from regard.disk import remove, replace_bytes
from regard.errors import RunError

__all__ = ["CheckpointFile", "damaged", "read_checkpoint", "write_checkpoint"]

_BEGIN = b"regard checkpoint sha256 "
_HEADER = len(_BEGIN) + 2 * hashlib.sha256().digest_size + 1


class CheckpointFile(CheckpointIO):
    """How the trainer writes and reads checkpoints."""

    def save_checkpoint(
        self, checkpoint: Mapping[str, Any], path: str | Path, storage_options: Any = None
    ) -> None:
        write_checkpoint(Path(path), checkpoint)

    def load_checkpoint(
        self, path: str | Path, map_location: Any = "cpu", weights_only: bool | None = True
    ) -> dict[str, Any]:
        """Read a checkpoint, whatever the arguments by tensors and plain types alone."""
        return read_checkpoint(Path(path))

    def remove_checkpoint(self, path: str | Path) -> None:
        remove(Path(path))


def write_checkpoint(path: Path, state: Mapping[str, Any]) -> None:
    """Write a checkpoint; a process that is killed leaves the one before, or this one."""
    content = io.BytesIO()
    torch.save(state, content)
    with content.getbuffer() as view:
        header = _BEGIN + hashlib.sha256(view).hexdigest().encode() + b"\n"
        replace_bytes(path, header, view)


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint, whose digest is compared before torch opens it.

    Raises:
        RunError: it is damaged, or no checkpoint.
    """
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            raise damaged(path, "wanted a file")
        content = path.read_bytes()
    except OSError as error:
        raise damaged(path, str(error.strerror).lower()) from None
    header, body = content[:_HEADER], memoryview(content)[_HEADER:]
    if header != _BEGIN + hashlib.sha256(body).hexdigest().encode() + b"\n":
        raise damaged(path, "its digest is not that of its content")
    try:
        # What else a pickle could hold is refused: torch builds nothing but tensors and containers.
        state = torch.load(io.BytesIO(body), map_location="cpu", weights_only=True)
    except Exception as error:
        raise damaged(path, str(error).partition("\n")[0]) from None
    if not isinstance(state, dict):
        raise damaged(path, "wanted a table")
    return state


def damaged(path: Path, why: str) -> RunError:
    """The error of a checkpoint from which no training can be resumed."""
    return RunError(f"{path}: the checkpoint is damaged ({why}); remove it to begin again")
