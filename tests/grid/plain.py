"""The sessions grid computed a second way: by plain Python over lists of dictionaries."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from html import unescape
from itertools import pairwise, zip_longest
from typing import Any

from openpyxl import load_workbook

Session = dict[str, Any]
KEYS = {
    "user": ("feature_id", "user"),
    "host": ("feature_id", "host"),
    "feature": ("feature_id",),
    "server": ("server",),
    "user,host": ("feature_id", "user", "host"),
    "feature,user": ("feature_id", "user"),
}
OF_FEATURE = ("vendor", "feature", "version", "type", "expiration")
TEXTS = {
    "server": "server",
    "vendor": "vendor",
    "feature_name": "feature",
    "feature_version": "version",
    "user": "user",
    "host": "host",
    "ip": "ip",
}
PLAIN_COLUMNS = (
    "server",
    "vendor",
    "feature",
    "version",
    "type",
    "expiration",
    "user",
    "host",
    "ip",
    "host_quantity",
    "used",
    "checkout_time",
    "time_used",
    "borrow_expiration",
)
HIDDEN = {"expiration", "ip", "host_quantity"}


def columns_of(group_by: str, *, one_server: bool, shown: Iterable[str] | None) -> list[str]:
    """The columns that an export has, in their order."""
    names = [name for name in PLAIN_COLUMNS if not (one_server and name in ("server", "vendor"))]
    if group_by:
        times = {"checkout_time", "time_used", "borrow_expiration"}
        names = [name for name in names if name not in times]
        if "user" not in group_by:
            names.remove("user")
        if group_by == "server":
            names = [name for name in names if name not in OF_FEATURE]
    if shown is not None:
        return [name for name in names if name in set(shown)]
    hidden = HIDDEN - ({"host_quantity"} if group_by else set())
    return [name for name in names if name not in hidden]


def time_used(session: Session, now: datetime) -> timedelta | None:
    since = session["checkout_time"]
    return None if since is None else max(timedelta(0), now - since)


def fits(session: Session, filters: Mapping[str, Any], now: datetime) -> bool:
    """Whether one session passes the filters of sessions; times and durations are given as such."""
    for name, wanted in filters.items():
        if name in TEXTS:
            if wanted.lower() not in session[TEXTS[name]].lower():
                return False
        elif not OTHERS[name](session, wanted, now):
            return False
    return True


def known(
    test: Callable[[Any, Any], bool], of: Callable[[Session, datetime], Any]
) -> Callable[[Session, Any, datetime], bool]:
    """What is not known passes no filter."""

    def check(session: Session, wanted: Any, now: datetime) -> bool:
        value = of(session, now)
        return value is not None and test(value, wanted)

    return check


def field(name: str) -> Callable[[Session, datetime], Any]:
    return lambda session, now: session[name]


OTHERS: dict[str, Callable[[Session, Any, datetime], bool]] = {
    "feature_type": known(lambda value, wanted: value in wanted, field("type")),
    "expiration_after": known(lambda value, wanted: value >= wanted, field("expiration")),
    "expiration_before": known(lambda value, wanted: value < wanted, field("expiration")),
    "checked_out_after": known(lambda value, wanted: value >= wanted, field("checkout_time")),
    "checked_out_before": known(lambda value, wanted: value < wanted, field("checkout_time")),
    "time_used_min": known(lambda value, wanted: value >= wanted, time_used),
    "time_used_max": known(lambda value, wanted: value <= wanted, time_used),
    "borrow_after": known(lambda value, wanted: value >= wanted, field("borrow_expiration")),
    "borrow_before": known(lambda value, wanted: value < wanted, field("borrow_expiration")),
    "borrowed": known(lambda value, wanted: True, field("borrow_expiration")),
    "user_is": known(lambda value, wanted: value == wanted, field("user")),
}


def rows_of(
    sessions: Iterable[Session], filters: Mapping[str, Any], group_by: str, now: datetime
) -> list[dict[str, Any]]:
    """The rows, in no order."""
    of_sums = {name: wanted for name, wanted in filters.items() if name.rsplit("_", 1)[0] in ("used", "host_quantity")}
    of_sessions = {name: wanted for name, wanted in filters.items() if name not in of_sums}
    found = [each for each in sessions if fits(each, of_sessions, now)]
    rows = aggregated(found, group_by) if group_by else [single(each, now) for each in found]
    return [row for row in rows if all(fits_sum(row, name, wanted) for name, wanted in of_sums.items())]


def fits_sum(row: Mapping[str, Any], name: str, wanted: int) -> bool:
    column, bound = name.rsplit("_", 1)
    return bool(row[column] >= wanted if bound == "min" else row[column] <= wanted)


def single(session: Session, now: datetime) -> dict[str, Any]:
    return session | {"host_quantity": 1, "time_used": time_used(session, now)}


def aggregated(sessions: Iterable[Session], group_by: str) -> list[dict[str, Any]]:
    groups: dict[tuple[Any, ...], list[Session]] = {}
    for session in sessions:
        groups.setdefault(tuple(session[key] for key in KEYS[group_by]), []).append(session)
    rows = []
    for members in groups.values():
        pairs = sorted({(each["host"], each["ip"]) for each in members})
        hosts = list(dict.fromkeys(host for host, _ in pairs))
        row = members[0] | {
            "used": sum(each["used"] for each in members),
            "host": hosts,
            "host_quantity": len(hosts),
            "ip": [ip for ip in dict.fromkeys(ip for _, ip in pairs) if ip],
        }
        rows.append(row)
    return rows


def in_order(rows: list[dict[str, Any]], sort: Iterable[str]) -> bool:
    """Whether rows are sorted: what is not known is last, a list sorts by its first entry."""
    keys = list(sort)
    return all(not_after(before, after, keys) for before, after in pairwise(rows))


def not_after(before: Mapping[str, Any], after: Mapping[str, Any], keys: Iterable[str]) -> bool:
    for key in keys:
        name, down = key.removeprefix("-"), key.startswith("-")
        if name == "time_used":  # by its checkout, so that of those in the future, all used for 0 s, the last is first
            name, down = "checkout_time", not down
        one, other = (value[0] if isinstance(value, list) else value for value in (before[name], after[name]))
        if one == other:
            continue
        if one is None or other is None:
            return other is None
        return bool(one > other if down else one < other)
    return True


# ---- what was answered, back as values -------------------------------------------------------------------


def written(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return int(value.total_seconds()) if isinstance(value, timedelta) else value


def in_csv(value: Any) -> str:
    value = written(value)
    text = "; ".join(value) if isinstance(value, list) else "" if value is None else str(value)
    return f"'{text}" if text[:1] in "=+-@\t\r" and text[:1] else text


def read_csv(content: bytes) -> tuple[list[str], list[list[str]]]:
    header, *rows = csv.reader(io.StringIO(content.decode(), newline=""))
    return header, rows


def read_json(content: bytes) -> list[dict[str, Any]]:
    answer = json.loads(content)
    assert answer["total"] == len(answer["rows"])
    return list(answer["rows"])


def read_xlsx(content: bytes, columns: list[str]) -> list[list[Any]]:
    """Rows of values as JSON has them, by the type of their cell; a workbook has days as midnights."""
    sheet = load_workbook(io.BytesIO(content), read_only=True).active
    assert sheet is not None
    _header, *rows = sheet.iter_rows(values_only=True)
    return [[xlsx_value(name, value) for name, value in zip_longest(columns, row)] for row in rows]


def xlsx_value(name: str, value: Any) -> Any:
    if name == "expiration" and isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC).isoformat()
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    return "" if value is None else value


ROW = re.compile(r"<tr data-key=\"([^\"]*)\">(.*?)</tr>", re.S)
CELL = re.compile(r"<t[dh][^>]*>(.*?)</t[dh]>", re.S)
TAG = re.compile(r' <span class="tag.*?</span>', re.S)
MORE = re.compile(r"<summary>.*?</summary>", re.S)
MARKUP = re.compile(r"<[^>]+>")


def read_page(content: str) -> list[list[str]]:
    """The rows of the page as texts, without the marks beside names; lists with line breaks."""
    body = content[content.index("<tbody>") : content.index("</tbody>")]
    return [[cell_text(cell) for cell in CELL.findall(row)] for _key, row in ROW.findall(body)]


def cell_text(cell: str) -> str:
    cell = TAG.sub("", cell)
    cell = MORE.sub("<br>", cell).replace("<br>", "\n")
    return unescape(MARKUP.sub("", cell))
