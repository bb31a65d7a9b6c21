"""What is said where a setting cannot be: of whatever kind it is, and wherever it stands."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from licstats.embedded.secrets import secret_key
from licstats.environment import Environment, read_settings_file
from licstats.processes.errors import StartError

NAME = "LICSTATS_SOME"
Read = Callable[[Environment], object]


def said(read: Read) -> str:
    with pytest.raises(ImproperlyConfigured) as raised:
        read(Environment())
    return str(raised.value)


def refusal(read: Read) -> str:
    """What is said, or nothing where the value is taken."""
    try:
        read(Environment())
    except ImproperlyConfigured as refused:
        return str(refused)
    return ""


@pytest.mark.parametrize(
    ("value", "lowest", "highest", "number"),
    [
        ("1", 1, 9, 1),
        ("9", 1, 9, 9),
        (" 5 ", 1, 9, 5),
        ("007", 1, 9, 7),
        ("0", 0, 9, 0),
        ("1000000000", 0, None, 10**9),
    ],
)
def test_a_number_may_be_its_lowest_and_its_highest(
    monkeypatch: pytest.MonkeyPatch, value: str, lowest: int, highest: int | None, number: int
) -> None:
    monkeypatch.setenv(NAME, value)
    bounds = {"highest": highest} if highest else {}
    assert Environment().number(NAME, 3, lowest=lowest, **bounds) == number


@pytest.mark.parametrize("value", ["0", "10", "-1", "+5", "1e1", "5.0", "5 6", "\u0665", "\u00b2", "9" * 5_000])
def test_what_is_no_number_between_its_bounds_is_refused_with_them(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(NAME, value)
    message = said(lambda env: env.number(NAME, 3, lowest=1, highest=9))
    assert message == f"{NAME} is '{value}'. Set it to a whole number from 1 to 9."


def test_a_number_without_a_highest_one_has_a_bound_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "1000000001")
    assert said(lambda env: env.number(NAME, 3)).endswith("Set it to a whole number from 0 to 1000000000.")


@pytest.mark.parametrize(("words", "flag"), [(("1", "TRUE", "yes", "On"), True), (("0", "false", "NO", "off"), False)])
def test_a_flag_is_what_people_write_for_yes_and_no(
    monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], flag: bool
) -> None:
    for word in words:
        monkeypatch.setenv(NAME, word)
        assert Environment().flag(NAME, default=not flag) is flag


def test_a_choice_goes_without_letter_case_and_is_the_first_where_it_is_not_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert Environment().choice(NAME, ("auto", "json")) == "auto"
    monkeypatch.setenv(NAME, "JSON")
    assert Environment().choice(NAME, ("auto", "json")) == "json"


def test_words_that_are_only_commas_count_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, " , ,")
    assert Environment().names(NAME, ["x"]) == ["x"]


class TestAddresses:
    @pytest.mark.parametrize(
        "url",
        [
            "postgres://u:pa/ss@db/licstats",
            "postgres://db:five/licstats",
            "postgres://db:99999/licstats",
            "postgresql://db:-1/licstats",
        ],
    )
    def test_one_of_a_database_that_has_no_port_is_told_without_its_password(
        self, monkeypatch: pytest.MonkeyPatch, url: str
    ) -> None:
        monkeypatch.setenv(NAME, url)
        message = said(lambda env: env.database(NAME))
        assert message.startswith(f"{NAME} is not like postgres://user:password@host:5432/name. The port is a number")
        assert "write @ as %40, : as %3A and / as %2F" in message
        assert "pa" not in message.replace("password", "")

    def test_a_password_of_any_signs_can_be_written(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(NAME, "postgresql://u:p%40%3A%2F%231@db:5433/licstats")
        found = Environment().database(NAME)
        assert (found["USER"], found["PASSWORD"], found["HOST"], found["PORT"]) == ("u", "p@:/#1", "db", 5433)

    @pytest.mark.parametrize("url", ["redis://h:port/0", "redis://h:99999/0", "rediss://:pa/ss@h/0", "redis://[::1/0"])
    def test_one_of_a_broker_that_has_no_port_is_told(self, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
        monkeypatch.setenv(NAME, url)
        assert said(lambda env: env.broker(NAME)).startswith(f"{NAME} is not like redis://host:6379/0. The port is")

    @pytest.mark.parametrize(
        "url", ["redis://h", "rediss://:p@h:6380/1", "unix:///run/redis.sock", "redis://[::1]:1/0"]
    )
    def test_those_of_brokers_that_are_right_pass(self, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
        monkeypatch.setenv(NAME, url)
        assert Environment().broker(NAME) == url

    @given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20))
    def test_whatever_stands_after_the_scheme_is_taken_or_refused_in_a_sentence(self, rest: str) -> None:
        with pytest.MonkeyPatch.context() as patched:
            for scheme, read in (("postgres", Environment.database), ("redis", Environment.broker)):
                patched.setenv(NAME, f"{scheme}://{rest}")
                sentence = refusal(lambda environment, read=read: read(environment, NAME))
                assert sentence == "" or (sentence.startswith(NAME) and sentence.endswith("."))


@pytest.mark.parametrize("secret", ["$HOME", "$tr0ng", "$$", "\\$x", "a$HOME"])
def test_a_secret_that_begins_with_a_dollar_is_taken_as_it_stands(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    monkeypatch.setenv(NAME, secret)
    assert Environment().text(NAME) == secret


def test_so_is_one_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("$HOME\n")
    monkeypatch.setenv("LICSTATS_SECRET_OF_A_FILE_FILE", str(tmp_path / "secret"))
    assert Environment().text("LICSTATS_SECRET_OF_A_FILE") == "$HOME"


class TestFiles:
    def test_a_secret_in_what_is_no_file_of_text_is_told(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path))
        why = "is not there or cannot be read by us (Is a directory)."
        assert said(lambda env: env.text(NAME)) == f"{NAME}_FILE names {tmp_path}, which {why}"
        latin = tmp_path / "secret"
        latin.write_bytes("caf\xe9\n".encode("latin-1"))
        monkeypatch.setenv(f"{NAME}_FILE", str(latin))
        assert said(lambda env: env.text(NAME)) == f"{NAME}_FILE names {latin}, which is not UTF-8 text (byte 3)."

    def test_settings_that_are_not_utf8_are_told_with_their_file(self, tmp_path: Path) -> None:
        path = tmp_path / "settings.env"
        path.write_bytes("LICSTATS_NAME=caf\xe9\n".encode("latin-1"))
        message = said(lambda env: read_settings_file(path))
        assert message == f"{path}, a file of settings, is not UTF-8 text (byte 17)."

    def test_settings_that_are_not_there_are_none(self, tmp_path: Path) -> None:
        before = dict(os.environ)
        read_settings_file(tmp_path / "settings.env")
        assert dict(os.environ) == before

    def test_a_data_folder_that_cannot_be_one_is_told_with_what_to_set(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        data = tmp_path / "file" / "data"
        with pytest.raises(StartError) as raised:
            secret_key(data)
        why = "cannot be used (Not a directory). Set LICSTATS_DATA to a folder of yours."
        assert str(raised.value) == f"The data folder {data} {why}"

    def test_the_key_of_a_data_folder_is_made_once_and_for_its_owner_only(self, tmp_path: Path) -> None:
        data = tmp_path / "data"
        first = secret_key(data)
        assert len(first) >= 50
        assert secret_key(data) == first
        assert (data / "secret_key").stat().st_mode & 0o077 == 0
        assert [path.name for path in data.iterdir()] == ["secret_key"]
