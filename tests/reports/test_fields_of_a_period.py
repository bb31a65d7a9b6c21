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
    shown = fields(viewer, "from=2026-11-22T10:00:30Z&to=2026-11-22 18:00")
    assert shown == {"from": ("datetime-local", "2026-11-22T19:00"), "to": ("datetime-local", "2026-11-22T18:00")}


def test_what_is_no_time_can_be_read_and_mended_where_it_was_written(viewer) -> None:
    shown = fields(viewer, "from=last week&to=0001-01-01")
    assert shown == {"from": ("text", "last week"), "to": ("text", "0001-01-01")}


def test_nothing_given_is_an_empty_field_for_a_time(viewer) -> None:
    assert fields(viewer, "to=2026-11-21") == {
        "from": ("datetime-local", ""),
        "to": ("datetime-local", "2026-11-21T00:00"),
    }
