"""What Prometheus may know, read from the database when it asks."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count, Q
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from licstats.models import LicenseServer
from sessions_app.models import CloseRequest, OpenSession
from sessions_app.servers import STATE, State


def exposition() -> bytes:
    """All metrics in Prometheus' text format. Four queries, whatever the number of servers."""
    registry = CollectorRegistry()
    registry.register(DatabaseCollector())
    return generate_latest(registry)


class DatabaseCollector(Collector):
    """Gauges only: what stands in the database may also go down, when it is cleaned up."""

    def collect(self) -> Iterator[Metric]:
        yield from _servers()
        yield _sessions()
        yield _closes()


def _servers() -> Iterator[Metric]:
    labels = ["server", "manager", "site"]
    state = GaugeMetricFamily("licstats_servers", "License servers by state.", labels=["state"])
    up = GaugeMetricFamily("licstats_server_up", "1 where the last query was answered.", labels=labels)
    verdict = GaugeMetricFamily(
        "licstats_server_verdict", "1 at the verdict of the last query.", labels=[*labels, "verdict"]
    )
    age = GaugeMetricFamily("licstats_server_reading_age_seconds", "Age of the last reading.", labels=labels)
    response = GaugeMetricFamily("licstats_server_response_seconds", "Duration of the last query.", labels=labels)
    failures = GaugeMetricFamily("licstats_server_failures", "Queries that failed in a row until now.", labels=labels)
    counts = dict.fromkeys(State.values, 0)
    now = timezone.now()
    for server in LicenseServer.objects.annotate(state=STATE).order_by("name"):
        names = [server.name, server.manager, server.site]
        counts[server.state] += 1
        if not server.enabled:
            continue
        if server.verdict:
            up.add_metric(names, float(server.state in (State.UP, State.PARTIAL)))
            verdict.add_metric([*names, server.verdict], 1)
            failures.add_metric(names, server.failures)
        if server.read_at:
            age.add_metric(names, (now - server.read_at).total_seconds())
        if server.response_time is not None:
            response.add_metric(names, server.response_time)
    for name, count in counts.items():
        state.add_metric([name], count)
    yield from (state, up, verdict, age, response, failures)


def _sessions() -> Metric:
    sessions = GaugeMetricFamily(
        "licstats_sessions_open", "Open sessions; unconfirmed ones apart.", labels=["server", "confirmed"]
    )
    rows = OpenSession.objects.values_list("server__name").annotate(
        seen=Count("pk", filter=Q(last_seen_at=None)),
        missed_now=Count("pk", filter=Q(last_seen_at__isnull=False)),
    )
    for server, confirmed, unconfirmed in rows.order_by("server__name"):
        sessions.add_metric([server, "yes"], confirmed)
        sessions.add_metric([server, "no"], unconfirmed)
    return sessions


def _closes() -> Metric:
    closes = GaugeMetricFamily("licstats_close_requests", "Close requests by state.", labels=["state"])
    for state, count in CloseRequest.objects.order_by("state").values_list("state").annotate(Count("pk")):
        closes.add_metric([state], count)
    return closes
