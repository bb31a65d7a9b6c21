from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licstats.managers.base import Answer, Output, Target, UnsafeArgument
from licstats.managers.registry import MANAGERS

FLEXNET = MANAGERS["flexnet"]
BANNER = "lmutil - Copyright (c) 1989-2024 Flexera. All Rights Reserved.\n"
TARGET = Target(
    address="27000@a,27000@b,27000@c",
    vendor="toold",
    feature="mesh",
    user="anna",
    host="ws01",
    display="w%.=H@QVO!;~_8'",
    server_host="b",
    port="27001",
    handle="4711",
)


def test_by_handle_with_the_server_host_and_port_of_the_session() -> None:
    assert FLEXNET.close_command("/opt/lmutil", TARGET) == [
        *("/opt/lmutil", "lmremove", "-c", "27000@a,27000@b,27000@c"),
        *("-h", "mesh", "b", "27001", "4711"),
    ]


def test_without_a_handle_by_user_host_and_display() -> None:
    assert FLEXNET.close_command("lmutil", replace(TARGET, handle=""))[4:] == [
        *("mesh", "anna", "ws01", "w%.=H@QVO!;~_8'")
    ]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"feature": "-h"}, "feature '-h' begins with '-'"),
        ({"server_host": ""}, "server host '' is empty"),
        ({"handle": "1\n2"}, "handle '1\\\\n2' holds a character that is not printable"),
        ({"port": "port"}, "'port' in the place of the port"),
        ({"handle": "", "user": "-c"}, "user '-c' begins"),
        ({"handle": "", "display": ""}, "display '' is empty"),
        ({"handle": "", "host": "x" * 256}, "has 256 characters"),
        ({"handle": "", "host": "a\x00b"}, "not printable"),
        ({"handle": "", "host": "\ud800"}, "not printable"),
    ],
)
def test_values_that_cannot_be_passed_safely_are_refused(change: dict[str, str], says: str) -> None:
    with pytest.raises(UnsafeArgument, match=says):
        FLEXNET.close_command("lmutil", replace(TARGET, **change))


def test_a_value_of_255_characters_is_passed_and_one_more_is_not() -> None:
    command = FLEXNET.close_command("lmutil", replace(TARGET, handle="", user="u" * 255))
    assert command[5] == "u" * 255
    with pytest.raises(UnsafeArgument) as raised:
        FLEXNET.close_command("lmutil", replace(TARGET, handle="", user="u" * 256))
    assert str(raised.value) == (
        f"The user '{'u' * 40}' has 256 characters, more than 255: it cannot be passed to the tool. "
        "Close it there by hand."
    )


@pytest.mark.parametrize("user", ["O'Brien", 'say "x"', "a b", "a;b|c&d", "$(x)", "ünü", "a-b", "<b>", "\\"])
def test_what_a_shell_would_read_is_passed_as_it_is(user: str) -> None:
    assert FLEXNET.close_command("lmutil", replace(TARGET, handle="", user=user))[5] == user


@pytest.mark.parametrize("user", ["a\u202eb", "a\u200bb", "a\u2028b", "a\tb", " ", "-"])
def test_what_cannot_be_seen_is_passed_to_no_tool(user: str) -> None:
    with pytest.raises(UnsafeArgument):
        FLEXNET.close_command("lmutil", replace(TARGET, handle="", user=user))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("You are not an authorized administrator", 63),
        ("not a license administrator", 63),
        ("before the minimum interval", 64),
        ("No such handle 4711", 41),
        ("not currently checked out", 41),
        ("License server does not support this request", 85),
        ("It was started with disabled use of lmremove", 85),
        ("does not support this feature", 18),
        ("Connection refused", 15),
        ("Connection timed out", 15),
        ("Cannot write data to license server system", 16),
        ("vendor daemon is down", 97),
        ("License server machine is down", 96),
        ("lmgrd is not running", 96),
        ("Invalid parameter", 42),
    ],
)
def test_a_text_without_a_code_is_taken_for_the_one_that_it_stands_for(text: str, code: int) -> None:
    for status in (0, 1):
        given = FLEXNET.read_close(Output(f"{BANNER}{text}\n", status))
        coded = FLEXNET.read_close(Output(f"{BANNER}Error (-{code},0)\n", status))
        assert given.answer is coded.answer
        assert f"(-{code}). It said: {text}" in given.message


def test_a_code_that_nobody_knows_is_told_as_it_is() -> None:
    given = FLEXNET.read_close(Output("Something new (-999,1)\n", 1))
    assert (given.answer, given.message) == (
        Answer.FAILED,
        "lmremove reports error -999. It said: Something new (-999,1)",
    )


def test_of_a_long_answer_the_beginning_of_the_first_line_is_told() -> None:
    given = FLEXNET.read_close(Output(f"{BANNER}\n  {'x' * 300}\nsecond line\n", 0))
    assert (given.answer, given.message) == (Answer.SENT, f"It said: {'x' * 200}")


@given(st.text(max_size=300), st.text(max_size=300))
def test_no_value_of_a_stranger_becomes_an_option(user: str, display: str) -> None:
    try:
        command = FLEXNET.close_command("lmutil", replace(TARGET, handle="", user=user, display=display))
    except UnsafeArgument:
        return
    assert command[5] == user
    assert command[7] == display
    assert [word for word in command if word.startswith("-")] == ["-c"]


@pytest.mark.parametrize(
    ("text", "exit_status", "answer", "says"),
    [
        ("", 0, Answer.SENT, ""),
        ("You are not a license administrator. (-63,294)", 193, Answer.REFUSED, "administrator"),
        ("lmremove request before the minimum lmremove interval. (-64,300)", 192, Answer.REFUSED, "minutes"),
        ("Cannot remove a linger license. (-100,404)", 156, Answer.REFUSED, "expiration"),
        ("License server doesn't support this request. (-85,347)", 171, Answer.REFUSED, "-allowLicenseReclaim"),
        ("", 171, Answer.REFUSED, "-allowLicenseReclaim"),
        ("lmremove disabled", 1, Answer.REFUSED, "-x lmremove"),
        ("Feature was never checked out. (-41,147)", 215, Answer.GONE, "ended already"),
        ("", 215, Answer.GONE, "ended already"),
        ("No such feature exists. (-5,357)", 251, Answer.GONE, "no such feature"),
        ('Cannot connect to license server system. (-15,570:111 "Connection refused")', 241, Answer.FAILED, "firewall"),
        ("The desired vendor daemon is down. (-97,121)", 159, Answer.FAILED, "vendor daemon"),
        ("", 160, Answer.FAILED, "machine does not answer"),
        ("usage:  lmremove [-c license_file_list] feature user user_host display", 1, Answer.FAILED, "usage"),
        ("Error: something new", 0, Answer.FAILED, "something new"),
        ("", 3, Answer.FAILED, "exit status 3"),
        ("", None, Answer.FAILED, "killed"),
    ],
)
def test_answers_say_what_happened_and_what_to_do(
    text: str, exit_status: int | None, answer: Answer, says: str
) -> None:
    given = FLEXNET.read_close(Output(f"{BANNER}{text}\n", exit_status))
    assert given.answer is answer
    assert says in given.message
    assert "Copyright" not in given.message


def test_a_tool_that_cannot_be_run_is_failed() -> None:
    given = FLEXNET.read_close(Output("", None, failure="not found: /opt/lmutil"))
    assert (given.answer, "/opt/lmutil" in given.message) == (Answer.FAILED, True)


@given(st.text(max_size=200), st.none() | st.integers(-64, 300))
def test_any_answer_is_read(text: str, exit_status: int | None) -> None:
    for manager in MANAGERS.values():
        assert isinstance(manager.read_close(Output(text, exit_status)).answer, Answer)
