"""What a file that is not text is, told from its bytes and not from its name."""

import re

__all__ = ["describe_binary", "is_text", "media_kind"]

_UNPACK = "unpack it, or pack it with gzip"
_CSV = "save its table as CSV or Parquet"

# First bytes: what the file is, and what to do.
_SIGNATURES = {
    b"PAR1": ("a Parquet file", "save it as text, or read it as a table"),
    b"ARROW1": ("a Feather (Arrow) file", "save it as text, or read it as a table"),
    b"FEA1": ("a Feather file of version 1", _CSV),
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": ("an Excel workbook (.xls)", "save its sheet as CSV"),
    b"%PDF": ("a PDF document", _CSV),
    b"BZh": ("packed with bzip2", _UNPACK),
    b"\xfd7zXZ": ("packed with xz", _UNPACK),
    b"\x28\xb5\x2f\xfd": ("packed with zstd", _UNPACK),
    b"7z\xbc\xaf": ("packed with 7-Zip", _UNPACK),
    b"SQLite format 3\0": ("an SQLite database", _CSV),
    b"\x89HDF": ("an HDF5 file", _CSV),
    b"\x93NUMPY": ("a NumPy array (.npy)", "save it with numpy.savez, or numpy.savetxt"),
    b"\x80\x02": ("a pickle", _CSV),
    b"\x80\x03": ("a pickle", _CSV),
    b"\x80\x04": ("a pickle", _CSV),
    b"\x80\x05": ("a pickle", _CSV),
}

_MEDIA = {
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF87a": "a GIF picture",
    b"GIF89a": "a GIF picture",
    b"II*\0": "a TIFF picture",
    b"MM\0*": "a TIFF picture",
    b"fLaC": "a FLAC recording",
    b"OggS": "an Ogg recording",
    b"MThd": "a MIDI file",
}

# Control characters but tabs, line ends, those that end or steer a text, and separators.
_CONTROL = re.compile(r"[\x00\x02-\x08\x0e-\x19]")


def is_text(sample: str) -> bool:
    """Whether what was decoded has hardly any control characters.

    >>> is_text("a,b\\r\\n"), is_text("\\x07\\0a\\0b")
    (True, False)
    """
    return len(_CONTROL.findall(sample)) <= max(2, 0.02 * len(sample))


def media_kind(content: bytes) -> str:
    """What a picture, a recording or a piece of music is; "" for anything else.

    >>> media_kind(b"RIFF\\x24\\x08\\0\\0WAVEfmt ")
    'a wav recording'
    """
    found = [what for start, what in _MEDIA.items() if content.startswith(start)]
    if content.startswith(b"RIFF"):
        kinds = {b"WAVE": "a wav recording", b"WEBP": "a WebP picture"}
        found += [kinds[content[8:12]]] if content[8:12] in kinds else []
    return found[0] if found else ""


def describe_binary(content: bytes) -> str:
    """What a file is and what to do about it, such as "is a PDF document; ..."; "" for text.

    >>> describe_binary(b"BZh91AY&SY")
    'is packed with bzip2; unpack it, or pack it with gzip'
    >>> describe_binary(b"text,label")
    ''
    """
    if content.startswith(b"PK\x03\x04"):
        return _describe_zip(content)
    for start, (what, fix) in _SIGNATURES.items():
        if content.startswith(start):
            return f"is {what}; {fix}"
    return ""


def _describe_zip(content: bytes) -> str:
    # A zip archive ends with the names of its files, which are not packed.
    if b"xl/workbook" in content:
        return "is an Excel workbook; save its sheet as CSV"
    if b"mimetypeapplication/vnd.oasis.opendocument" in content[:200]:
        return "is an OpenDocument file; save its sheet as CSV"
    if b"word/document" in content:
        return "is a Word document; save its table as CSV"
    if b".npy" in content:
        return 'is an .npz file of NumPy arrays; read it with "kind": "npz"'
    if b"[Content_Types].xml" in content:  # the first part, all that a broken download may have
        return "is an Excel workbook or another Office document, and damaged; save its table as CSV"
    return f"is a zip archive; {_UNPACK}"
