"""What goes with a session, compared with the rule applied to every pair."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from licstats.managers.reading import SessionReading
from sessions_app.closing.identity import Identity, seen_in
from sessions_app.closing.preview import going_together, preview
from sessions_app.models import OpenSession
from sessions_app.polling.rows import LONGEST
from tests.closing.making import AT, closer, reading_with
from tests.factories import FeatureFactory, LicenseServerFactory, OpenSessionFactory

pytestmark = pytest.mark.django_db


def every_kind() -> list[OpenSession]:
    """Sessions of two license managers that agree and differ in each part that matters."""
    servers = [LicenseServerFactory(), LicenseServerFactory(), LicenseServerFactory(manager="lmx", address="6200@l")]
    features = [
        FeatureFactory(server=server, name=name, version=version)
        for server, name, version in product(servers, ("mesh", "solve"), ("1.0", "2.0"))
    ]
    parts = product(features, ("ada", "ben"), ("ws1", "ws2"), (":0", ":1"), ("101", ""))
    for feature, user, host, display, handle in parts:
        OpenSessionFactory(feature=feature, user=user, host=host, display=display, handle=handle, checked_out_at=AT)
    return list(OpenSession.objects.select_related("feature", "server"))


def test_it_is_what_the_rule_says_of_every_pair(django_assert_max_num_queries) -> None:
    sessions = every_kind()

    def key(session: OpenSession) -> tuple[object, ...]:
        return session.server_id, Identity.of_open(session).reach(session.server.manager)

    expected = {
        session.pk: {other.pk for other in sessions if other.pk != session.pk and key(other) == key(session)}
        for session in sessions
    }
    with django_assert_max_num_queries(3):
        found = going_together(sessions)
    assert {pk: {one.pk for one in others} for pk, others in found.items()} == expected
    assert max(map(len, expected.values())) > 1
    some = sessions[::7]
    assert {pk: {one.pk for one in others} for pk, others in going_together(some).items()} == {
        session.pk: expected[session.pk] for session in some
    }


def test_a_preview_of_many_costs_a_fixed_number_of_queries(django_assert_max_num_queries) -> None:
    login = closer()
    every_kind()
    ids = list(OpenSession.objects.filter(handle="101").values_list("pk", flat=True)[:100])
    with django_assert_max_num_queries(16):
        shown = preview(ids, login)
    assert len(shown.closable) + len(shown.blocked) == len(ids)


def test_what_goes_with_a_borrowed_one_is_not_closed() -> None:
    login = closer()
    feature = FeatureFactory()
    session = OpenSessionFactory(feature=feature, user="ada", host="ws1", handle="")
    OpenSessionFactory(
        feature=feature, user="ada", host="ws1", handle="", checked_out_at=AT.replace(hour=7), borrow_expires_at=AT
    )
    (item,) = preview([session.pk], login).blocked
    assert "borrowed license would go with it" in item.obstacle


ONE = Identity("vendord", "mesh", "ada", "ws1", ":0", "lic", "27000", "101", AT)
GOES_BY = {  # what has to be the same for one to go with the other
    ("flexnet", "101"): {"vendor", "feature", "server_host", "port", "handle"},
    ("flexnet", ""): {"vendor", "feature", "user", "host", "display"},
    ("lmx", "101"): {"user", "host"},
    ("lmx", ""): {"user", "host"},
}


@pytest.mark.parametrize(("manager", "handle"), GOES_BY)
@pytest.mark.parametrize("part", ["vendor", "feature", "user", "host", "display", "server_host", "port", "handle"])
def test_one_goes_with_another_where_what_its_command_names_is_the_same(manager: str, handle: str, part: str) -> None:
    one = replace(ONE, handle=handle)
    other = replace(one, **{part: "other", "checked_out_at": None})
    apart = part in GOES_BY[manager, handle] or (manager == "flexnet" and part == "handle")
    assert (one.reach(manager) != other.reach(manager)) is apart


def test_a_name_as_it_is_stored_and_as_it_is_printed_is_the_same_session() -> None:
    reading = reading_with(SessionReading("u" * 400, "h" * 400, handle="101", checked_out_at=AT))
    (seen,) = seen_in(reading)
    stored = OpenSessionFactory(
        feature__name="mesh",
        user="u" * LONGEST,
        host="h" * LONGEST,
        display="",
        server_host="",
        port="",
        handle="101",
        checked_out_at=AT,
    )
    assert seen.identity == Identity.of_open(stored)
    assert seen.target("27000@lic").user == "u" * 400, "what the tool is told is what it printed"
