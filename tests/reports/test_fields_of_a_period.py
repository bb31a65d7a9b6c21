"""The fields of a history report's period, where what was given is wrong."""

from __future__ import annotations

import re

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def fields(viewer: Client, question: str) -> dict[str, tuple[str, str]]:
    """The kind of each end's field, and what stands in it."""
    text = viewer.get(f"/features/history/sessions/?period=custom&{question}", follow=True).content.decode()
    inputs = re.findall(r'<input class="form-control" type="([^"]*)" name="(from|to)" value="([^"]*)"', text)
    return {name: (kind, value) for kind, name, value in inputs}


def test_a_reversed_period_of_days_stands_in_its_fields_from_midnight(viewer) -> None:
    assert fields(viewer, "from=2026-11-22&to=2026-11-21") == {
        "from": ("datetime-local", "2026-11-22T00:00"),
        "to": ("datetime-local", "2026-11-21T00:00"),
    }


def test_a_time_of_another_zone_stands_in_its_field_as_that_of_the_viewer(viewer) -> None:
    viewer.cookies["licstats_zone"] = "Asia/Tokyo"
    shown = fields(viewer, "from=2026-11-22T10:00:00Z&to=2026-11-22 18:00")
    assert shown == {"from": ("datetime-local", "2026-11-22T19:00"), "to": ("datetime-local", "2026-11-22T18:00")}


def test_a_period_of_seconds_stays_one_when_its_fields_are_sent_as_they_stand(viewer) -> None:
    viewer.cookies["licstats_zone"] = "Europe/Warsaw"
    question = "from=2026-11-22T10:00:10Z&to=2026-11-22T10:00:50Z"
    shown = fields(viewer, question)
    assert shown == {"from": ("datetime-local", "2026-11-22T11:00:10"), "to": ("datetime-local", "2026-11-22T11:00:50")}
    page = viewer.get(f"/features/history/sessions/?period=custom&{question}", follow=True).content.decode()
    assert page.count('step="1"') == 2  # browsers refuse times between their steps


def test_the_hour_that_comes_twice_stays_the_one_that_was_asked_for(viewer) -> None:
    viewer.cookies["licstats_zone"] = "Europe/Warsaw"
    assert fields(viewer, "from=2026-10-25T02:30%2B01:00&to=2026-10-25T03:30") == {
        "from": ("text", "2026-10-25 02:30+0100"),
        "to": ("datetime-local", "2026-10-25T03:30"),
    }


def test_what_is_no_time_can_be_read_and_mended_where_it_was_written(viewer) -> None:
    shown = fields(viewer, "from=last week&to=0001-01-01")
    assert shown == {"from": ("text", "last week"), "to": ("text", "0001-01-01")}


def test_nothing_given_is_an_empty_field_for_a_time(viewer) -> None:
    assert fields(viewer, "to=2026-11-21") == {
        "from": ("datetime-local", ""),
        "to": ("datetime-local", "2026-11-21T00:00"),
    }
