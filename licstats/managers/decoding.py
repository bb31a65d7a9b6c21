"""Bytes of a tool's output to text, without losing a line of it."""

from __future__ import annotations

import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_LINE_ENDS = re.compile(r"\r+\n|\r")


def decode(data: bytes) -> str:
    """The text of `data`: UTF-8, else each line that is not is Latin-1. Any bytes are decoded.

    Tools print names as they stored them, so one output can mix encodings. A NUL, which neither PostgreSQL nor
    an argument list can hold, becomes a replacement character. A file saved by a Windows shell is UTF-16 with
    a mark, and read as such.
    """
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        try:
            return data.decode("utf-16").replace("\0", REPLACEMENT)
        except UnicodeDecodeError:
            pass
    data = data.removeprefix(BOM_UTF8)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = "\n".join(map(_decode_line, data.split(b"\n")))
    return text.replace("\0", REPLACEMENT)


def plain_line_ends(text: str) -> str:
    """`text` with its lines ended by a line feed alone, whatever ended them."""
    return _LINE_ENDS.sub("\n", text) if "\r" in text else text


def _decode_line(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")
