"""How columns of text share a line, and where texts are broken that are longer than their column."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, takewhile

from fpdf import FPDF

HAIR = 1e-6  # of a letter; so that what is as wide as its column fits, though sums differ in their last digits


class Letters(dict[str, float]):
    """How wide each letter of the font of `pdf` is, in units of the letters' size."""

    def __init__(self, pdf: FPDF) -> None:
        super().__init__()
        self.pdf = pdf

    def __missing__(self, letter: str) -> float:
        self[letter] = width = self.pdf.get_string_width(letter) / self.pdf.font_size_pt
        return width

    def width(self, text: str) -> float:
        return sum(map(self.__getitem__, text))

    def broken(self, text: str, room: float) -> list[str]:
        """`text` in lines of at most `room`: broken at spaces, and in mid-word where one word is longer than that."""
        lines, line = [], ""
        for word in text.split(" "):
            longer = f"{line} {word}" if line else word
            if line and self.width(longer) > room:
                lines.append(line)
                longer = word
            while (fitting := self._fitting(longer, room)) < len(longer):
                lines.append(longer[:fitting])
                longer = longer[fitting:]
            line = longer
        return [*lines, line]

    def _fitting(self, text: str, room: float) -> int:
        """How many letters fit, one at least."""
        ends = accumulate(map(self.__getitem__, text))
        return max(1, sum(1 for _end in takewhile(lambda end: end <= room, ends)))


def shared(wanted: Sequence[float], room: float) -> list[float]:
    """What each gets of `room`: those that want little all of it, the others the same of what is left."""
    given = [0.0] * len(wanted)
    for before, place in enumerate(sorted(range(len(wanted)), key=wanted.__getitem__)):
        given[place] = min(wanted[place], room / (len(wanted) - before))
        room -= given[place]
    return given


def widths(wishes: Sequence[Sequence[float]], room: float) -> list[float]:
    """Of columns that have several wishes each: the second ones are met with what the first ones leave, and so on."""
    given = [0.0] * len(wishes[0])
    for wanted in wishes:
        missing = [max(0.0, wide - width) for wide, width in zip(wanted, given, strict=True)]
        added = shared(missing, max(0.0, room - sum(given)))
        given = [width + more for width, more in zip(given, added, strict=True)]
    return [width + HAIR for width in given]
