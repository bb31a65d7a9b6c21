from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.test import Client, override_settings
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from tests.factories import FeatureFactory, LicenseServerFactory, OpenSessionFactory

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def server(**fields: object):
    now = timezone.now()
    return LicenseServerFactory(**({"asked_at": now, "read_at": now, "next_poll_at": now + MINUTE} | fields))


def health() -> tuple[int, dict[str, str]]:
    answer = Client().get("/healthz")
    return answer.status_code, answer.json()


def test_all_is_well_without_a_login() -> None:
    server()
    assert health() == (200, {"status": "ok", "web": "ok", "database": "ok", "broker": "ok", "polling": "ok"})


def test_a_broker_that_is_away_is_told() -> None:
    with override_settings(LICSTATS_REDIS_URL="redis://127.0.0.1:1/0"):
        status, parts = health()
    assert status == 503
    assert parts["broker"] == "does not answer"
    assert parts["database"] == "ok"


def test_a_database_that_is_away_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> None:
        raise OperationalError("connection to server at 10.1.2.3 failed")

    monkeypatch.setattr("sessions_app.health.connection.cursor", refuse)
    status, parts = health()
    assert status == 503
    assert parts["database"] == "does not answer"
    assert "10.1.2.3" not in str(parts)


@pytest.mark.parametrize(
    ("fields", "well"),
    [
        ({"next_poll_at": -MINUTE}, True),  # waits for its turn
        ({"next_poll_at": -10 * MINUTE}, False),  # nobody claims what is due
        ({"asked_at": -10 * MINUTE}, False),  # claimed again and again, and never asked
        ({"asked_at": -10 * MINUTE, "failures": 4}, True),  # fails, and so is asked less often
        ({"asked_at": -60 * MINUTE, "failures": 4}, False),
        ({"asked_at": -10 * MINUTE, "enabled": False}, True),
        ({"asked_at": -10 * MINUTE, "interval": 6 * MINUTE}, True),
        ({"asked_at": None}, True),  # new
    ],
)
def test_polling_is_not_well_when_servers_are_not_asked(fields: dict[str, object], well: bool) -> None:
    now = timezone.now()
    times = {"next_poll_at", "asked_at"}
    server(**{name: now + value if name in times and value else value for name, value in fields.items()})
    status, parts = health()
    assert (status == 200) is well, parts
    assert well or parts["polling"].startswith("1 of 1 license servers")


def test_the_health_check_names_no_server() -> None:
    secret = server(name="secret-project", next_poll_at=timezone.now() - timedelta(hours=1))
    assert secret.name not in Client().get("/healthz").content.decode()


def figures(answer) -> dict[tuple[str, str], float]:
    """(metric, its labels' values by the labels' names) -> figure."""
    families = text_string_to_metric_families(answer.content.decode())
    return {
        (s.name, "/".join(s.labels[name] for name in sorted(s.labels))): s.value
        for family in families
        for s in family.samples
    }


def test_metrics_tell_what_stands_in_the_database() -> None:
    now = timezone.now()
    up = server(name="PL", site="krakow", response_time=0.25, read_at=now - timedelta(seconds=90))
    server(name="US", status="down", verdict="failed", failures=3)
    server(name="DK", enabled=False)
    feature = FeatureFactory(server=up)
    OpenSessionFactory.create_batch(2, feature=feature)
    OpenSessionFactory(feature=feature, last_seen_at=now)
    found = figures(Client().get("/metrics"))
    assert found["licstats_server_up", "flexnet/PL/krakow"] == 1
    assert found["licstats_server_up", "flexnet/US/main"] == 0
    assert found["licstats_server_verdict", "flexnet/US/main/failed"] == 1
    assert found["licstats_server_failures", "flexnet/US/main"] == 3
    assert found["licstats_server_response_seconds", "flexnet/PL/krakow"] == 0.25
    assert found["licstats_server_reading_age_seconds", "flexnet/PL/krakow"] == pytest.approx(90, abs=5)
    assert found["licstats_sessions_open", "yes/PL"] == 2
    assert found["licstats_sessions_open", "no/PL"] == 1
    states = {state: found["licstats_servers", state] for state in ("up", "down", "partial", "never", "disabled")}
    assert states == {"up": 1, "down": 1, "partial": 0, "never": 0, "disabled": 1}


def test_metrics_take_as_many_queries_for_one_server_as_for_many(django_assert_num_queries) -> None:
    for count in (1, 20):
        for _ in range(count):
            OpenSessionFactory()
        with django_assert_num_queries(3):
            assert Client().get("/metrics").status_code == 200


def test_without_a_token_only_this_machine_reads_metrics() -> None:
    assert Client().get("/metrics").status_code == 200
    assert Client(REMOTE_ADDR="::1").get("/metrics").status_code == 200
    assert Client(REMOTE_ADDR="192.0.2.7").get("/metrics").status_code == 403
    assert Client(REMOTE_ADDR="").get("/metrics").status_code == 403
    passed_on = Client(REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR="192.0.2.7")
    assert passed_on.get("/metrics").status_code == 403


@override_settings(LICSTATS_METRICS_TOKEN="s3cret")
def test_with_a_token_who_has_it_reads_metrics_from_anywhere() -> None:
    far = Client(REMOTE_ADDR="192.0.2.7")
    assert far.get("/metrics", headers={"Authorization": "Bearer s3cret"}).status_code == 200
    assert far.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 403
    assert b"LICSTATS_METRICS_TOKEN" in Client().get("/metrics").content


def test_names_in_metrics_are_escaped() -> None:
    server(name='a"} 1\\')
    found = figures(Client().get("/metrics"))
    assert found["licstats_server_up", 'flexnet/a"} 1\\/main'] == 1
