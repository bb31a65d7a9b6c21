"""How long the health check waits for a license server, and what the metrics say of each state."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client, override_settings
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from sessions_app.models import CloseState
from tests.closing.making import close_request
from tests.factories import NOON, LicenseServerFactory

pytestmark = pytest.mark.django_db
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


def server(**fields: Any) -> Any:
    return LicenseServerFactory(**({"asked_at": NOON, "read_at": NOON, "next_poll_at": NOON + MINUTE} | fields))


@pytest.mark.parametrize(
    ("fields", "patience"),
    [
        ({"interval": 1 * MINUTE}, 4 * MINUTE),  # two intervals and two minutes
        ({"interval": 10 * MINUTE}, 22 * MINUTE),
        ({"interval": 10 * SECOND}, 2 * MINUTE + 20 * SECOND),
        ({"interval": 1 * MINUTE, "failures": 1}, 30 * MINUTE),  # twice the longest pause
        ({"interval": 60 * MINUTE, "failures": 7}, 122 * MINUTE),
    ],
)
def test_a_license_server_is_waited_for_as_long_as_it_may_take_and_no_longer(
    fields: dict[str, Any], patience: timedelta
) -> None:
    server(next_poll_at=NOON + 600 * MINUTE, **fields)
    for late, well in ((-SECOND, True), (SECOND, False)):
        with time_machine.travel(NOON + patience + late, tick=False):
            answer = Client().get("/healthz")
        assert (answer.status_code == 200) is well, answer.json()


@pytest.mark.parametrize("failures", [0, 4])
def test_one_that_nobody_claims_is_missed_soon_even_while_it_fails(failures: int) -> None:
    server(next_poll_at=NOON, asked_at=NOON + 3 * MINUTE, interval=MINUTE, failures=failures)
    for late, well in ((-SECOND, True), (SECOND, False)):
        with time_machine.travel(NOON + 4 * MINUTE + late, tick=False):
            assert (Client().get("/healthz").status_code == 200) is well


def test_of_several_it_is_said_how_many_and_only_those_that_are_polled_count() -> None:
    for enabled in (True, True, False):
        server(next_poll_at=NOON - 9 * MINUTE, enabled=enabled)
    server(asked_at=timezone.now(), next_poll_at=timezone.now() + MINUTE)
    told = Client().get("/healthz").json()
    assert told["status"] == "unwell"
    assert told["polling"].startswith("2 of 3 license servers were not asked when due")


def test_without_a_license_server_all_is_well() -> None:
    assert Client().get("/healthz").status_code == 200


def test_what_is_not_known_as_the_database_does_not_answer_is_not_called_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sessions_app.health._database", lambda: "does not answer")
    told = Client().get("/healthz").json()
    assert told["polling"] == "unknown: the database does not answer"


def figures() -> dict[tuple[str, ...], float]:
    """(metric, the values of its labels in the order of their names) -> figure."""
    text = Client().get("/metrics").content.decode()
    return {
        (sample.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def of_one(**fields: Any) -> dict[str, float]:
    """What is told of a license server PL, by the metric."""
    server(name="PL", **fields)
    return {key[0].removeprefix("licstats_server_"): value for key, value in figures().items() if "PL" in key}


def test_one_that_answers_in_part_is_up() -> None:
    assert of_one(verdict="partial")["up"] == 1


def test_one_that_was_never_asked_has_no_figures() -> None:
    told = of_one(status="", verdict="", read_at=None, asked_at=None, response_time=None)
    assert told == {}
    assert figures()["licstats_servers", "never"] == 1


def test_one_that_is_switched_off_has_no_figures() -> None:
    assert of_one(enabled=False, response_time=1.0) == {}
    assert figures()["licstats_servers", "disabled"] == 1


def test_an_answer_in_no_time_is_a_figure_too() -> None:
    assert of_one(response_time=0.0)["response_seconds"] == 0


def test_its_age_is_that_of_the_last_reading_though_it_was_asked_since() -> None:
    now = timezone.now()
    told = of_one(read_at=now - 10 * MINUTE, asked_at=now, status="down", verdict="failed", failures=3)
    assert told["reading_age_seconds"] == pytest.approx(600, abs=10)
    assert (told["up"], told["failures"], told["verdict"]) == (0, 3, 1)


def test_closes_are_counted_by_their_state() -> None:
    for state in (CloseState.CLOSED, CloseState.CLOSED, CloseState.TIMED_OUT):
        close_request(state=state)
    told = {key[1]: value for key, value in figures().items() if key[0] == "licstats_close_requests"}
    assert told == {"closed": 2, "timed_out": 1}


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-Ip", "Via"])
def test_what_a_proxy_of_this_machine_passes_on_is_not_from_this_machine(header: str) -> None:
    assert Client().get("/metrics", headers={header: "192.0.2.7"}).status_code == 403


@pytest.mark.parametrize("sent", ["s3cret", "Bearer  s3cret", "bearer s3cret", "Basic s3cret", "Bearer ", "Bearer é"])
@override_settings(LICSTATS_METRICS_TOKEN="s3cret")
def test_only_the_whole_token_opens_the_metrics(sent: str) -> None:
    assert Client().get("/metrics", headers={"Authorization": sent}).status_code == 403
