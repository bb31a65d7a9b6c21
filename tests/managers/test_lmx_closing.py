from __future__ import annotations

import pytest

from licstats.managers.base import Answer, Output, Target, UnsafeArgument
from licstats.managers.lmx import LMX

MANAGER = LMX()
TARGET = Target("6200@a,6201@b,6201@c", "TOOLS", "mesh", "anna", "ws01", "", "", "", "")
OPTIONS = ["-removeuser", "-clientuser", "{user}", "-clienthost", "{host}", "-host", "{server_host}", "-port", "{port}"]
USAGE = "  -removeuser  release licenses\n     -clientuser U -clienthost C -host H -port P -password W\n  -licstat\n"


def test_placeholders_are_filled_in() -> None:
    assert MANAGER.close_command("lmx", TARGET, OPTIONS) == [
        *("lmx", "-removeuser", "-clientuser", "anna", "-clienthost", "ws01", "-host", "a", "-port", "6200")
    ]
    assert MANAGER.close_command("lmx", TARGET, ["--remove", "who={user}@{host}", "{feature}"])[1:] == [
        *("--remove", "who=anna@ws01", "mesh")
    ]


def test_the_password_is_left_to_whoever_runs_the_command() -> None:
    assert MANAGER.close_command("lmx", TARGET, ["-removeuser", "-password", "{password}"])[-1] == "{password}"


def test_a_value_cannot_bring_a_placeholder_of_its_own() -> None:
    tricky = Target("6200@a", "TOOLS", "mesh", "{password}", "ws01", "", "", "", "")
    with pytest.raises(UnsafeArgument):
        MANAGER.close_command("lmx", tricky, OPTIONS)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ([], "does not name the removal switch"),
        (["{user}"], "does not name the removal switch"),
        (["-removeuser", "{usr}"], "{usr}, which is not known. Known are {user}"),
    ],
)
def test_wrong_configurations_are_named(options: list[str], says: str) -> None:
    with pytest.raises(UnsafeArgument) as raised:
        MANAGER.close_command("lmx", TARGET, options)
    assert says in str(raised.value)


def test_values_that_cannot_be_passed_safely_are_refused() -> None:
    for user in ("-all", "", "a\nb", "x" * 300):
        target = Target("6200@a", "TOOLS", "mesh", user, "ws01", "", "", "", "")
        with pytest.raises(UnsafeArgument, match="user"):
            MANAGER.close_command("lmx", target, OPTIONS)


def test_the_switch_is_looked_for_in_the_usage_text() -> None:
    assert MANAGER.usage_names_switch(USAGE, OPTIONS)
    assert not MANAGER.usage_names_switch(USAGE, ["-remove", "{user}"])
    assert not MANAGER.usage_names_switch(USAGE, [*OPTIONS, "-vendor", "x"])
    assert not MANAGER.usage_names_switch(USAGE, [])
    assert not MANAGER.usage_names_switch("", OPTIONS)


@pytest.mark.parametrize(
    ("text", "exit_status", "answer"),
    [
        ("", 0, Answer.SENT),
        ("XF Error: Unable to connect to license server!", 1, Answer.FAILED),
        ("Error: invalid password", 1, Answer.REFUSED),
        ("User not found", 1, Answer.GONE),
        ("Usage: lmxendutil <option>", 1, Answer.FAILED),
        ("License is borrowed", 1, Answer.REFUSED),
        ("", 7, Answer.FAILED),
        ("", None, Answer.FAILED),
    ],
)
def test_answers(text: str, exit_status: int | None, answer: Answer) -> None:
    banner = "LM-X End-user Utility v5.5\nCopyright (C) 2002-2025 X-Formation. All rights reserved.\n\n"
    assert MANAGER.read_close(Output(f"{banner}{text}\n", exit_status)).answer is answer
