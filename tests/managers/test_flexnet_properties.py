"""Whatever is printed: no exception, and no line lost."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st

from licstats.managers.base import STATUS, Memo, Output
from licstats.managers.flexnet import FlexNet
from licstats.managers.flexnet.catalogue import Catalogue
from licstats.managers.reading import ProblemKind, Verdict
from tests.managers.lmstat_text import CHECKOUT, HEAD, NOW, ZONE, block, checkout, heading, read, unaccounted

words = st.text("abcXYZ019._+/\\-", min_size=1, max_size=8).filter(lambda word: not word.startswith("/dev/"))
counts = st.integers(1, 40)


@st.composite
def features(draw: st.DrawFn, number: int) -> str:
    name = f"f{number}" + draw(words)
    lines, used = [], 0
    for place in range(draw(st.integers(0, 4))):
        count = draw(counts)
        used += count
        tail = f", {count} licenses" if count > 1 else ""
        tail += draw(st.sampled_from(["", "", ", PID: 7 "]))
        lines.append(checkout(f"{draw(words)} {draw(words)} {draw(words)}", 100 * number + place, tail=tail))
    reserved = draw(st.integers(0, 2))
    reservation = f"\t{reserved} RESERVATIONs for GROUP cad (lic1/27000)\n" if reserved else ""
    shown = block(name, draw(st.sampled_from(["1.0", "2.5"]))) + reservation + "".join(lines) + "\n"
    return heading(name, used + reserved + draw(counts), used + reserved) + (shown if used or reserved else "")


@st.composite
def reports(draw: st.DrawFn) -> str:
    return HEAD + "".join(draw(features(number)) for number in range(1, draw(st.integers(2, 5))))


@settings(max_examples=60, deadline=None)
@given(reports())
def test_a_report_is_read_as_a_plain_pattern_counts_it(text: str) -> None:
    reading = read(text)
    assert reading.verdict is Verdict.COMPLETE
    assert unaccounted(text, reading) == []
    assert len(reading.features) == text.count("Users of ")
    lines = [line for line in text.split("\n") if CHECKOUT.search(line)]
    licenses = sum(int(line.split(", ")[2].split()[0]) if " licenses" in line else 1 for line in lines)
    assert sum(one.used or 0 for one in reading.features) == licenses


@settings(max_examples=60, deadline=None)
@given(reports(), st.data())
def test_of_any_prefix_each_line_is_accounted_for(text: str, data: st.DataObject) -> None:
    prefix = text[: data.draw(st.integers(0, len(text)))]
    reading = read(prefix)
    assert unaccounted(prefix, reading) == []
    if reading.verdict is Verdict.COMPLETE:  # then it ends where a feature ends
        assert all(one.adds_up for one in reading.features)
        assert sum(len(one.sessions) for one in reading.features) == len(CHECKOUT.findall(prefix))


@settings(max_examples=60, deadline=None)
@given(reports(), st.text(max_size=60), st.data())
def test_a_damaged_line_is_told_or_still_understood(text: str, damage: str, data: st.DataObject) -> None:
    lines = text.split("\n")
    at = data.draw(st.integers(0, len(lines) - 2))
    start = data.draw(st.integers(0, len(lines[at])))
    lines[at] = lines[at][:start] + damage.replace("\n", " ").replace("\r", " ") + lines[at][start + len(damage) :]
    damaged = "\n".join(lines)
    assert unaccounted(damaged, read(damaged)) == []


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([*HEAD.splitlines(keepends=True), heading("mesh", 2, 1), block("mesh"),
                                 checkout("a b c"), checkout("a b c d"), "\t1 RESERVATION for GROUP x (a/1)\n",
                                 "Users of mesh: ", "\r", "\0", "(v1.0) (", "  \"mesh\" v1.0, vendor: toold\n"]),
                max_size=30))  # fmt: skip
def test_lines_in_any_order_are_read_and_accounted_for(parts: list[str]) -> None:
    text = "".join(parts)
    if "\r" not in text:
        assert unaccounted(text, read(text)) == []
    read(text)


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(), max_size=300), st.booleans())
@example("\ud800 \udfff", False)
@example("Users of " * 50, True)
@example("    (v1.0) (a/1 2), start Wed 3/18 99:99", True)
@example("    a b c (v1.0) (a/1 2), start Wed 13/45 09:05\n" * 3, True)
@example("Flexible License Manager status on Wed 0/0/0000 99:99\n", False)
@example("Flexible License Manager status on Fri 12/31/9999 23:59\n", False)
def test_any_text_is_read_without_an_exception(text: str, in_a_report: bool) -> None:
    reading = read(HEAD + heading("mesh", 3, 2) + block("mesh") + text if in_a_report else text)
    if not in_a_report and "Users of" not in text and "UP" not in text.upper():
        assert reading.verdict is Verdict.FAILED
    Catalogue(text)


def test_megabytes_of_anything_are_read_in_bounded_space() -> None:
    for garbage in ("x" * 5_000_000, "Users of x\n" * 100_000, "(((( " * 500_000, "\n    a b c (v1" * 100_000):
        reading = read(HEAD + heading("mesh", 1, 0) + garbage)
        assert len(reading.problems) < 10_100
        assert reading.verdict is Verdict.PARTIAL
        assert max(len(problem.text) for problem in reading.problems) <= 1_000
        told = [problem for problem in reading.problems if problem.kind in {ProblemKind.LINE, ProblemKind.CUT}]
        assert told


@settings(max_examples=40, deadline=None)
@given(st.lists(reports(), min_size=2, max_size=3), st.integers(0, 60 * 24 * 40), st.data())
def test_with_a_memo_every_reading_is_as_a_fresh_one(texts: list[str], minutes: int, data: st.DataObject) -> None:
    memo = Memo()
    for text in [*texts, texts[0]]:
        lines = text.split("\n")
        at = data.draw(st.integers(0, len(lines) - 1))
        changed = "\n".join([*lines[:at], data.draw(st.sampled_from([lines[at], "odd", ""])), *lines[at + 1 :]])
        changed = changed.replace("3/18/2026", data.draw(st.sampled_from(["3/18/2026", "3/19/2026", "3/17/2026"])))
        with_memo, fresh = read(changed, memo=memo), read(changed)
        assert with_memo.features == fresh.features
        if not any("that the reading before had" in problem.message for problem in with_memo.problems):
            assert with_memo == fresh


def test_the_zone_is_part_of_the_memo() -> None:
    text = HEAD + heading("mesh", 3, 1) + block("mesh") + checkout("anna ws01 :0") + "\n"
    memo, outputs = Memo(), {STATUS: Output(text)}
    for zone in (ZONE, ZoneInfo("UTC"), ZONE):
        reading = FlexNet().read(outputs, NOW, zone, memo)
        assert reading.features[0].sessions[0].checked_out_at == datetime(2026, 3, 18, 9, 5, tzinfo=zone).astimezone(
            UTC
        )
