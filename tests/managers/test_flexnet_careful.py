"""Lines under a heading of `lmstat -a` that are not in the usual shape: each is read, or told with what is wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from licstats.managers.reading import FeatureReading, FeatureType, Problem, ProblemKind, Verdict
from tests.managers.lmstat_text import HEAD, block, checkout, feature, heading, lines_not_understood, read
from tests.managers.test_flexnet_catalogue import listed

REPORTED = datetime(2026, 3, 18, 10, 0, tzinfo=UTC)
ODD = "  ?\n"  # makes the careful reader take the feature, and is told


def mesh(*lines: str, in_use: int = 1) -> FeatureReading:
    return feature(heading("mesh", 9, in_use) + block("mesh") + "".join(lines))


def problems(*lines: str, in_use: int = 1) -> list[Problem]:
    text = HEAD + heading("mesh", 9, in_use) + block("mesh") + "".join(lines) + "\n"
    return list(read(text).problems)


def ends(tail: str, start: str = "Wed 3/18 9:05") -> datetime | None:
    [session] = mesh(checkout("anna ws01 :0", start=start, tail=tail)).sessions
    return session.borrow_expires_at


class TestTimes:
    @pytest.mark.parametrize("start", ["Foo 3/18 9:05", "Mon 13/1 9:05", "Wed 3/18 24:00", "Thu 3/19/1700 9:05"])
    def test_one_that_fits_no_year_is_unknown_and_told(self, start: str) -> None:
        line = checkout("anna ws01 :0", start=start)
        [told] = problems(line)
        assert told.message == f"No year fits {start}: the checkout time is unknown."
        assert (told.kind, told.text, told.feature, told.line) == (ProblemKind.DATE, line.strip(), "mesh", 21)
        assert [session.checked_out_at for session in mesh(line).sessions] == [None]

    def test_one_of_more_than_a_year_ago_is_taken_and_told(self) -> None:
        line = checkout("anna ws01 :0", start="Mon 3/18 9:05")
        [told] = problems(line)
        assert told.message == "Mon 3/18 fits only 2024, more than a year before the report."
        assert mesh(line).sessions[0].checked_out_at == datetime(2024, 3, 18, 8, 5, tzinfo=UTC)

    def test_both_leave_the_reading_complete(self) -> None:
        lines = checkout("a b c", 1, start="Foo 3/18 9:05") + checkout("d e f", 2, start="Mon 3/18 9:05")
        reading = read(HEAD + heading("mesh", 9, 2) + block("mesh") + lines + "\n")
        assert reading.verdict is Verdict.COMPLETE
        assert reading.features[0].adds_up


class TestBorrowing:
    START = datetime(2026, 3, 16, 8, 5, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("seconds", "of_start"), [(0, True), (120, True), (121, False), (-120, True), (-121, False)]
    )
    def test_its_end_is_counted_from_the_checkout_where_that_agrees_to_two_minutes(
        self, seconds: int, of_start: bool
    ) -> None:
        left, total = 86_400, 86_400 + int((REPORTED - self.START).total_seconds())
        found = ends(f" (linger: {left + seconds} / {total})", "Mon 3/16 9:05")
        assert found == (
            self.START + timedelta(seconds=total) if of_start else REPORTED + timedelta(seconds=left + seconds)
        )

    def test_its_end_is_counted_from_the_report_where_the_checkout_is_unknown(self) -> None:
        assert ends(" (linger: 3600 / 90000)", "Foo 3/16 9:05") == REPORTED + timedelta(hours=1)
        assert ends(" (linger: 3600)", "Foo 3/16 9:05") is None

    @pytest.mark.parametrize("tail", [" (linger: 0 / 86400)", " (linger: 500 / 0)", " (linger: 0)", " (linger: 0 / 0)"])
    def test_without_anything_left_it_is_no_borrow(self, tail: str) -> None:
        assert ends(tail) is None

    @pytest.mark.parametrize(
        ("tail", "used", "linger"),
        [
            ("", 1, None),
            (", 3 licenses", 3, None),
            (", 3 licenses (linger: 60 / 90)", 3, 90),
            (" (linger: 60 / 90), 3 licenses", 3, 90),
            (", 3 licenses (linger: 60), PID: 7 ", 3, 60),
            (",(linger: 60/90),PID: 7", 1, 90),
            (", 2 LICENSES, pid: 7", 2, None),
            (", 2 licences", 2, None),
        ],
    )
    def test_what_follows_the_time_may_come_in_any_order(self, tail: str, used: int, linger: int | None) -> None:
        [session] = mesh(checkout("anna ws01 :0", tail=tail), in_use=used).sessions
        assert (session.used, session.linger) == (used, linger)

    def test_a_time_beyond_the_calendar_ends_nowhere(self) -> None:
        assert ends(f" (linger: {10**15 - 1})") is None
        assert ends(f" (linger: {10**15 - 1} / {10**15 - 1})") is None
        assert ends(" (linger: 400000000000)") is None


class TestBlocks:
    def test_a_date_that_is_none_is_told_and_leaves_the_reading_complete(self) -> None:
        text = heading("mesh", 9, 1) + block("mesh", expiry="31-feb-2026") + checkout("a b c") + "\n"
        reading = read(HEAD + text)
        [told] = reading.problems
        assert (told.kind, told.message) == (ProblemKind.DATE, "'31-feb-2026' is not a date.")
        assert (told.line, told.vendor) == (17, "toold")
        assert (reading.verdict, reading.features[0].expires) == (Verdict.COMPLETE, None)
        assert len(reading.features[0].sessions) == 1

    @pytest.mark.parametrize(
        ("kind", "expected"),
        [
            ("floating license", FeatureType.FLOATING),
            ("FLOATING LICENSE", FeatureType.FLOATING),
            ('nodelocked license, locked to "ID=7"', FeatureType.NODE_LOCKED),
            ("node-locked license locked to x", FeatureType.NODE_LOCKED),
            ("uncounted nodelocked license locked to NOTHING (hostid=ANY)", FeatureType.NODE_LOCKED),
        ],
    )
    @pytest.mark.parametrize("odd", ["", ODD])
    def test_types(self, kind: str, expected: FeatureType, odd: str) -> None:
        assert feature(heading("mesh", 9, 1) + block("mesh", kind=kind) + odd + checkout("a b c")).type is expected

    def test_without_any_block_checkouts_and_a_type_belong_to_the_heading(self) -> None:
        one = feature(heading("mesh", 9, 2) + checkout("a b c", 1) + "  floating license\n" + checkout("d e f", 2))
        assert (one.type, one.version, one.pools, one.used) == (FeatureType.FLOATING, "", (), 2)
        assert [session.user for session in one.sessions] == ["a", "d"]

    @pytest.mark.parametrize("odd", ["", ODD])
    def test_each_holds_what_stands_under_it(self, odd: str) -> None:
        text = heading("mesh", 9, 4) + block("mesh", "1.0", "1-apr-2026") + odd + checkout("a b c", 1)
        text += "\t1 RESERVATION for USER z (lic1/27000)\n"
        text += block("mesh", "2.0", "permanent", "nodelocked license") + checkout("d e f", 2) + checkout("g h i", 3)
        one, two = read(
            HEAD + text + "\n", catalogue=listed("mesh 1.0 4 1-apr-2026 toold", "mesh 2.0 5 permanent toold")
        ).features
        assert (one.type, one.used, one.reserved) == (FeatureType.FLOATING, 1, 1)
        assert (two.type, two.used, two.reserved) == (FeatureType.NODE_LOCKED, 2, 0)
        assert [[session.user for session in each.sessions] for each in (one, two)] == [["a"], ["d", "g"]]

    @pytest.mark.parametrize("odd", ["", ODD])
    def test_one_that_names_no_date_expires_on_none(self, odd: str) -> None:
        text = block("mesh").replace(", expiry: 31-dec-2026", "")
        reading = read(HEAD + heading("mesh", 9, 1) + text + odd + checkout("a b c") + "\n")
        assert (reading.features[0].expires, reading.features[0].permanent) == (None, False)
        assert lines_not_understood(reading) == ([21] if odd else [])

    @pytest.mark.parametrize("text", ["Y,57F..", "vi=0:at=276", "customer:004", "a|b\\u0020|(c", ""])
    def test_what_a_vendor_says_is_nothing_that_is_shown(self, text: str) -> None:
        block_text = block("mesh").replace("SITE:7", text)
        assert read(HEAD + heading("mesh", 9, 1) + block_text + checkout("a b c") + "\n").problems == ()

    def test_a_block_at_the_beginning_of_its_line_is_read(self) -> None:
        text = block("mesh", "2.5").replace('  "mesh"', '"mesh"')
        assert feature(heading("mesh", 9, 1) + text + checkout("a b c")).version == "2.5"


class TestReservations:
    @pytest.mark.parametrize(
        ("line", "kind", "name", "count"),
        [
            ("\t1 RESERVATION for USER anna (lic1/27000)", "user", "anna", 1),
            ("        12 RESERVATIONs for HOST ws01 (lic1/27000 4711)", "host", "ws01", 12),
            ("2 reservations for host_group Render Farm (2) (lic1/port)", "host_group", "Render Farm (2)", 2),
            ("\t1 RESERVATION for DISPLAY :0.0 (lic1/27000)", "display", ":0.0", 1),
            ("\t1 RESERVATION for PROJECT x/y (lic1/27000)", "project", "x/y", 1),
            ("\t1 RESERVATION for INTERNET 10.0.*.* (lic1/27000)", "internet", "10.0.*.*", 1),
        ],
    )
    def test_are_told_with_whom_they_are_for(self, line: str, kind: str, name: str, count: int) -> None:
        one = mesh(f"{line}\n", in_use=count)
        assert [(each.kind, each.name, each.count) for each in one.reservations] == [(kind, name, count)]
        assert (one.used, one.reserved, one.adds_up) == (0, count, True)

    def test_more_of_them_than_are_in_use_leave_nothing_used(self) -> None:
        assert mesh("\t5 RESERVATIONs for USER a (lic1/1)\n", in_use=2).used == 0


class TestQueues:
    @pytest.mark.parametrize(
        ("line", "user", "host", "display", "count"),
        [
            ("    ann ws01 :0 (v1.0) (lic1/27000 9) queued for 1 license", "ann", "ws01", ":0", 1),
            ("    ann ws01 2017.06 (v2017.06) (lic1/27000 9), queued for 12 licenses", "ann", "ws01", "2017.06", 12),
            ("ann ws01 (v1.0) (lic1/27000) queued for 2 licences", "ann", "ws01", "", 2),
        ],
    )
    def test_are_no_use(self, line: str, user: str, host: str, display: str, count: int) -> None:
        one = mesh(checkout("a b c"), f"{line}\n")
        [waiting] = one.queue
        assert (waiting.user, waiting.host, waiting.display, waiting.count) == (user, host, display, count)
        assert waiting.raw == line.strip().partition(" (v")[0]
        assert (one.used, one.queued, one.adds_up, len(one.sessions)) == (1, count, True, 1)


class TestIdentities:
    @pytest.mark.parametrize(
        ("identity", "user", "host", "display"),
        [
            ("", "", "", ""),
            ("ann", "ann", "", ""),
            ("ann :0.0", "ann", "", ":0.0"),
            ("ann ws ws:0.0 more", "ann", "ws", "ws:0.0 more"),
            ("a b c /dev/tty x", "a b", "c", "/dev/tty x"),
            ("Ann Berg 10.0.0.7 10.0.0.7:0", "Ann Berg", "10.0.0.7", "10.0.0.7:0"),
            ("Ann Berg 10.0.0.7 10.1.0.7", "Ann", "Berg", "10.0.0.7 10.1.0.7"),
            ("Ann Berg ws9 WS90.0", "Ann Berg", "ws9", "WS90.0"),
            ("activated license(s) ws01 a b", "activated license(s)", "ws01", "a b"),
            ("ACTIVATED LICENSE(S)", "ACTIVATED LICENSE(S)", "", ""),
            ('"Ann van Berg" ws01', '"Ann van Berg"', "ws01", ""),
            ('"Ann" ws01 a b', '"Ann"', "ws01", "a b"),
            ("\u202eann\u202c ws'\"01 <b>", "\u202eann\u202c", "ws'\"01", "<b>"),
            ("a" * 500 + " " + "w" * 500 + " " + "d" * 500, "a" * 500, "w" * 500, "d" * 500),
        ],
    )
    @pytest.mark.parametrize("odd", ["", ODD])
    def test_are_told_apart_on_either_way(self, identity: str, user: str, host: str, display: str, odd: str) -> None:
        line = checkout(identity) if identity else checkout("x").replace("    x (", "     (")
        one = mesh(odd, line, checkout("bert h :0", 2), in_use=2).sessions[0]
        assert (one.user, one.host, one.display, one.raw) == (user, host, display, identity)


class TestLinesNobodyKnows:
    def test_one_that_could_be_a_heading_ends_the_feature_once_its_use_is_seen(self) -> None:
        text = (
            HEAD + heading("mesh", 9, 1) + block("mesh") + checkout("a b c", 1) + "odd\n" + checkout("d e f", 2) + "\n"
        )
        reading = read(text)
        assert [session.user for session in reading.features[0].sessions] == ["a"]
        assert lines_not_understood(reading) == [22, 23]

    def test_it_does_not_where_more_is_in_use(self) -> None:
        reading = read(
            HEAD + heading("mesh", 9, 2) + block("mesh") + checkout("a b c", 1) + "odd\n" + checkout("d e f", 2)
        )
        assert [session.user for session in reading.features[0].sessions] == ["a", "d"]
        assert lines_not_understood(reading) == [22]

    def test_a_block_of_another_name_below_it_is_another_feature(self) -> None:
        text = (
            heading("mesh", 9, 2)
            + block("mesh")
            + checkout("a b c", 1)
            + "odd\n"
            + block("view")
            + checkout("d e f", 2)
        )
        reading = read(HEAD + text + "\n")
        assert [session.user for session in reading.features[0].sessions] == ["a"]
        same = read(HEAD + text.replace('"view"', '"MESH"') + "\n")
        assert [session.user for session in same.features[0].sessions] == ["a", "d"]

    def test_an_indented_one_ends_nothing(self) -> None:
        assert [session.user for session in mesh(checkout("a b c", 1), ODD, checkout("d e f", 2)).sessions] == [
            "a",
            "d",
        ]

    @pytest.mark.parametrize(
        "line", ["Users of", "users of view (Total", "x Total of 3", "licenses issued", "3 in use)"]
    )
    def test_one_that_is_like_a_heading_ends_the_feature_at_once(self, line: str) -> None:
        text = HEAD + heading("mesh", 9, 2) + block("mesh") + checkout("a b c", 1) + f"{line}\n" + checkout("d e f", 2)
        reading = read(text + "\n")
        assert [session.user for session in reading.features[0].sessions] == ["a"]
        assert lines_not_understood(reading) == [22, 23]

    def test_a_feature_that_is_not_there_has_no_figures(self) -> None:
        reading = read(HEAD + heading("mesh", 9, 3) + "No such feature exists.\n\n" + heading("view", 1, 0))
        assert (reading.features[0].used, reading.features[0].adds_up) == (None, False)
        [told] = reading.problems
        assert (told.kind, told.message) == (ProblemKind.FEATURE, "The license server does not know mesh.")
        assert reading.verdict is Verdict.COMPLETE

    @pytest.mark.parametrize(
        ("line", "says"),
        [
            ("(Error: 4 licenses, unsupported by licensed server)", "does not support mesh: how many are in use is"),
            ("Cannot get users of mesh: No such feature exists. (-5,222)", "does not tell who uses mesh: Cannot get"),
        ],
    )  # fmt: skip
    def test_a_heading_without_figures_says_why(self, line: str, says: str) -> None:
        [told] = read(HEAD + f"Users of mesh:  {line}\n\n").problems
        assert told.message.startswith("The license server ")
        assert says in told.message
        assert (told.feature, told.vendor, told.line) == ("mesh", "toold", 15)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.from_regex(r"\A[a-zA-Z0-9_.\\-]{1,8} [a-z0-9-]{1,8} [!-~]{1,8}\Z"),
            st.datetimes(datetime(2025, 4, 1), datetime(2026, 3, 18, 11, 0)),
            st.integers(1, 99),
            st.sampled_from(["", ", PID: 7 "]),
        ),
        max_size=6,
    )
)
def test_a_feature_is_the_same_whichever_way_it_is_read(rows: list[tuple[str, datetime, int, str]]) -> None:
    lines = [
        checkout(
            identity,
            100 + number,
            start=f"{start:%a} {start.month}/{start.day} {start.hour}:{start:%M}",
            tail=(f", {count} licenses" if count > 1 else "") + pid,
        )
        for number, (identity, start, count, pid) in enumerate(rows)
    ]
    text = (
        HEAD
        + heading("mesh", 9, sum(count for _, _, count, _ in rows))
        + block("mesh")
        + "<>\n"
        + "".join(lines)
        + "\n"
    )
    [usual], [careful] = (read(text.replace("<>\n", odd, 1)).features for odd in ("", ODD))
    assert usual == careful
    assert len(usual.sessions) == len(rows)
