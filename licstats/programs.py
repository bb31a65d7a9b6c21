"""The processes that licstats consists of, as command lines."""

from __future__ import annotations

import signal
import socket
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from django.conf import settings

from licstats.processes.child import Child, wait_until
from licstats.processes.errors import StartError
from licstats.queues import CLOSING, MAINTENANCE, POLLS, site_queue

CELERY = (sys.executable, "-m", "celery", "-A", "licstats.celery:app", "--quiet")
KINDS = (POLLS, CLOSING, MAINTENANCE)
CLOSES_AT_ONCE = 20  # license servers; each waits for its own tool
MAINTENANCE_AT_ONCE = 4
WEB_THREADS = 8
START_SECONDS = 60.0
REACHED_AT = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where the pages are, if served at every address


def served_at() -> str:
    """The address that the pages are served at, without the brackets that IPv6 has before a port."""
    bind: str = settings.LICSTATS_BIND
    return bind.strip("[]")


def reached_at() -> str:
    """An address of this machine that the pages answer at."""
    return REACHED_AT.get(served_at(), served_at())


def with_port(host: str) -> str:
    """`host:port` of the pages, as addresses write it."""
    return f"[{host}]:{settings.LICSTATS_PORT}" if ":" in host else f"{host}:{settings.LICSTATS_PORT}"


def web_command() -> list[str]:
    return [
        *(sys.executable, "-m", "gunicorn", "licstats.wsgi:application", "--no-control-socket", "--preload"),
        *("--worker-class", "gthread", "--threads", str(WEB_THREADS)),
        *("--workers", str(settings.LICSTATS_WEB_WORKERS), "--max-requests", "20000", "--max-requests-jitter", "2000"),
        *("--bind", with_port(served_at()), "--graceful-timeout", "5"),
        *("--worker-tmp-dir", "/dev/shm" if Path("/dev/shm").is_dir() else "/tmp"),  # noqa: S108 (heartbeat files)
    ]


def beat_command() -> list[str]:
    settings.LICSTATS_DATA.mkdir(parents=True, exist_ok=True)
    return [*CELERY, "beat", "--schedule", str(settings.LICSTATS_DATA / "beat-schedule"), "--pidfile="]


def worker_command(kind: str, sites: Iterable[str], at_once: int) -> list[str]:
    """A Celery worker for one kind of work. Polls wait for tools, so threads do; closing never waits behind them.

    `sites` empty: every site, those that come later too.
    """
    sites = sorted(sites)
    command = [*CELERY, "worker", "--pool", "threads", "--concurrency", str(at_once), "--without-mingle"]
    command += ["--without-gossip", "--hostname", "-".join([kind, *sites]) + "@%h"]
    if kind == MAINTENANCE:
        return [*command, "--queues", MAINTENANCE]
    if sites:
        return [*command, "--queues", ",".join(site_queue(kind, site) for site in sites)]
    return [*command, "--queues", site_queue(kind, "main"), "--follow-sites", kind]


def worker_children(
    sites: Iterable[str] = (),
    kinds: Iterable[str] = KINDS,
    polls_at_once: int | None = None,
    logs: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> list[Child]:
    """The worker processes for these kinds of work, each with a pool of its own."""
    at_once = {
        POLLS: polls_at_once or settings.LICSTATS_POLLS_AT_ONCE,
        CLOSING: CLOSES_AT_ONCE,
        MAINTENANCE: MAINTENANCE_AT_ONCE,
    }
    return [child(f"worker-{kind}", worker_command(kind, sites, at_once[kind]), logs, environment) for kind in kinds]


def child(
    name: str, command: list[str], logs: Path | None = None, environment: Mapping[str, str] | None = None
) -> Child:
    """A process of ours: ends its work on SIGTERM; what is not done five seconds later is asked for again."""
    return Child(
        name=name,
        argv=command,
        log=logs / f"{name}.log" if logs else None,
        stop_signals=(signal.SIGTERM, signal.SIGQUIT),
        patience=5.0,
        environment=environment,
    )


class Web:
    """The pages, ready when their port answers."""

    def __init__(self, web: Child) -> None:
        self.web = web

    def prepare(self) -> Child:
        return self.web

    def wait_ready(self, child: Child) -> None:
        if not wait_until(lambda: answers(reached_at(), settings.LICSTATS_PORT), child, START_SECONDS):
            raise StartError(f"The web server did not start. It said:\n{child.last_words(15)}")


def answers(host: str, port: int) -> bool:
    """Whether something takes connections there."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False
