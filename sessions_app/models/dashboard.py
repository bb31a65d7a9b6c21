"""The dashboard of a login: panes of reports, with scope, filters, aggregation and columns as they were pinned."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models, transaction
from django.db.models import Max

MOST_PANES = 24


class DashboardFull(Exception):
    """A pane that there is no room for; the message says what to do."""


class Part(models.TextChoices):
    """The pane of a report that was pinned."""

    GRAPH = "graph", "Graph"
    GRID = "grid", "Grid"


class Width(models.TextChoices):
    """How much of the dashboard's width a pane takes; on a narrow screen each takes all."""

    HALF = "half", "Half"
    FULL = "full", "Full"


class DashboardPane(models.Model):
    """One pane. `report` is the report's URL name, `query` its query string, `place` its order on the dashboard."""

    login = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="dashboard_panes")
    title = models.CharField(max_length=120)
    report = models.CharField(max_length=40)
    part = models.CharField(max_length=10, choices=Part)
    query = models.TextField(blank=True)
    width = models.CharField(max_length=10, choices=Width, default=Width.FULL)
    place = models.PositiveIntegerField()

    class Meta:
        ordering = ["place", "pk"]

    def __str__(self) -> str:
        return self.title

    @classmethod
    @transaction.atomic
    def pin(cls, login_id: int, *, title: str, report: str, part: str, query: str) -> tuple[DashboardPane, bool]:
        """The login's pane of that, and whether it is new, at the end. DashboardFull where there is no room."""
        panes = cls.held(login_id)
        if pane := panes.filter(report=report, part=part, query=query).first():
            return pane, False
        if panes.count() >= MOST_PANES:
            raise DashboardFull(f"A dashboard has {MOST_PANES} panes at most. Remove one first.")
        last = panes.aggregate(last=Max("place"))["last"] or 0
        pane = cls.objects.create(
            login_id=login_id, title=title[:120], report=report, part=part, query=query, place=last + 1
        )
        return pane, True

    @classmethod
    def held(cls, login_id: int) -> models.QuerySet[DashboardPane]:
        """The login's panes as they stand now: until the transaction ends, no other page changes their order.

        The login is what is held, as panes that another page pins meanwhile could not be.
        """
        get_user_model()._default_manager.select_for_update(no_key=True).filter(pk=login_id).values("pk").first()
        return cls.objects.filter(login=login_id)

    @transaction.atomic
    def move_to(self, place: int) -> None:
        """Put it at `place` (from 1) among the login's panes; the others close up."""
        self._put(list(self.held(self.login_id)), place)

    @transaction.atomic
    def move_by(self, steps: int) -> None:
        """Put it that many places further down, or up where `steps` is negative; it stops at either end."""
        panes = list(self.held(self.login_id))
        if self in panes:
            self._put(panes, panes.index(self) + 1 + steps)

    @transaction.atomic
    def remove(self) -> None:
        """Take it off the dashboard; those behind it move up."""
        panes = list(self.held(self.login_id))
        number([pane for pane in panes if pane != self])
        self.delete()

    def _put(self, panes: Sequence[DashboardPane], place: int) -> None:
        """It may be off the dashboard meanwhile; then the others stay where they are."""
        others = [pane for pane in panes if pane != self]
        if len(others) == len(panes):
            return
        others.insert(max(0, min(place - 1, len(others))), self)
        number(others)


def number(panes: Sequence[DashboardPane]) -> None:
    """Gives the panes of a dashboard their places, in this order."""
    for place, pane in enumerate(panes, start=1):
        pane.place = place
    DashboardPane.objects.bulk_update(panes, ["place"])
