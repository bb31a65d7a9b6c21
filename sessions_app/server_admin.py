"""What Administration does with license servers beyond configuring them: asking one, to see whether it answers."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from groups_app.admin.servers import PermittedServerAdmin
from licstats.managers.reading import Reading, Verdict
from licstats.models import LicenseServer
from sessions_app.polling.ask_now import AskNow
from sessions_app.polling.poll import query

AT_ONCE = 5  # servers asked in one request, each up to its time-out

LEVELS = {Verdict.COMPLETE: messages.SUCCESS, Verdict.PARTIAL: messages.WARNING, Verdict.FAILED: messages.ERROR}

admin.site.unregister(LicenseServer)


@admin.register(LicenseServer)
class PolledLicenseServerAdmin(PermittedServerAdmin):
    actions = ["test", "ask_now", *PermittedServerAdmin.actions]

    @admin.action(description="Test: ask now and show the verdict, store nothing", permissions=["change"])
    def test(self, request: HttpRequest, servers: QuerySet[LicenseServer]) -> None:
        """The one place where a request runs a vendor's tool: somebody waits for exactly this answer."""
        if servers.count() > AT_ONCE:
            self.message_user(request, f"Choose up to {AT_ONCE} license servers to test at once.", messages.ERROR)
            return
        for server in servers:
            reading, _ = query(server)
            self.message_user(request, f"{server}: {_findings(reading)}", LEVELS[reading.verdict])

    @admin.action(description="Query now: store what it says, as at each interval", permissions=["change"])
    def ask_now(self, request: HttpRequest, servers: QuerySet[LicenseServer]) -> None:
        enabled = servers.filter(enabled=True)
        for server in enabled:
            AskNow(server, request.user).execute()
        skipped = servers.count() - len(enabled)
        note = f" {skipped} disabled left out." if skipped else ""
        self.message_user(request, f"{len(enabled)} will be queried within seconds.{note}")


def _findings(reading: Reading) -> str:
    problems = [problem.message for problem in reading.problems]
    if reading.verdict is Verdict.FAILED:
        return f"{reading.verdict}. {' '.join(problems[:3])}"
    sessions = sum(len(feature.sessions) for feature in reading.features)
    found = f"{reading.verdict}; {len(reading.features):,} features, {sessions:,} sessions, {len(problems):,} problems."
    return f"{found} The first: {problems[0]}" if problems else found
