"""What a name of a license server or of a group may be: it stands in addresses, in lists and in fleet files."""

from __future__ import annotations

import re
from unicodedata import normalize

from django.core.exceptions import ValidationError

SHAPE = re.compile(r"[^\s/:,;]([^\n\r\t/:,;]*[^\s/:,;])?")


def plain_name(name: str) -> None:
    """ValidationError where somebody who reads `name` could not type it again."""
    if not SHAPE.fullmatch(name):
        raise ValidationError(
            "A name begins and ends with a visible character and has no line break, tab, slash, colon, comma or "
            "semicolon."
        )
    if unseen := dict.fromkeys(f"U+{ord(letter):04X}" for letter in name if not letter.isprintable()):
        raise ValidationError(f"A name has no character that cannot be seen: take {', '.join(unseen)} out of it.")
    if name != (composed := normalize("NFC", name)):
        raise ValidationError(
            "A name has each letter as a keyboard gives it; one of these is put together of two characters. "
            f"Copy it from here: {composed}"
        )
