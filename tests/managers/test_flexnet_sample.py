from __future__ import annotations

from licstats.managers.flexnet.sample import changed_report, lmstat_report
from licstats.managers.reading import Verdict
from tests.managers.lmstat_text import NOW, ZONE, read

AT = NOW.astimezone(ZONE)


def test_a_report_has_the_size_that_was_asked_for_and_is_read_whole() -> None:
    text = lmstat_report(7, 30, AT)
    reading = read(text)
    assert (reading.verdict, reading.problems, reading.reported_at) == (Verdict.COMPLETE, (), NOW)
    assert [len(one.sessions) for one in reading.features] == [30] * 7
    assert all(one.used == sum(session.used for session in one.sessions) for one in reading.features)
    assert text == lmstat_report(7, 30, AT)


def test_a_changed_report_differs_in_its_share_of_lines() -> None:
    text = lmstat_report(10, 200, AT)
    changed = changed_report(text, 0.05)
    different = sum(one != other for one, other in zip(text.split("\n"), changed.split("\n"), strict=True))
    assert 50 < different < 150
    assert read(changed).verdict is Verdict.COMPLETE
