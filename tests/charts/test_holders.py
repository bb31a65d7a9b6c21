"""Who holds most, for the bars of the Realtime License Usage graph."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from sessions_app.charts.figures import holders_figure
from sessions_app.charts.holders import Bar, holders
from sessions_app.charts.notes import holder_rows
from sessions_app.models import OpenSession
from tests.factories import NOON, FeatureFactory, OpenSessionFactory

pytestmark = pytest.mark.django_db


def test_each_user_has_one_bar_and_the_most_licenses_come_first():
    feature = FeatureFactory()
    for user, used in [("ann", 1), ("bob", 2), ("ann", 4), ("cas", 2)]:
        OpenSessionFactory(feature=feature, user=user, used=used)
    found = holders(OpenSession.objects.all())
    assert found.bars == [Bar("ann", 5, 0), Bar("bob", 2, 0), Bar("cas", 2, 0)]
    assert found.users == 3


def test_borrowed_licenses_are_told_apart():
    feature = FeatureFactory()
    OpenSessionFactory(feature=feature, user="ann", used=2)
    OpenSessionFactory(feature=feature, user="ann", used=3, borrow_expires_at=NOON + timedelta(days=5))
    figure = holders_figure(holders(OpenSession.objects.all()))
    assert {trace["name"]: list(trace["y"]) for trace in figure["data"]} == {"Used": [2], "Borrowed": [3]}


def test_with_more_users_than_bars_the_rest_is_counted_and_none_of_it_holds_more():
    feature = FeatureFactory()
    for number in range(30):
        OpenSessionFactory(feature=feature, user=f"user{number}", used=1 + number % 7)
    found = holders(OpenSession.objects.all(), most=10)
    drawn = {bar.user for bar in found.bars}
    held = Counter({session.user: session.used for session in OpenSession.objects.all()})
    assert found.left_out == 20
    assert all(licenses <= found.smallest for user, licenses in held.items() if user not in drawn)


def test_nobody_holds_anything():
    assert holders(OpenSession.objects.none()).bars == []


def test_a_user_name_cannot_bring_markup_into_the_graph():
    name = "<a href='x'>eve</a>"
    OpenSessionFactory(user=name)
    figure = holders_figure(holders(OpenSession.objects.all()))
    written = "&lt;a href='x'&gt;eve&lt;/a&gt;"
    assert (list(figure["data"][0]["x"]), list(figure["data"][0]["hovertext"])) == ([written], [written])
    assert figure["layout"]["xaxis"]["labelalias"] == {written: "&lt;a href…&gt;eve&lt;/a&gt;"}


def test_who_has_no_name_has_a_dash_in_the_graph_and_in_its_table():
    OpenSessionFactory(user="", used=3)
    found = holders(OpenSession.objects.all())
    figure = holders_figure(found)
    assert figure["layout"]["xaxis"]["labelalias"] == {"": "–"}  # noqa: RUF001 - as in the grids
    assert list(figure["data"][0]["hovertext"]) == ["–"]  # noqa: RUF001
    assert holder_rows(found) == [("–", "3", "0")]  # noqa: RUF001
