"""Page, CSV, XLSX and JSON agree with plain Python, for random choices over the same 5,000 sessions."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from html import escape
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.test import Client
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from groups_app.models import LicenseServerGroup
from licstats.durations import format_duration
from licstats.models import Feature, LicenseServer
from sessions_app.models import OpenSession
from tests.factories import UserFactory
from tests.grid import plain

NOW = datetime(2026, 3, 16, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
PATH = "/features/realtime/sessions"
SERVERS = ("PL", "US", "DK")
NAMES = ("ann", "Bob", "bob2", "eva_lu", "o'hara", "=cmd()", "<b>kim</b>", "\u017caneta", "100%", "a.b-c")
DASH = "\N{EN DASH}"
ENOUGH = 60  # rows; more are not read back from a workbook or a page


@dataclass(frozen=True, repr=False)
class Fleet:
    sessions: list[plain.Session]
    client: Client


@pytest.fixture
def fleet(db: None) -> Iterator[Fleet]:
    chance = random.Random(20260316)
    features = [feature for name in SERVERS for feature in make_features(name, chance)]
    group = LicenseServerGroup.objects.create(name="XF")
    group.servers.set(LicenseServer.objects.filter(name__in=SERVERS[:2]))
    OpenSession.objects.bulk_create(make_session(chance.choice(features), number, chance) for number in range(5_000))
    sessions = [as_plain(each) for each in OpenSession.objects.select_related("feature", "server")]
    with time_machine.travel(NOW, tick=False):
        client = Client()
        client.force_login(UserFactory.create())
        yield Fleet(sessions, client)


def make_features(server_name: str, chance: random.Random) -> list[Feature]:
    server = LicenseServer.objects.create(
        name=server_name, manager="flexnet", address=f"27000@{server_name}", read_at=NOW
    )
    return [
        Feature.objects.create(
            server=server,
            vendor=chance.choice(("acme", "Zeta")),
            name=name,
            version=version,
            type=chance.choice(("floating", "node-locked", "token")),
            expires=chance.choice((None, date(2026, 3, 1), date(2027, 1, 31))),
        )
        for name in ("solver", "Mesh", "viewer")
        for version in ("1.5", "2.0")
    ]


def make_session(feature: Feature, number: int, chance: random.Random) -> OpenSession:
    checkout = NOW - timedelta(seconds=chance.randrange(-300, 86_400 * 3))
    host = f"ws-{chance.randrange(40):02}"
    return OpenSession(
        server_id=feature.server_id,
        feature=feature,
        user=chance.choice(NAMES),
        host=host,
        ip=chance.choice(("", f"10.0.0.{int(host[3:])}", f"10.0.1.{int(host[3:])}")),
        handle=str(number),
        used=chance.choice((1, 1, 1, 2, 5)),
        checked_out_at=chance.choice((checkout, checkout, checkout, None)),
        borrow_expires_at=chance.choice((None, None, None, NOW + timedelta(hours=chance.randrange(1, 200)))),
        first_seen_at=NOW,
    )


def as_plain(session: OpenSession) -> plain.Session:
    feature = session.feature
    return {
        "id": session.pk,
        "feature_id": feature.pk,
        "server": session.server.name,
        "vendor": feature.vendor,
        "feature": feature.name,
        "version": feature.version,
        "type": feature.type,
        "expiration": feature.expires,
        "user": session.user,
        "host": session.host,
        "ip": session.ip,
        "used": session.used,
        "checkout_time": session.checked_out_at,
        "borrow_expiration": session.borrow_expires_at,
    }


moments = st.integers(-300, 86_400 * 4).map(lambda seconds: NOW - timedelta(seconds=seconds // 60 * 60))
durations = st.integers(0, 5_000).map(lambda minutes: timedelta(minutes=minutes))
days = st.sampled_from((date(2026, 3, 1), date(2026, 3, 2), date(2027, 1, 31), date(2027, 2, 1)))
parts = st.sampled_from(("a", "B", "b2", "%", "_", "'", "<b>", "Ż", "zzz", "0", "so", ".", "=cmd()"))
FILTERS: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(plain.TEXTS, parts),
    "feature_type": st.lists(
        st.sampled_from(("floating", "node-locked", "token")), min_size=1, max_size=2, unique=True
    ),
    "expiration_after": days,
    "expiration_before": days,
    "host_quantity_min": st.integers(1, 12),
    "host_quantity_max": st.integers(1, 30),
    "used_min": st.integers(1, 30),
    "used_max": st.integers(1, 60),
    "checked_out_after": moments,
    "checked_out_before": moments,
    "time_used_min": durations,
    "time_used_max": durations,
    "borrow_after": moments,
    "borrow_before": moments.map(lambda moment: moment + timedelta(days=6)),
    "borrowed": st.just("1"),
    "user_is": st.sampled_from(NAMES),
}
SCOPES: dict[str, tuple[str, ...]] = {"": SERVERS, "server:PL": ("PL",), "group:XF": ("PL", "US")}


@st.composite
def choices(draw: st.DrawFn) -> dict[str, Any]:
    group_by = draw(st.sampled_from(("", "", *plain.KEYS)))
    scope = draw(st.sampled_from(tuple(SCOPES)))
    offered = plain.columns_of(group_by, one_server=scope == "server:PL", shown=plain.PLAIN_COLUMNS)
    sortable = [name for name in offered if not (group_by and name == "ip")]
    sort = draw(st.lists(st.sampled_from(sortable), max_size=3, unique=True))
    least = draw(st.sampled_from((0, 2, 2, 2, 2, 2)))  # mostly few rows, which are read back faster
    names = draw(st.lists(st.sampled_from(tuple(FILTERS)), min_size=least, max_size=3, unique=True))
    filters = {name: draw(FILTERS[name]) for name in names}
    if filters.get("time_used_min") == filters.get("time_used_max"):  # means a minute, which has its own test
        filters.pop("time_used_max", None)
    return {
        "scope": scope,
        "group_by": group_by,
        "sort": [draw(st.sampled_from(("", "-"))) + name for name in sort],
        "columns": draw(st.none() | st.lists(st.sampled_from(offered), min_size=1, unique=True)),
        "filters": filters,
        "page": draw(st.integers(1, 4)),
        "per_page": draw(st.sampled_from((20, 50))),
    }


def query(choice: dict[str, Any]) -> str:
    pairs: list[tuple[str, str]] = [("scope", choice["scope"]), ("group_by", choice["group_by"])]
    for name, value in choice["filters"].items():
        pairs += [(name, text) for text in (value if isinstance(value, list) else [as_typed(value)])]
    pairs += [("sort", ",".join(choice["sort"])), ("columns", ",".join(choice["columns"] or ()))]
    return urlencode([(name, text) for name, text in pairs if text])


def as_typed(value: Any) -> str:
    if isinstance(value, timedelta):
        return format_duration(value)
    return value.isoformat() if isinstance(value, (datetime, date)) else str(value)


def download(client: Client, extension: str, question: str) -> bytes:
    response = client.get(f"{PATH}.{extension}?{question}")
    content = b"".join(response.streaming_content) if response.streaming else response.content
    assert response.status_code == 200, content.decode()
    return content


IN_THE_FUTURE = {  # checkouts that are all used for 0 s have their order by time used nevertheless
    "scope": "group:XF",
    "group_by": "",
    "sort": ["time_used", "checkout_time", "borrow_expiration"],
    "columns": None,
    "filters": {},
    "page": 1,
    "per_page": 20,
}


@settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(choices())
@example(IN_THE_FUTURE)
def test_page_and_files_agree_with_plain_python(fleet: Fleet, choice: dict[str, Any]) -> None:
    sessions = [each for each in fleet.sessions if each["server"] in SCOPES[choice["scope"]]]
    expected = plain.rows_of(sessions, choice["filters"], choice["group_by"], NOW)
    columns = plain.columns_of(choice["group_by"], one_server=choice["scope"] == "server:PL", shown=choice["columns"])
    question = query(choice)

    rows = plain.read_json(download(fleet.client, "json", question))
    wanted = [{name: plain.written(row[name]) for name in columns} for row in expected]
    assert sorted(map(repr, ({n: row[n] for n in columns} for row in rows))) == sorted(map(repr, wanted))

    ordered = in_the_order_of(rows, expected, choice, columns)
    if ordered is not None:
        assert plain.in_order(ordered, choice["sort"])

    header, lines = plain.read_csv(download(fleet.client, "csv", question))
    assert header == columns
    assert lines == [[plain.in_csv(row[name]) for name in columns] for row in rows]
    if len(rows) <= ENOUGH:
        cells = plain.read_xlsx(download(fleet.client, "xlsx", question), columns)
        assert cells == [[as_cell(name, row[name]) for name in columns] for row in rows]
    assert_page(fleet.client, choice, rows, columns)
    assert_bars(fleet.client, choice, sessions)


def in_the_order_of(
    rows: list[dict[str, Any]], expected: list[dict[str, Any]], choice: dict[str, Any], columns: list[str]
) -> list[dict[str, Any]] | None:
    """The expected rows in the order of the answer; None where the columns shown do not tell them apart."""
    if not choice["group_by"]:
        by_id = {row["id"]: row for row in expected}
        return [by_id[row["id"]] for row in rows]
    by_text = {repr([plain.written(row[name]) for name in columns]): row for row in expected}
    if len(by_text) < len(expected):
        return None
    return [by_text[repr([row[name] for name in columns])] for row in rows]


def as_cell(name: str, value: Any) -> Any:
    """Of a workbook, which has words where JSON has values."""
    if name == "type":
        return value.capitalize()
    return (
        plain.in_csv(value) if isinstance(value, (str, list)) and not is_time(value) else "" if value is None else value
    )


def is_time(value: Any) -> bool:
    return isinstance(value, str) and value.endswith("+00:00")


def assert_page(client: Client, choice: dict[str, Any], rows: list[dict[str, Any]], columns: list[str]) -> None:
    question = f"{query(choice)}&page={choice['page']}&per_page={choice['per_page']}"
    response = client.get(f"{PATH}/?{question}", headers={"HX-Request": "true"}, follow=True)
    assert response.status_code == 200
    page = response.context["page"]
    assert page.total == len(rows)
    shown = rows[max(page.first - 1, 0) : page.last]
    assert page.number == min(choice["page"], max(1, -(-len(rows) // choice["per_page"])))
    found = plain.read_page(response.content.decode())
    assert [line[0].replace(",", "") for line in found] == [str(n) for n in range(page.first or 1, page.last + 1)]
    texts = [line[1 : 1 + len(columns)] for line in found]
    assert texts == [[on_page(name, row[name]) for name in columns] for row in shown]


def assert_bars(client: Client, choice: dict[str, Any], sessions: list[plain.Session]) -> None:
    """The bars of the graph are the licenses of each user in what the rows add up."""
    keys = plain.KEYS[choice["group_by"]] if choice["group_by"] else ("id",)
    rows = plain.rows_of(sessions, choice["filters"], choice["group_by"], NOW)
    shown = {tuple(row[key][0] if isinstance(row[key], list) else row[key] for key in keys) for row in rows}
    of_sums = ("used_", "host_quantity_") if choice["group_by"] else ()
    filters = {name: wanted for name, wanted in choice["filters"].items() if not name.startswith(of_sums)}
    in_all: Counter[str] = Counter()
    borrowed: Counter[str] = Counter()
    for row in plain.rows_of(sessions, filters, "", NOW):
        if tuple(row[key] for key in keys) not in shown:
            continue
        in_all[escape(row["user"], quote=False)] += row["used"]
        if row["borrow_expiration"] is not None:
            borrowed[escape(row["user"], quote=False)] += row["used"]
    response = client.get(f"{PATH}/?{query(choice)}", headers={"HX-Request": "true", "X-Part": "graph"})
    traces = json.loads(response.context["figure"])["data"]
    bars = {trace["name"]: dict(zip(trace["x"], trace["y"], strict=True)) for trace in traces}
    assert bars["Used"] == {user: used - borrowed[user] for user, used in in_all.items()}
    assert bars.get("Borrowed", dict.fromkeys(in_all, 0)) == {user: borrowed[user] for user in in_all}


def on_page(name: str, value: Any) -> str:
    """What a cell of the page says."""
    if isinstance(value, list):
        more = [f"and {len(value) - 50} more"] if len(value) > 50 else []
        return "\n".join([*value[:50], *more]) or DASH
    if name in ("checkout_time", "borrow_expiration"):
        empty = "" if name == "borrow_expiration" else DASH
        return f"{datetime.fromisoformat(value):%Y-%m-%d %H:%M}" if value else empty
    if name == "time_used":
        return DASH if value is None else format_duration(timedelta(seconds=value))
    if name == "type":
        return str(value).capitalize()
    return DASH if value in (None, "") else f"{value:,}" if isinstance(value, int) else str(value)


def test_the_same_bound_twice_means_all_that_is_shown_as_that_duration(fleet: Fleet) -> None:
    used = {each["id"]: plain.time_used(each, NOW) for each in fleet.sessions}

    for unit, number in ((MINUTE, 360), (MINUTE, 361), (MINUTE, 1440), (MINUTE, 1), (SECOND, 0), (SECOND, 30)):
        text = format_duration(number * unit)
        expected = sorted(key for key, time in used.items() if time is not None and time // unit == number)
        for question in (
            {"time_used_min": text, "time_used_max": text},
            {"time_used": text},
            {"time_used_min": f"={text}"},
        ):
            rows = plain.read_json(download(fleet.client, "json", urlencode(question)))
            assert sorted(row["id"] for row in rows) == expected, question
