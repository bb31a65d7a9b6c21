"""The dashboard of a login: panes of reports, with scope, filters, aggregation and columns as they were pinned."""

from __future__ import annotations

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Max


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
    def pin(cls, login_id: int, *, title: str, report: str, part: str, query: str) -> DashboardPane:
        """A new pane at the end of the login's dashboard."""
        last = cls.objects.filter(login=login_id).aggregate(last=Max("place"))["last"] or 0
        return cls.objects.create(
            login_id=login_id, title=title[:120], report=report, part=part, query=query, place=last + 1
        )

    @transaction.atomic
    def move_to(self, place: int) -> None:
        """Put it at `place` (from 1) among the login's panes; the others close up."""
        panes = list(DashboardPane.objects.select_for_update().filter(login=self.login_id).exclude(pk=self.pk))
        panes.insert(max(0, min(place - 1, len(panes))), self)
        for number, pane in enumerate(panes, start=1):
            pane.place = number
        DashboardPane.objects.bulk_update(panes, ["place"])

    def move_by(self, steps: int) -> None:
        """Put it that many places further down, or up where `steps` is negative; it stops at either end."""
        self.move_to(self.place + steps)

    def remove(self) -> None:
        """Take it off the dashboard; those behind it move up."""
        with transaction.atomic():
            DashboardPane.objects.filter(login=self.login_id, place__gt=self.place).update(place=F("place") - 1)
            self.delete()
