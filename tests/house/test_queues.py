from __future__ import annotations

import pytest
from django.conf import settings
from django.db import OperationalError

from licstats import programs
from licstats.models import LicenseServer
from licstats.queues import FollowSites
from tests.factories import LicenseServerFactory


class Consumer:
    """As much of Celery's consumer as is spoken to."""

    def __init__(self) -> None:
        self.queues: list[str] = []
        self.timer = self
        self.repeated = self.cancelled = False

    def add_task_queue(self, queue: str) -> None:
        self.queues.append(queue)

    def call_repeatedly(self, seconds: float, work: object, arguments: tuple[object, ...]) -> Consumer:
        self.repeated = True
        return self

    def cancel(self) -> None:
        self.cancelled = True


@pytest.mark.django_db(transaction=True)
def test_a_worker_takes_the_queues_of_every_site_and_of_new_ones() -> None:
    LicenseServerFactory(site="krakow")
    LicenseServerFactory(site="krakow")
    consumer = Consumer()
    step = FollowSites(consumer, follow_sites="polls")
    step.start(consumer)
    assert consumer.queues == ["polls.krakow"]
    assert consumer.repeated
    LicenseServerFactory(site="detroit")
    step.follow(consumer)
    assert consumer.queues == ["polls.krakow", "polls.detroit", "polls.krakow"]
    step.stop(consumer)
    assert consumer.cancelled


def test_a_worker_that_is_told_its_queues_follows_no_sites() -> None:
    consumer = Consumer()
    FollowSites(consumer).start(consumer)
    assert consumer.queues == []
    assert not consumer.repeated


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_away_does_not_stop_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise OperationalError("the database system is starting up")

    monkeypatch.setattr(LicenseServer.objects, "order_by", lambda *fields: away())
    consumer = Consumer()
    FollowSites(consumer, follow_sites="polls").follow(consumer)
    assert consumer.queues == []


def queues_of(command: list[str]) -> str:
    return command[command.index("--queues") + 1]


def test_each_kind_of_work_has_a_pool_of_its_own_so_that_closing_never_waits_behind_polls() -> None:
    polls, closing, maintenance = (child.argv for child in programs.worker_children(["krakow", "detroit"]))
    assert queues_of([*polls]) == "polls.detroit,polls.krakow"
    assert queues_of([*closing]) == "closing.detroit,closing.krakow"
    assert queues_of([*maintenance]) == "maintenance"
    assert polls[polls.index("--concurrency") + 1] == str(settings.LICSTATS_POLLS_AT_ONCE)


def test_a_worker_for_all_sites_follows_them() -> None:
    command = programs.worker_command("closing", [], 4)
    assert command[command.index("--follow-sites") + 1] == "closing"


def test_nothing_is_scheduled_that_no_worker_knows() -> None:
    from licstats.celery import app

    app.loader.import_default_modules()
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert scheduled <= set(app.tasks)
    assert "sessions_app.tasks.maintain_partitions" in app.tasks  # sent by name when the schedule starts
