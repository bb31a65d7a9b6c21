"""A fleet file as entries that know their lines, so that a message can say where a wrong value stands."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from licstats.durations import DurationError, parse_duration

KEYS: dict[str, dict[str, type]] = {
    "server": {
        "name": str,
        "manager": str,
        "address": str,
        "site": str,
        "timezone": str,
        "interval": timedelta,
        "timeout": timedelta,
        "enabled": bool,
        "description": str,
    },
    "group": {"name": str, "servers": list, "description": str},
    "user_group": {"name": str, "members": list, "description": str},
    "host_group": {"name": str, "members": list, "description": str},
    "visibility": {"user": str, "hide_servers": list, "hide_features": list, "hide_new_servers": bool},
}
REQUIRED = {
    "server": ("name", "manager", "address"),
    "group": ("name", "servers"),
    "user_group": ("name", "members"),
    "host_group": ("name", "members"),
    "visibility": ("user",),
}
WORDS = {
    str: 'a text in quotes, as in "PL"',
    list: 'a list of texts, as in ["PL", "US"]',
    bool: "true or false, without quotes",
    timedelta: 'a duration in quotes, as in "60s"',
}
HEADER = re.compile(r"""\s*\[\[\s*["']?([\w-]+)["']?\s*\]\]""")
KEY = re.compile(r"""\s*["']?([\w-]+)["']?\s*=""")
SYNTAX_LINE = re.compile(r" \(at line (\d+), column (\d+)\)\Z")


class FleetError(Exception):
    """What is wrong in a fleet file: `problems` are sentences, each with its line."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(slots=True)
class Entry:
    """One `[[kind]]` of the file with its values, and the lines (1-based, 0 unknown) that they stand on."""

    kind: str
    values: dict[str, Any]
    line: int = 0
    keys: dict[str, int] = field(default_factory=dict)
    text: list[str] = field(default_factory=list)  # its lines, the header first

    @property
    def identity(self) -> str:
        return str(self.values.get("name", self.values.get("user", "")))

    def line_of(self, key: str, item: str | None = None) -> int:
        """Where the value of `key` stands, or the `item` of that list."""
        start = self.keys.get(key, self.line)
        if item is not None and self.line:
            for offset, text in enumerate(self.text[start - self.line :]):
                if f'"{item}"' in text or f"'{item}'" in text:
                    return start + offset
        return start


class FleetFile:
    """The entries of a fleet file, checked for its form: kinds, keys, types, and names that come twice."""

    def __init__(self, text: str, name: str) -> None:
        self.name = name
        self.problems: list[str] = []
        self.entries: list[Entry] = []
        self._read(text)
        for entry in self.entries:
            self._check(entry)
        self._check_names()
        if self.problems:
            raise FleetError(self.problems)

    @classmethod
    def load(cls, path: Path) -> FleetFile:
        """FleetError where the file cannot be read or its form is wrong."""
        try:
            return cls(path.read_text(encoding="utf-8-sig"), path.name)
        except OSError as error:
            raise FleetError([f"{path} cannot be read: {error.strerror}."]) from error
        except UnicodeDecodeError as error:
            raise FleetError([f"{path.name} is not UTF-8 text (byte {error.start}). Save it as UTF-8."]) from error

    def of(self, kind: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.kind == kind]

    def where(self, line: int) -> str:
        return f"{self.name} line {line}" if line else self.name

    def add(self, line: int, message: str) -> None:
        self.problems.append(f"{self.where(line)}: {message}")

    def _read(self, text: str) -> None:
        try:
            content = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            found = SYNTAX_LINE.search(str(error))
            message = SYNTAX_LINE.sub("", str(error))
            self.add(int(found[1]) if found else 0, f"{message}. This is not TOML.")
            raise FleetError(self.problems) from error
        except RecursionError as error:
            raise FleetError([f"{self.name} has brackets within brackets, too deep to be read."]) from error
        places = _places(text)
        for kind, tables in content.items():
            if kind not in KEYS:
                self.add(_line_of_kind(text, kind), f"'{kind}' is not known. {_hint(kind, KEYS, '[[{}]]')}")
            elif not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
                self.add(_line_of_kind(text, kind), f"write [[{kind}]], with two brackets, before each of them.")
            else:
                self._take(kind, tables, places[kind])

    def _take(self, kind: str, tables: list[dict[str, Any]], places: list[Entry]) -> None:
        located = places if len(places) == len(tables) else [Entry(kind, {}) for _ in tables]
        for entry, values in zip(located, tables, strict=True):
            entry.values = values
            self.entries.append(entry)

    def _check(self, entry: Entry) -> None:
        known = KEYS[entry.kind]
        for key, value in entry.values.items():
            if key not in known:
                self.add(entry.line_of(key), f"'{key}' is not a key of [[{entry.kind}]]. {_hint(key, known)}")
            elif known[key] is timedelta:
                self._check_duration(entry, key, value)
            elif not _is(value, known[key]):
                self.add(entry.line_of(key), f"{key} is {value!r}: it must be {WORDS[known[key]]}.")
            elif isinstance(value, str | list) and any("\0" in text for text in value):
                self.add(entry.line_of(key), f"{key}: a text cannot hold the character NUL.")
        misspelled = {nearest(key, known) for key in entry.values if key not in known}
        for key in REQUIRED[entry.kind]:
            if entry.values.get(key) in (None, "") and key not in misspelled:
                self.add(entry.line_of(key), f"this [[{entry.kind}]] needs '{key}'.")

    def _check_duration(self, entry: Entry, key: str, value: object) -> None:
        try:
            if not isinstance(value, str):
                raise DurationError(f"{value!r} is not {WORDS[timedelta]}.")
            entry.values[key] = parse_duration(value)
        except DurationError as error:
            self.add(entry.line_of(key), f"{key}: {error}")

    def _check_names(self) -> None:
        seen: dict[tuple[str, str], Entry] = {}
        for entry in self.entries:
            first = seen.setdefault((entry.kind, entry.identity), entry)
            if first is not entry and entry.identity:
                self.add(entry.line, f"{entry.kind} '{entry.identity}' comes twice, first in line {first.line}.")


def _is(value: object, kind: type) -> bool:
    if kind is list:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    return isinstance(value, kind)


def nearest(word: str, known: Iterable[str]) -> str:
    """The one of `known` that `word` is nearly, whatever the case; empty where there is none."""
    alike = {_plain(name): name for name in known}
    return next((alike[name] for name in get_close_matches(_plain(word), alike, n=1, cutoff=0.6)), "")


def _plain(word: str) -> str:
    return word.lower().replace("-", "_")


def _hint(word: str, known: dict[str, Any], form: str = "'{}'") -> str:
    if close := nearest(word, known):
        return f"Did you mean {form.format(close)}?"
    return f"Known are {', '.join(form.format(key) for key in known)}."


def _lines(text: str) -> list[str]:
    """As TOML and editors count them: a text may hold other signs that part lines elsewhere."""
    return text.split("\n")


def _places(text: str) -> dict[str, list[Entry]]:
    """Entries without values, in the order of the file: where each header and key stands."""
    found: dict[str, list[Entry]] = defaultdict(list)
    entry: Entry | None = None
    quotes = ""
    for number, line in enumerate(_lines(text), 1):
        inside = bool(quotes)
        remark = not inside and line.lstrip().startswith("#")
        for mark in () if remark else ('"""', "'''"):
            if quotes in ("", mark) and line.count(mark) % 2:
                quotes = "" if quotes else mark
        if not inside and (header := HEADER.match(line)):
            entry = Entry(header[1], {}, number)
            found[header[1]].append(entry)
        if entry:
            entry.text.append(line)
            if not inside and (key := KEY.match(line)):
                entry.keys.setdefault(key[1], number)
    return found


def _line_of_kind(text: str, kind: str) -> int:
    pattern = re.compile(rf"""\s*(?:\[\[?\s*)?["']?{re.escape(kind)}\b""")
    return next((number for number, line in enumerate(_lines(text), 1) if pattern.match(line)), 0)
