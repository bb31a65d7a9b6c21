from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from licstats import logs


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logs.configure({"format": "auto", "level": "INFO"})


def test_an_event_is_one_line_of_json_with_its_fields(capfd: pytest.CaptureFixture[str]) -> None:
    logs.configure({"format": "json", "level": "INFO"})
    structlog.get_logger("licstats.polling").info("poll", server="PL", sessions=3)
    (line,) = capfd.readouterr().err.splitlines()
    event = json.loads(line)
    assert (event["event"], event["server"], event["sessions"]) == ("poll", "PL", 3)
    assert event["level"] == "info"
    assert event["timestamp"].endswith("Z")


def test_what_libraries_log_has_the_same_form(capfd: pytest.CaptureFixture[str]) -> None:
    logs.configure({"format": "json", "level": "INFO"})
    logging.getLogger("some.library").warning("%s is %d", "answer", 42)
    event = json.loads(capfd.readouterr().err)
    assert event["event"] == "answer is 42"
    assert event["logger"] == "some.library"


def test_a_traceback_stays_on_its_line(capfd: pytest.CaptureFixture[str]) -> None:
    logs.configure({"format": "json", "level": "INFO"})
    try:
        raise ValueError("two\nlines")
    except ValueError:
        structlog.get_logger().exception("went wrong")
    (line,) = capfd.readouterr().err.splitlines()
    assert json.loads(line)["exception"][0]["exc_type"] == "ValueError"


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_traceback_tells_no_values_of_variables(form: str, capfd: pytest.CaptureFixture[str]) -> None:
    logs.configure({"format": form, "level": "INFO"})
    password = "hunter-two"
    try:
        raise ValueError(f"refused after {len(password)} letters")
    except ValueError:
        structlog.get_logger().exception("went wrong")
    printed = capfd.readouterr().err
    assert "refused after 10 letters" in printed
    assert password not in printed.replace('password = "hunter-two"', "")


def test_a_terminal_gets_text(capfd: pytest.CaptureFixture[str]) -> None:
    logs.configure({"format": "console", "level": "INFO"})
    structlog.get_logger().info("poll", server="PL")
    text = capfd.readouterr().err
    assert "poll" in text
    assert "server" in text
    assert not text.startswith("{")


def test_configuring_again_does_not_double_the_lines(capfd: pytest.CaptureFixture[str]) -> None:
    for _ in range(3):
        logs.configure({"format": "json", "level": "INFO"})
    structlog.get_logger().info("once")
    assert capfd.readouterr().err.count("once") == 1


def test_a_line_for_each_task_is_left_out_and_its_failures_are_not(capfd: pytest.CaptureFixture[str]) -> None:
    logs.configure({"format": "json", "level": "INFO"})
    logging.getLogger("celery.app.trace").info("Task succeeded")
    logging.getLogger("celery.app.trace").error("Task raised")
    assert [json.loads(line)["event"] for line in capfd.readouterr().err.splitlines()] == ["Task raised"]
