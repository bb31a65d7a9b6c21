from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.utils import timezone

from tests.factories import NOON


def draw(source: str, **context: object) -> str:
    return Template("{% load licstats %}" + source).render(Context(context)).strip()


def test_a_moment_is_short_with_the_exact_time_on_hover_in_the_viewers_zone() -> None:
    with timezone.override(ZoneInfo("Europe/Warsaw")):
        shown = draw("{{ at|moment }}", at=datetime(2026, 11, 21, 18, 5, 7, tzinfo=UTC))
    assert ">2026-11-21 19:05<" in shown
    assert 'title="2026-11-21 19:05:07 CET"' in shown
    assert 'datetime="2026-11-21T18:05:07+00:00"' in shown


@pytest.mark.parametrize("source", ["{{ x|moment }}", "{{ x|duration }}", "{{ x|number }}"])
def test_what_is_not_known_is_a_dash(source: str) -> None:
    assert draw(source, x=None) == draw("{% dash %}")


def test_a_dash_tells_its_reason_to_everybody() -> None:
    shown = draw("{% dash why %}", why="never <read>")
    assert 'title="never &lt;read&gt;"' in shown
    assert '<span class="visually-hidden"> never &lt;read&gt;</span>' in shown


@pytest.mark.parametrize(
    ("percent", "colour", "word"),
    [
        (0, "green", ""),
        (69.99, "green", ""),
        (70, "orange", "high"),
        (89.99, "orange", "high"),
        (90, "red", "very high"),
        (130, "red", "very high"),
    ],
)
def test_utilization_has_its_colour_and_a_word_where_it_is_high(percent: float, colour: str, word: str) -> None:
    shown = draw("{% utilization p %}", p=percent)
    assert f"utilization-{colour}" in shown
    assert f"{int(percent)} %" in shown
    assert (f'aria-label="{word}"' in shown) if word else ("aria-label" not in shown)


def test_a_bar_never_leaves_its_frame() -> None:
    assert 'width="46"' in draw("{% utilization p %}", p=100 * 14 / 30)  # as far as its figure, 46 %
    assert 'width="100"' in draw("{% utilization 250 %}")
    assert 'width="0"' in draw("{% utilization p %}", p=-3)


@pytest.mark.parametrize(
    ("seconds", "kind", "word"), [(60, "fresh", ""), (240, "late", "late"), (900, "stale", "stale")]
)
def test_an_age_has_its_colour_and_its_word(seconds: int, kind: str, word: str) -> None:
    read_at = NOON - timedelta(seconds=seconds)
    shown = draw("{% age at every now %}", at=read_at, every=timedelta(seconds=60), now=NOON)
    assert f'class="age-{kind}"' in shown
    assert f'data-age-word class="small">{word}</span>' in shown


@pytest.mark.parametrize(("value", "shown"), [(0, "0"), (3_214, "3,214"), (1_000_000, "1,000,000")])
def test_numbers_are_grouped(value: int, shown: str) -> None:
    assert draw("{{ x|number }}", x=value) == shown


def test_durations_are_written_as_people_do() -> None:
    assert draw("{{ x|duration }}", x=timedelta(days=11, minutes=45)) == "11 d 45 min"
    assert draw("{{ x|duration }}", x=90.0) == "1 min"


def test_a_sign_of_its_own_speaks_and_one_beside_words_is_silent() -> None:
    assert 'role="img" aria-label="warning"' in draw('{% icon "warning" "warning" %}')
    assert 'aria-hidden="true"' in draw('{% icon "warning" %}')
