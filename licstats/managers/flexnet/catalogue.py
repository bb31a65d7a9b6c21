"""`lmstat -i`: the versions of each feature with their licenses and expiration dates, from the license file."""

from __future__ import annotations

import re
from dataclasses import dataclass

from licstats.managers.dates import Expiry, read_expiry
from licstats.managers.problems import Problems, line_problem
from licstats.managers.reading import Problem

_HEADING = re.compile(
    r"\s*Feature\s+Version\s+#licen[cs]es\s+(?:(Expires)\s+Vendor|Vendor\s+Expires)\s*", re.IGNORECASE
)
MARK_WITHIN = 10_000  # characters, in which the heading of the columns stands
_NEVER = r"permanent\s*\(no expiration date\)|permanent|lifetime"
_DATE = rf"{_NEVER}|\d{{1,2}}-[a-z]{{3}}-\d{{1,4}}"
_ROW = re.compile(
    rf"\s*(?P<name>\S.*?)\s+(?P<version>\S+)\s+(?P<count>\d{{1,15}}|uncounted)\s+"
    rf"(?:(?P<date>{_DATE})\s+(?P<vendor>\S+)|(?P<vendor2>\S+)\s+(?P<date2>{_DATE}))\s*",
    re.IGNORECASE,
)
_NOISE = re.compile(
    r"\s*(?:_+(?:\s+_+)*|-{5,}|NOTE: lmstat -i .*|but only reads the license file\..*|lmstat -a is recommended.*"
    r"|\S+ - Copyright \(c\).*|.*License Manager status on .*|\[Detecting .*)\s*",
    re.IGNORECASE,
)
_MARK = re.compile(r"^[ \t]*Feature[ \t]+Version[ \t]+#licen[cs]es[ \t]", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Row:
    """Licenses of one version of one feature. `count` None: uncounted."""

    vendor: str
    feature: str
    version: str
    count: int | None
    expiry: Expiry
    line: int


class Catalogue:
    """What `lmstat -i` says. Features and vendors are found without regard to letter case, as FlexNet does."""

    def __init__(self, text: str) -> None:
        problems = Problems()
        self.text = text
        self.rows: list[Row] = []
        for line, words in enumerate(text.replace("\r", "").split("\n"), start=1):
            found = _ROW.fullmatch(words) if len(words) < 2_000 else None
            if found:
                self.rows.append(_row(found, line))
            elif words.strip() and not _HEADING.fullmatch(words) and not _NOISE.fullmatch(words):
                problems.add(line_problem(line, words, "This line of lmstat -i was not understood."))
        self.problems: list[Problem] = problems.all()
        self._rows: dict[tuple[str, str], list[Row]] = {}
        for row in self.rows:
            self._rows.setdefault((row.vendor.lower(), row.feature.lower()), []).append(row)

    def of(self, vendor: str, feature: str) -> list[Row]:
        """The rows of one feature, in their order; none if it is not listed."""
        return self._rows.get((vendor.lower(), feature.lower()), [])

    @property
    def keys(self) -> set[tuple[str, str]]:
        return set(self._rows)


def is_catalogue(text: str) -> bool:
    """Whether a text is an answer of `lmstat -i`."""
    return _MARK.search(text, 0, MARK_WITHIN) is not None


def _row(found: re.Match[str], line: int) -> Row:
    count = None if found["count"].isalpha() else int(found["count"])
    expiry = read_expiry(found["date"] or found["date2"]) or Expiry()
    version = found["version"].removeprefix("v")
    return Row(found["vendor"] or found["vendor2"], found["name"], version, count, expiry, line)
