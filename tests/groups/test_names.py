"""Names and patterns of user and host groups, and names of what an administrator makes: what is taken, what matches."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import Value
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from groups_app.matching import Matches, known_hosts, known_users
from groups_app.names import NamePatterns, check_entries, entries_of
from licstats.models import LicenseServer
from licstats.names import plain_name
from tests.factories import FeatureFactory, OpenSessionFactory
from tests.groups.seeing import forbid, login

letters = st.text("abAB%_\\'\"[]().*?+-\n\u202e^$", max_size=6)


def wrong(text: str) -> list[str]:
    with pytest.raises(ValidationError) as raised:
        check_entries(text)
    return raised.value.messages


class TestEntries:
    def test_they_are_lines_without_blanks_around_them_once_each_in_their_order(self) -> None:
        assert entries_of(" bob \r\n\n\tann\nbob\nAnn van Berg\n  \n") == ["bob", "ann", "Ann van Berg"]

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("ann\nbob,eve", "'bob,eve': write one name or pattern on each line, without commas."),
            ("a;b", "'a;b': write one name or pattern on each line, without commas."),
            ("x" * 201, f"'{'x' * 40}…' is longer than 200 characters."),
            ("a\u202eb", "'a\\u202eb' has a character that cannot be seen."),
            ("a\u200bb", "'a\\u200bb' has a character that cannot be seen."),
            ("a\tb", "'a\\tb' has a character that cannot be seen."),
        ],
    )
    def test_what_is_no_name_is_told(self, text: str, says: str) -> None:
        assert wrong(text) == [says]

    @pytest.mark.parametrize("text", ["", "x" * 200, "DOM\\ann", "Jürgen O'Brien", "a@b", "*", "?", "a\nb\nc"])
    def test_what_people_are_called_is_taken(self, text: str) -> None:
        check_entries(text)

    def test_each_wrong_line_is_told(self) -> None:
        assert len(wrong("a,b\nok\nc;d\n" + "x" * 300)) == 3

    def test_five_thousand_are_taken_and_no_more(self) -> None:
        lines = [f"user{number}" for number in range(5_000)]
        check_entries("\n".join(lines))
        [told] = wrong("\n".join([*lines, "one more"]))
        assert told == "5001 members are more than 5000. Use patterns, as in design-*."
        check_entries("\n".join([*lines, *lines]))  # repetitions count once


class TestWhatMatches(TestCase):
    def matches(self, text: str, entries: list[str]) -> bool:
        return Group.objects.filter(NamePatterns(Value(text), entries), name="viewer").exists()

    @settings(max_examples=120, deadline=None)
    @given(letters, st.lists(letters, max_size=4))
    @example("a%b", ["a%b"])
    @example("axb", ["a_b"])
    @example("a\\", ["?\\"])
    @example("a\nb", ["a*b"])
    @example("", ["*"])
    def test_it_is_what_the_same_pattern_means_in_plain_python(self, text: str, entries: list[str]) -> None:
        parts = {"*": ".*", "?": "."}
        patterns = ["".join(parts.get(letter, re.escape(letter)) for letter in entry) for entry in entries]
        expected = any(re.fullmatch(pattern, text, re.IGNORECASE | re.DOTALL | re.ASCII) for pattern in patterns)
        assert self.matches(text, entries) is expected

    def test_nothing_is_matched_by_nothing(self) -> None:
        assert not self.matches("ann", [])
        assert not self.matches("", [])

    def test_letters_of_any_alphabet_go_without_case(self) -> None:
        assert self.matches("ŻANETA", ["żaneta"])
        assert self.matches("żaneta", ["ŻAN*"])


class TestWhoMatchesNow:
    @pytest.mark.parametrize(
        ("names", "total", "number", "named"),
        [
            ("", 0, "None", ""),
            ("a", 1, "1", ": a"),
            ("abcde", 5, "5", ": a, b, c, d, e"),
            ("abcdef", 1_234, "1,234", ": a, b, c, d, e and 1,229 more"),
        ],
    )
    def test_it_is_said_with_the_first_names(self, names: str, total: int, number: str, named: str) -> None:
        found = Matches([*names], total, "users")
        said = f"{number} of the users that have sessions now {'matches' if total == 1 else 'match'}"
        assert (found.count, found.text) == (f"{said}.", f"{said}{named}.")

    @pytest.mark.django_db
    def test_users_and_hosts_are_counted_once_each_and_of_permitted_servers_only(self) -> None:
        for server, user, host in (
            ("PL", "ann", "ws1"),
            ("PL", "ann", "ws2"),
            ("PL", "bob", "ws1"),
            ("US", "amy", "ws3"),
        ):
            found = LicenseServer.objects.filter(name=server).first()
            feature = FeatureFactory(server=found) if found else FeatureFactory(server__name=server)
            OpenSessionFactory(feature=feature, user=user, host=host)
        ann = login("viewer1")
        assert (known_users(ann, ["a*"]).names, known_users(ann, ["a*"]).total) == (["amy", "ann"], 2)
        assert known_hosts(ann, ["WS?"]).names == ["ws1", "ws2", "ws3"]
        assert known_hosts(ann, ["WS?"]).what == "hosts"

        forbid("US")

        assert known_users(ann, ["a*"]).names == ["ann"]
        assert known_hosts(ann, ["*"]).total == 2

    @pytest.mark.django_db
    def test_the_first_hundred_are_named_and_all_are_counted(self) -> None:
        feature = FeatureFactory()
        for number in range(103):
            OpenSessionFactory(feature=feature, user=f"user{number:03}")
        found = known_users(login("viewer1"), ["user*"])
        assert (found.names[0], found.names[-1], found.total) == ("user000", "user099", 103)
        assert found.more(len(found.names)) == " and 3 more"


class TestNamesOfServersAndGroups:
    @pytest.mark.parametrize(
        "name", ["A", "PL", "PL 2", "lic-1.example", "Żory", "a'b\"c", "<b>", "x" * 500, "a\\b", "()"]
    )
    def test_what_can_be_typed_again_is_taken(self, name: str) -> None:
        plain_name(name)

    @pytest.mark.parametrize(
        "name", ["", " ", " A", "A ", "a/b", "a:b", "a,b", "a;b", "a\nb", "a\rb", "a\tb", "A\n", "/", "\u00a0A"]
    )
    def test_what_stands_between_names_is_none_of_them(self, name: str) -> None:
        with pytest.raises(ValidationError, match="begins and ends with a visible character and has no line break"):
            plain_name(name)

    @pytest.mark.parametrize(
        ("name", "told"),
        [
            ("a\u202eb", "U+202E"),
            ("a\u200bb\u200b", "U+200B"),
            ("a\u0000b", "U+0000"),
            ("a\u2066b\u2069\u2066c", "U+2066, U+2069"),
            ("a\u2028b", "U+2028"),
            ("a\u00a0b", "U+00A0"),
        ],
    )
    def test_what_cannot_be_seen_is_named_once(self, name: str, told: str) -> None:
        with pytest.raises(ValidationError) as raised:
            plain_name(name)
        assert raised.value.messages == [f"A name has no character that cannot be seen: take {told} out of it."]

    def test_letters_put_together_of_two_characters_are_refused_with_what_to_copy(self) -> None:
        with pytest.raises(ValidationError) as raised:
            plain_name("cafe\u0301")
        [message] = raised.value.messages
        assert message.endswith("Copy it from here: caf\u00e9")
        plain_name("caf\u00e9 q\u0323")  # of the last there is no letter in one
