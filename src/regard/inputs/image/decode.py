"""Picture files, and arrays, as uint8 pixels on a canvas: any size and mode."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError
from regard.tables.files import file_fault
from regard.tables.limits import too_large

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["MOST_PIXELS", "NO_PICTURE", "Header", "decode", "read_header", "resize_to"]

MOST_PIXELS = 80_000_000
"""Pixels of the largest picture that is decoded; its header tells before."""

NO_PICTURE = "is no picture that can be read, such as JPEG, PNG or WebP"

_HEIC = re.compile(rb".{4}ftyp(heic|heix|hevc|heim|heis|mif1|msf1)", re.DOTALL)  # of phones

_GREY = ("1", "L", "LA", "La", "F")


class Header(NamedTuple):
    """What a picture's file says before it is decoded.

    Attributes:
        longest: pixels of its longer side.
        grey: whether it has no colours.
        animated: whether it has several frames or pages.
        image: the whole picture, of mode L or RGB, where it is small; otherwise None.
    """

    longest: int
    grey: bool
    animated: bool
    image: Image | None = None


def read_header(path: Path, *, small: int = 0) -> Header:
    """Size and mode of a picture, which is decoded only if its longer side is below `small`.

    Raises:
        DataError: there is no file, it is no picture, it is too large, or it is small and cannot be
            decoded; without its name.
    """
    with _opened(path) as image:
        # Phones put previews behind a photo, in a JPEG of several pictures.
        animated = image.format != "MPO" and bool(getattr(image, "is_animated", False))
        longest, grey = max(image.size), _is_grey(image)
        return Header(longest, grey, animated, _whole(image) if longest < small else None)


def decode(path: Path, *, size: int, channels: int) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    """A picture, turned as its EXIF says, its first frame, over white where it is transparent.

    Parameters:
        path: of the file.
        size: of the longer side after resizing, the ratio kept.
        channels: 1 for grey, 3 for RGB.

    Returns:
        [size, size, channels], zero outside the picture, and its rows and columns.

    Raises:
        DataError: it cannot be decoded; without its name.
    """
    with _opened(path) as image:
        image.draft("L" if channels == 1 else "RGB", (size, size))  # a JPEG: fewer pixels
        return resize_to(_whole(image), size=size, channels=channels)


def resize_to(
    image: Image, *, size: int, channels: int
) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    """A picture of mode L or RGB at the top left of a square canvas, its longer side `size`."""
    from PIL.Image import Resampling

    scale = size / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    if (width, height) != image.size:
        image = image.resize((width, height), Resampling.BILINEAR)  # which averages, shrinking
    pixels = np.asarray(_in_mode(image, "L" if channels == 1 else "RGB"))
    canvas = np.zeros((size, size, channels), np.uint8)
    canvas[:height, :width] = pixels.reshape(height, width, channels)
    return canvas, (height, width)


@contextmanager
def _opened(path: Path) -> Iterator[Image]:
    """The picture, not yet decoded; its size is one that may be."""
    from PIL import Image, UnidentifiedImageError

    if fault := file_fault(path, wanted="a picture"):
        raise DataError(fault)
    wanted = f"wanted at most {MOST_PIXELS:,} pixels"
    try:
        image = Image.open(path)
    except UnidentifiedImageError:
        raise DataError(_unknown(path)) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise DataError(f"is too large; {wanted}") from None
    except Exception as error:  # headers of damaged files fail in any way
        raise DataError(f"cannot be opened ({_reason(error)})") from None
    with image:
        width, height = image.size
        if width * height > MOST_PIXELS:
            raise DataError(f"has {width:,} x {height:,} pixels; {wanted}")
        if not width * height:
            raise DataError("has no pixels")
        held = width * height * len(image.getbands())
        if fault := too_large(held, of=path.stat().st_size):
            raise DataError(fault.removeprefix("it "))
        yield image


def _unknown(path: Path) -> str:
    """What a file is that is no picture."""
    with path.open("rb") as file:
        start = file.read(12)
    if not start:
        return "is empty"
    return "is a HEIC picture; save it as JPEG" if _HEIC.match(start) else NO_PICTURE


def _whole(image: Image) -> Image:
    """The picture, decoded, turned as its EXIF says, in the mode L or RGB."""
    from PIL import ImageOps

    try:
        image.load()
        ImageOps.exif_transpose(image, in_place=True)
        return _plain(image)
    except DataError:
        raise
    except Exception as error:  # decoders of damaged files fail in any way
        raise DataError(f"is damaged or truncated ({_reason(error)})") from None


def _is_grey(image: Image) -> bool:
    return image.mode in _GREY or image.mode.startswith("I")


def _plain(image: Image) -> Image:
    """The picture in the mode L or RGB."""
    from PIL import Image

    if image.mode.startswith("I"):  # 16 bits of grey, or more
        wide = np.asarray(image).astype(np.int64)
        if wide.min() < 0 or wide.max() >= 2**16:
            raise DataError(f"has grey values from {wide.min()} to {wide.max()}; wanted 16 bits")
        return Image.fromarray((wide >> 8).astype(np.uint8))
    if image.mode == "F":
        raise DataError("has floating-point pixels; wanted 8 or 16 bits")
    grey = _is_grey(image)
    if image.has_transparency_data:
        over = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(over, image.convert("RGBA"))
    return _in_mode(image, "L" if grey else "RGB")


def _in_mode(image: Image, mode: str) -> Image:
    """The picture in a mode; itself if that is its own."""
    return image if image.mode == mode else image.convert(mode)


def _reason(error: Any) -> str:
    """In a few words, on one line, without the address of an object."""
    text = " ".join(str(getattr(error, "strerror", None) or error).split())
    return text.partition(" <")[0][:80] or type(error).__name__
