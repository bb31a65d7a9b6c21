"""Names and patterns of user and host groups, and their match in the database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, Expression
from django.db.models.expressions import Combinable
from django.db.models.sql.compiler import SQLCompiler

LONGEST_ENTRY = 200
MOST_ENTRIES = 5_000
WILDCARDS = str.maketrans({"\\": r"\\", "%": r"\%", "_": r"\_", "*": "%", "?": "_"})


def entries_of(text: str) -> list[str]:
    """The lines of `text` without blanks around them, empty ones and repetitions, in their order."""
    return list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


def check_entries(text: str) -> None:
    """ValidationError where a line cannot be the name of a user or host, or is a list in disguise."""
    entries = entries_of(text)
    wrong = []
    for entry in entries:
        if "," in entry or ";" in entry:
            wrong.append(f"'{entry}': write one name or pattern on each line, without commas.")
        elif len(entry) > LONGEST_ENTRY:
            wrong.append(f"'{entry[:40]}…' is longer than {LONGEST_ENTRY} characters.")
        elif not entry.isprintable():
            wrong.append(f"{entry!r} has a character that cannot be seen.")
    if len(entries) > MOST_ENTRIES:
        wrong.append(f"{len(entries)} members are more than {MOST_ENTRIES}. Use patterns, as in design-*.")
    if wrong:
        raise ValidationError(wrong)


def is_pattern(entry: str) -> bool:
    return "*" in entry or "?" in entry


class NamePatterns(Expression):
    """Whether a text equals one of `entries` or matches one of their patterns, without case.

    Names are looked up in a hashed set, so thousands of them cost little; only patterns are tried one by one.
    """

    output_field = BooleanField()
    conditional = True

    def __init__(self, text: Combinable, entries: Iterable[str]) -> None:
        super().__init__()
        entries = list(entries)
        self.text: Any = text
        self.names = [entry for entry in entries if not is_pattern(entry)]
        self.patterns = [entry.translate(WILDCARDS) for entry in entries if is_pattern(entry)]

    def get_source_expressions(self) -> list[Any]:
        return [self.text]

    def set_source_expressions(self, exprs: Sequence[Any]) -> None:
        (self.text,) = exprs

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        text, params = compiler.compile(self.text)
        sql = (  # the text is compiled by Django, the entries are parameters
            f"(UPPER({text}) IN (SELECT UPPER(name) FROM UNNEST(%s::text[]) AS name)"  # noqa: S608
            f" OR UPPER({text}) LIKE ANY (ARRAY(SELECT UPPER(name) FROM UNNEST(%s::text[]) AS name)))"
        )
        return sql, (*params, self.names, *params, self.patterns)
