"""One file as pixels: every mode, size and kind of damage."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from regard.errors import DataError
from regard.inputs.image.decode import MOST_PIXELS, Header, decode, read_header


def _saved(image: Image.Image, path: Path, **options: Any) -> Path:
    image.save(path, **options)
    return path


def _grey(value: int, size: tuple[int, int] = (4, 4)) -> Image.Image:
    return Image.new("L", size, value)


MODES = {
    "1": (Image.new("1", (4, 4), 1), "a.png", 255),
    "L": (_grey(77), "a.png", 77),
    "LA, half seen over white": (Image.new("LA", (4, 4), (0, 51)), "a.png", 204),
    "I;16": (Image.fromarray(np.full((4, 4), 77 * 256 + 3, np.uint16)), "a.png", 77),
    "P": (Image.new("RGB", (4, 4), (9, 9, 9)).quantize(4), "a.png", 9),
    "RGBA, not seen": (Image.new("RGBA", (4, 4), (1, 2, 3, 0)), "a.png", 255),
    "CMYK": (Image.new("CMYK", (4, 4), (0, 0, 0, 255)), "a.tif", 0),
    "YCbCr": (Image.new("YCbCr", (4, 4), (80, 128, 128)), "a.jpg", 80),
}


@pytest.mark.parametrize("name", MODES)
def test_every_mode_becomes_eight_bits(name: str, tmp_path: Path) -> None:
    image, file, wanted = MODES[name]
    path = _saved(image, tmp_path / file)
    for channels in (1, 3):
        pixels, extent = decode(path, size=4, channels=channels)
        assert pixels.shape == (4, 4, channels)
        assert extent == (4, 4)
        assert np.abs(pixels.astype(int) - wanted).max() <= 1


def test_a_palette_with_a_transparent_colour_lies_over_white(tmp_path: Path) -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.putpixel((1, 0), 1)
    path = _saved(image, tmp_path / "a.png", transparency=0)
    assert decode(path, size=2, channels=3)[0][0].tolist() == [[255, 255, 255], [40, 50, 60]]


def test_the_ratio_is_kept_and_the_rest_is_empty(tmp_path: Path) -> None:
    path = _saved(_grey(200, (40, 10)), tmp_path / "a.png")  # 40 wide
    pixels, extent = decode(path, size=20, channels=1)
    assert extent == (5, 20)
    assert (pixels[:5] == 200).all()
    assert (pixels[5:] == 0).all()


def test_a_thin_picture_keeps_a_pixel(tmp_path: Path) -> None:
    path = _saved(_grey(200, (1000, 1)), tmp_path / "a.png")
    assert decode(path, size=8, channels=1)[1] == (1, 8)


def test_one_pixel_fills_the_canvas(tmp_path: Path) -> None:
    pixels, extent = decode(_saved(_grey(31, (1, 1)), tmp_path / "a.png"), size=5, channels=1)
    assert extent == (5, 5)
    assert (pixels == 31).all()


def test_a_photo_is_turned_as_its_camera_says(tmp_path: Path) -> None:
    image = _grey(0, (4, 2))
    image.putpixel((0, 0), 255)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter to the right
    path = _saved(image, tmp_path / "a.png", exif=exif)
    pixels, extent = decode(path, size=4, channels=1)
    assert extent == (4, 2)
    assert np.argwhere(pixels[:, :, 0] == 255).tolist() == [[0, 1]]


def test_the_first_frame_of_an_animation(tmp_path: Path) -> None:
    path = tmp_path / "a.gif"
    frames = [_grey(value).convert("P") for value in (40, 200)]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    assert read_header(path).animated
    assert (decode(path, size=4, channels=1)[0] == 40).all()


def test_the_header_tells_size_and_colours(tmp_path: Path) -> None:
    grey = _saved(_grey(5, (7, 3)), tmp_path / "a.png")
    colour = _saved(Image.new("RGB", (3, 11)), tmp_path / "b.png")
    assert read_header(grey) == Header(longest=7, grey=True, animated=False)
    assert read_header(colour) == Header(longest=11, grey=False, animated=False)


def test_only_a_small_picture_is_decoded_with_its_header(tmp_path: Path) -> None:
    path = _saved(_grey(5, (7, 3)), tmp_path / "a.png")
    small = read_header(path, small=8).image
    assert small is not None
    assert (np.asarray(small) == 5).all()
    assert read_header(path, small=7).image is None
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match="is damaged or truncated"):
        read_header(path, small=8)


def _huge(path: Path, side: int) -> Path:
    """A picture whose header says that it is larger than the file could hold."""
    content = bytearray(_saved(_grey(0), path).read_bytes())
    import struct
    import zlib

    content[16:24] = struct.pack(">II", side, side)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("side", [9_000, 12_000, 20_000])
def test_a_huge_picture_is_refused_before_it_is_decoded(side: int, tmp_path: Path) -> None:
    assert side**2 > MOST_PIXELS
    with pytest.raises(DataError, match="wanted at most 80,000,000 pixels"):
        read_header(_huge(tmp_path / "a.png", side))


DAMAGED = {
    "text": (b"hello, world", "is no picture that can be read, such as JPEG, PNG or WebP"),
    "empty": (b"", "is empty"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_what_is_no_picture_is_refused(name: str, tmp_path: Path) -> None:
    content, words = DAMAGED[name]
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(DataError, match=f"^{words}$"):
        read_header(tmp_path / "a.png")


@pytest.mark.parametrize("file", ["a.png", "a.jpg", "a.gif", "a.bmp", "a.tif"])
def test_a_truncated_file_is_refused(file: str, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (60, 60), dtype=np.uint8)
    path = _saved(Image.fromarray(noise), tmp_path / file)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DataError, match="is damaged or truncated|no picture|cannot be opened") as e:
        decode(path, size=60, channels=1)
    assert "\n" not in str(e.value)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="^there is no such file$"):
        read_header(tmp_path / "none.png")
    with pytest.raises(DataError, match="^is a folder; wanted a picture$"):
        read_header(tmp_path)


def test_floating_point_pixels_are_refused(tmp_path: Path) -> None:
    path = _saved(Image.fromarray(np.full((2, 2), 0.5, np.float32)), tmp_path / "a.tif")
    with pytest.raises(DataError, match="has floating-point pixels; wanted 8 or 16 bits"):
        decode(path, size=2, channels=1)


def test_more_than_sixteen_bits_are_refused(tmp_path: Path) -> None:
    path = _saved(Image.fromarray(np.full((2, 2), 70_000, np.int32)), tmp_path / "a.tif")
    with pytest.raises(DataError, match="has grey values from 70000 to 70000; wanted 16 bits"):
        decode(path, size=2, channels=1)
