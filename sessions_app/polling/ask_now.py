"""Ask a license server out of turn, because somebody wants to know now."""

from __future__ import annotations

import structlog
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from licstats.models import LicenseServer

log = structlog.get_logger(__name__)


class NotAsked(ValueError):
    """A license server that cannot be asked now; the message says why and what to do."""


class AskNow:
    """Makes a license server due; the next dispatch sends its poll to the workers of its site.

    Nothing else is sent: two polls of one server never overlap, and a lost message cannot lose the wish.
    """

    def __init__(self, server: LicenseServer, user: AbstractBaseUser | AnonymousUser) -> None:
        self.server = server
        self.user = user

    def check(self) -> None:
        if not self.allowed(self.user):
            raise PermissionDenied("Querying a license server out of turn needs the right to change license servers.")
        if not self.server.enabled:
            raise NotAsked(f"{self.server} is disabled and is not queried. Enable it in Administration first.")

    def execute(self) -> None:
        self.check()
        LicenseServer.objects.filter(pk=self.server.pk).update(next_poll_at=timezone.now())
        log.info("poll wanted now", server=self.server.name, user=self.user.get_username())

    @staticmethod
    def allowed(user: AbstractBaseUser | AnonymousUser) -> bool:
        return bool(user.has_perm("licstats.change_licenseserver"))  # type: ignore[union-attr]
