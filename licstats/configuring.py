"""A change of what a license server is configured to be, whoever makes it."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.db.models import F
from django.utils import timezone as clock

from licstats.models import LicenseServer

ASKED = frozenset({"manager", "address"})  # of these, the outputs that are kept are an answer


class ChangeServer:
    """Stores the fields of a license server that were changed, and no others: a poll may have written them meanwhile.

    It is due at once, and pages show the change. Where another license server is asked from now on, nothing that the
    former one answered is kept to read it by.
    """

    def __init__(self, server: LicenseServer, changed: Collection[str]) -> None:
        self.server = server
        self.changed = changed

    def execute(self) -> None:
        self.server.next_poll_at = clock.now()
        with transaction.atomic():
            self.server.save(update_fields=[*self.changed, "next_poll_at"])
            LicenseServer.objects.filter(pk=self.server.pk).update(revision=F("revision") + 1)
            if not ASKED.isdisjoint(self.changed):
                self.server.outputs.all().delete()
