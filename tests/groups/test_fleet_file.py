"""The form of a fleet file: whatever is wrong, the message says what, in which line, and what would be right."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groups_app.fleet_file import FleetError, FleetFile

RIGHT = {
    "server": {
        "name": '"PL"',
        "manager": '"flexnet"',
        "address": '"27000@pl"',
        "site": '"krakow"',
        "timezone": '"Europe/Warsaw"',
        "interval": '"60s"',
        "timeout": '"15 s"',
        "enabled": "true",
        "description": '"the old one"',
    },
    "group": {"name": '"XF"', "servers": '["PL"]', "description": '"both"'},
    "user_group": {"name": '"design"', "members": '["ann", "bob-*"]', "description": '""'},
    "host_group": {"name": '"render"', "members": "[]", "description": '""'},
    "visibility": {"user": '"ann"', "hide_servers": "[]", "hide_features": '["PL/a"]', "hide_new_servers": "false"},
}
WRONG = ["3", "1.5", "true", '"x"', "[1]", '["a", 1]', '[["a"]]', "[true]", "{ x = 1 }", "2026-03-18", "10:00:00"]
TEXTS = {"name", "manager", "address", "site", "timezone", "description", "user"}
LISTS = {"servers", "members", "hide_servers", "hide_features"}
FLAGS = {"enabled", "hide_new_servers"}
NEEDED = {
    "server": ["name", "manager", "address"],
    "group": ["name", "servers"],
    "user_group": ["name", "members"],
    "host_group": ["name", "members"],
    "visibility": ["user"],
}


def written(kind: str, values: dict[str, str]) -> str:
    return f"[[{kind}]]\n" + "".join(f"{key} = {value}\n" for key, value in values.items())


def problems(text: str) -> list[str]:
    with pytest.raises(FleetError) as raised:
        FleetFile(text, "fleet.toml")
    return raised.value.problems


def is_right(key: str, value: str) -> bool:
    if key in TEXTS:
        return value == '"x"'
    return key in FLAGS and value == "true"


KEYS = [(kind, key) for kind, values in RIGHT.items() for key in values]
CASES = [(kind, key, value) for (kind, key), value in product(KEYS, WRONG) if not is_right(key, value)]


def test_all_kinds_and_keys_are_taken() -> None:
    file = FleetFile("".join(written(kind, values) for kind, values in RIGHT.items()), "fleet.toml")
    assert [entry.kind for entry in file.entries] == list(RIGHT)
    server = file.of("server")[0].values
    assert (server["interval"], server["timeout"]) == (timedelta(minutes=1), timedelta(seconds=15))
    assert (server["enabled"], file.of("visibility")[0].values["hide_new_servers"]) == (True, False)
    assert file.of("user_group")[0].values["members"] == ["ann", "bob-*"]


@pytest.mark.parametrize(("kind", "key", "value"), CASES)
def test_a_value_of_another_type_is_told_with_its_line_and_what_would_be_right(kind: str, key: str, value: str) -> None:
    [told] = problems("# a fleet\n" + written(kind, RIGHT[kind] | {key: value}))
    line = list(RIGHT[kind]).index(key) + 3
    assert told.startswith(f"fleet.toml line {line}: {key}")
    right = (
        'a text in quotes, as in "PL"' if key in TEXTS
        else 'a list of texts, as in ["PL", "US"]' if key in LISTS
        else "true or false, without quotes" if key in FLAGS
        else "duration"
    )  # fmt: skip
    assert right in told


@pytest.mark.parametrize(("kind", "key"), [(kind, key) for kind, keys in NEEDED.items() for key in keys])
def test_what_an_entry_needs_is_asked_for(kind: str, key: str) -> None:
    rest = {name: value for name, value in RIGHT[kind].items() if name != key}
    assert problems(written(kind, rest)) == [f"fleet.toml line 1: this [[{kind}]] needs '{key}'."]
    if key in TEXTS:
        [told] = problems(written(kind, rest | {key: '""'}))
        assert told.endswith(f"this [[{kind}]] needs '{key}'.")


@pytest.mark.parametrize(("kind", "key"), [each for each in KEYS if each[1] not in NEEDED[each[0]]])
def test_what_it_does_not_need_may_be_left_out(kind: str, key: str) -> None:
    rest = {name: value for name, value in RIGHT[kind].items() if name != key}
    assert key not in FleetFile(written(kind, rest), "fleet.toml").entries[0].values


@pytest.mark.parametrize(
    ("wrong", "near"),
    [("adress", "address"), ("Name", "name"), ("time-zone", "timezone"), ("intervall", "interval")],
)
def test_a_key_that_is_nearly_right_is_told_with_the_right_one_and_only_once(wrong: str, near: str) -> None:
    values = {wrong if key == near else key: value for key, value in RIGHT["server"].items()}
    [told] = problems(written("server", values))
    assert told.endswith(f"'{wrong}' is not a key of [[server]]. Did you mean '{near}'?")


def test_a_key_that_is_like_none_is_told_with_those_there_are() -> None:
    [told] = problems(written("group", RIGHT["group"] | {"zzz": "1"}))
    assert told == "fleet.toml line 5: 'zzz' is not a key of [[group]]. Known are 'name', 'servers', 'description'."


class TestKinds:
    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("[[zzz]]\n", "line 1: 'zzz' is not known. Known are [[server]], [[group]], [[user_group]], "),
            ("\n[[servers]]\n", "line 2: 'servers' is not known. Did you mean [[server]]?"),
            ("[[user-group]]\n", "line 1: 'user-group' is not known. Did you mean [[user_group]]?"),
            ("[server]\nname = 1\n", "line 1: write [[server]], with two brackets, before each of them."),
            ("\nserver = 3\n", "line 2: write [[server]], with two brackets"),
            ('server = ["PL"]\n', "line 1: write [[server]], with two brackets"),
            ("[group.XF]\n", "line 1: write [[group]], with two brackets"),
        ],
    )  # fmt: skip
    def test_what_is_none_of_them_is_told(self, text: str, says: str) -> None:
        [told] = problems(text)
        assert says in told

    def test_one_in_a_line_of_its_own_is_taken_without_knowing_its_lines(self) -> None:
        text = 'group = [{ name = "XF", servers = 3 }]\n'
        assert problems(text) == ['fleet.toml: servers is 3: it must be a list of texts, as in ["PL", "US"].']

    def test_a_file_of_nothing_is_a_fleet_of_nothing(self) -> None:
        for text in ("", "# nothing\n", "server = []\n"):
            assert FleetFile(text, "fleet.toml").entries == []


class TestNames:
    def test_one_that_comes_twice_is_told_with_the_first(self) -> None:
        texts = [written("group", RIGHT["group"] | {"name": f'"{name}"'}) for name in ("A", "B", "A", "A")]
        assert problems("".join(texts)) == [
            "fleet.toml line 9: group 'A' comes twice, first in line 1.",
            "fleet.toml line 13: group 'A' comes twice, first in line 1.",
        ]

    def test_the_same_may_stand_for_things_of_different_kinds_or_letters(self) -> None:
        kinds = [written(kind, RIGHT[kind] | {"name": '"A"'}) for kind in ("server", "group", "user_group")]
        FleetFile("".join(kinds) + written("group", RIGHT["group"] | {"name": '"a"'}), "fleet.toml")

    def test_a_login_comes_once(self) -> None:
        told = problems(written("visibility", RIGHT["visibility"]) * 2)
        assert told == ["fleet.toml line 6: visibility 'ann' comes twice, first in line 1."]


class TestLines:
    """Where the wrong value stands, whatever stands before it."""

    WRONG = '[[group]]\nname = "XF"\nservers = 3\n'

    @pytest.mark.parametrize(
        "before",
        [
            "\n\n\n",
            "# [[group]]\n# name = 1\n",
            "# what is said in three quotes: \"\"\" or '''\n",
            '[[server]]\nname = "A"\nmanager = "m"\naddress = "a"\ndescription = """\n[[group]]\nservers = 1\n"""\n',
            "[[server]]\nname = 'A'\nmanager = 'm'\naddress = 'a'\ndescription = '''[[group]]\n[[group]]'''\n",
            '[[server]]\nname = "A"\nmanager = "m"\naddress = "a"\ndescription = "one \\"\\"\\" here"\n',
            '[[server]]\nname = "A"\nmanager = "m"\naddress = "a"\ndescription = "a\u2028b\u0085c\u2029d"\n',
            '[["server"]]\n"name" = "A"\n\'manager\' = "m"\naddress = "a"\n',
            '  [[ server ]]  # first\n  name = "A"\n  manager="m"\n  address    =    "a"\n',
            '[[user_group]]\nname = "A"\nmembers = [\n  "x",  # servers = 1\n  "name = 3",\n]\n',
        ],
    )
    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    def test_of_a_group_below_anything(self, before: str, end: str) -> None:
        text = (before + self.WRONG).replace("\n", end)
        [told] = problems(text)
        assert told.startswith(f"fleet.toml line {before.count(chr(10)) + 3}: servers is 3")

    def test_of_a_kind_that_is_quoted(self) -> None:
        [told] = problems('\n[["group"]]\nname = "XF"\nservers = 3\n')
        assert told.startswith("fleet.toml line 4: servers is 3")

    def test_of_an_item_of_a_list(self) -> None:
        text = '[[visibility]]\nuser = "ann"\nhide_servers = [\n"A",\n\'B\',\n]\n'
        [entry] = FleetFile(text, "fleet.toml").entries
        assert [entry.line_of("hide_servers", name) for name in ("A", "B", "C")] == [4, 5, 3]
        assert entry.line_of("hide_features") == 1  # it is not there: the entry's own

    def test_of_an_item_is_looked_for_below_its_key(self) -> None:
        text = '[[visibility]]\nuser = "A"\nhide_servers = ["B",\n"A"]\n'
        assert FleetFile(text, "fleet.toml").entries[0].line_of("hide_servers", "A") == 4

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ('[[server]]\nname = "A\n', "fleet.toml line 2: Illegal character"),
            ("[[server]]\nname = \n", "fleet.toml line 2: Invalid value. This is not TOML."),
            ("[[server]\n", "fleet.toml line 1: Expected ']]' at the end of an array declaration."),
            ('[[server]]\nname = ["A"\n', "fleet.toml: Unclosed array (at end of document). This is not TOML."),
            ('[[server]]\nname = "A"\nname = "B"\n', "fleet.toml line 3: Cannot overwrite a value. This is not TOML."),
            ("[[server]]\nname = " + "[" * 5_000, "fleet.toml has brackets within brackets, too deep to be read."),
        ],
    )
    def test_of_what_is_not_toml(self, text: str, says: str) -> None:
        [told] = problems(text)
        assert told.startswith(says)


def test_every_problem_is_told_at_once_in_the_order_of_the_file() -> None:
    text = (
        '[[zzz]]\n[[server]]\nname = 1\nenabled = "no"\n[[group]]\nname = "A"\nservers = "PL"\n'
        '[[visibility]]\nuser = "ann"\nhide_servers = ["A\\u0000"]\n'
    )
    lines = [told.partition(":")[0] for told in problems(text)]
    assert lines == [f"fleet.toml line {line}" for line in (1, 3, 4, 2, 2, 7, 10)]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["[[server]]", "[[group]]", "[server]", "[[visibility]]", 'name = "A"', "name = 1", 'servers = ["PL"', "]"]
        )
        | st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
        max_size=12,
    )
)
def test_any_text_is_a_fleet_or_told_to_be_none(lines: list[str]) -> None:
    with suppress(FleetError):
        file = FleetFile("\n".join(lines), "fleet.toml")
        assert all(entry.identity for entry in file.entries)
