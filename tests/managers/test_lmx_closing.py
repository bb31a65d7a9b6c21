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


@pytest.mark.parametrize(
    ("text", "answer", "says"),
    [
        ("Unknown option -removeuser", Answer.FAILED, "does not take these arguments: compare LICSTATS_LMX_REMOVE"),
        ("Invalid argument: -host", Answer.FAILED, "does not take these arguments"),
        ("Cannot connect to a", Answer.FAILED, "could not be reached: check its address and the firewall"),
        ("Connection reset by peer", Answer.FAILED, "could not be reached"),
        ("There are no license server(s) available.", Answer.FAILED, "could not be reached"),
        ("Authentication failed", Answer.REFUSED, "refused the password: check LICSTATS_LMX_PASSWORD"),
        ("Access denied", Answer.REFUSED, "refused the password"),
        ("Operation not permitted", Answer.REFUSED, "refused the password"),
        ("Users were not found", Answer.GONE, "knows no such checkout: it has ended already"),
        ("Client not found", Answer.GONE, "ended already"),
        ("No such feature", Answer.GONE, "ended already"),
        ("anna does not hold mesh", Answer.GONE, "ended already"),
        ("License was borrowed", Answer.REFUSED, "returns at its expiration"),
        ("Request denied", Answer.FAILED, "The tool reports an error."),
    ],
)
@pytest.mark.parametrize(("mark", "exit_status"), [("", 1), ("", None), ("XF Error: ", 0), ("error: ", 0)])
def test_each_refusal_says_what_happened_and_quotes_the_tool(
    text: str, answer: Answer, says: str, mark: str, exit_status: int | None
) -> None:
    text = mark + text
    given = MANAGER.read_close(Output(f"{'+' * 40}\n\n  {text}  \nmore\n", exit_status))
    assert given.answer is answer
    assert given.message == f"{given.message.partition('It said:')[0]}It said: {text}"
    assert says in given.message


@pytest.mark.parametrize(
    "text",
    [
        "User borrowski removed from feature X.",
        "Removed client pc-password01.",
        "Removed client permission of user access-denied: was not found in queue",
        "Terror of errors",
        "1 user removed.",
    ],
)
def test_names_in_the_answer_of_a_tool_that_ends_well_refuse_nothing(text: str) -> None:
    given = MANAGER.read_close(Output(f"{text}\n", 0))
    assert (given.answer, given.message) == (Answer.SENT, f"It said: {text}")


@pytest.mark.parametrize("text", ["XF Error: User borrowski is too busy", "XF Error: No answer of pc-password01"])
def test_a_name_that_begins_or_ends_like_a_reason_is_none(text: str) -> None:
    assert MANAGER.read_close(Output(f"{text}\n", 1)).answer is Answer.FAILED


@pytest.mark.parametrize("line", ["There are no license server(s) available.", "usage: lmxendutil <option>"])
def test_an_error_without_its_mark_is_told_though_the_tool_ends_well(line: str) -> None:
    assert MANAGER.read_close(Output(f"LM-X license server(s):\n  {line}\n", 0)).answer is Answer.FAILED


def test_an_exit_status_that_nothing_explains_is_told() -> None:
    assert MANAGER.read_close(Output("", 7)).message == "lmxendutil ended with exit status 7."
    assert MANAGER.read_close(Output("well\n", None)).message == "lmxendutil was killed. It said: well"
    told = MANAGER.read_close(Output("", None, failure="not found: /opt/lmx"))
    assert (told.answer, told.message) == (Answer.FAILED, "lmxendutil could not be run: not found: /opt/lmx.")


@pytest.mark.parametrize(
    ("usage", "listed"),
    [
        ("  -removeuser -clientuser U -clienthost C -host H -port P", True),
        ("  --removeuser -clientuser U -clienthost C -host H -port P", False),
        ("  -removeusers -clientuser U -clienthost C -host H -port P", False),
        ("  no-removeuser -clientuser U -clienthost C -host H -port P", False),
        ("  [-removeuser] (-clientuser|-clienthost) -host,-port", True),
        ("  -removeuser -clientuser U -clienthost C -host H", False),
        ("  -REMOVEUSER -clientuser U -clienthost C -host H -port P", False),
    ],
)
def test_a_switch_is_listed_only_as_a_word_of_its_own(usage: str, listed: bool) -> None:
    assert MANAGER.usage_names_switch(usage, OPTIONS) is listed


@pytest.mark.parametrize("first", ["removeuser", "-", "--", "-7", "{user}", "-remove user", "-remove=1", ""])
def test_what_is_no_switch_removes_nobody(first: str) -> None:
    with pytest.raises(UnsafeArgument, match="does not name the removal switch"):
        MANAGER.close_command("lmx", TARGET, [first, "{user}"])
    assert not MANAGER.usage_names_switch(f"  {first}", [first])
