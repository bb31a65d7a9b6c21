"""A world with license servers, what is added to it that a login must not see, and how it is kept from the login."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.auth.models import Group, User

from groups_app.hiding import SetVisibility
from groups_app.models import ForbiddenServer, HostGroup, LicenseServerGroup, UserGroup
from groups_app.roles import AddLogin
from groups_app.visibility import NOT_IN_FULL
from licstats.managers.problems import line_problem
from licstats.managers.reading import Problem, ProblemKind, Reading, Status, Verdict
from licstats.managers.tails import missing_tail
from licstats.models import Feature, LicenseServer, Pool, ServerReport
from sessions_app.models import (
    ClosedSession,
    CloseEvent,
    CloseRequest,
    UsageDay,
    UsageHour,
    UsageInterval,
)
from sessions_app.polling.report import reason
from tests.factories import NOON, FeatureFactory, LicenseServerFactory, OpenSessionFactory

HOUR = timedelta(hours=1)
NOT_READ = line_problem(7, "???", "This line was not understood.")
PASSWORD = "a long enough password"


def give_data(server: LicenseServer, word: str) -> Feature:
    """A feature with all that reports show: sessions open and closed, usage of the past, a pool, problems, a close."""
    feature = FeatureFactory(server=server, name=f"{word}-feature", vendor=f"{word}-vendor", total=7_340_123, used=41)
    Pool.objects.create(feature=feature, place=0, total=7_340_123, version="1.0")
    names = {"user": f"{word}-user", "host": f"{word}-host"}
    OpenSessionFactory(feature=feature, **names)
    identity = {"feature": feature, "server": server, "used": 4_210_987, "first_seen_at": NOON - 9 * HOUR, **names}
    ended = {"closed_at": NOON - HOUR, "last_seen_at": NOON - HOUR}
    ClosedSession.objects.create(id=feature.pk + 1_000_000, checked_out_at=NOON - 9 * HOUR, **identity, **ended)
    figures = {"borrowed": 0, "reserved": 0, "queued": 0, "total": 7_340_123, "used": 4_210_987}
    UsageInterval.objects.create(feature=feature, started_at=NOON - 9 * HOUR, ended_at=NOON - HOUR, **figures)
    sums = dict.fromkeys(("used_average", "used_min", "used_max"), 4210987)
    sums |= {f"{name}_{kind}": 0 for name in ("borrowed", "reserved", "queued") for kind in ("average", "max")}
    sums |= dict.fromkeys(("total_average", "total_min", "total_max"), 7340123)
    UsageHour.objects.create(feature=feature, started_at=NOON - 5 * HOUR, known_seconds=3600, **sums)
    UsageDay.objects.create(feature=feature, day=NOON.date() - timedelta(days=1), known_seconds=86_400, **sums)
    give_close(feature, word)
    return feature


def give_close(feature: Feature, word: str) -> CloseRequest:
    request = CloseRequest.objects.create(
        session_id=feature.pk + 2_000_000, server=feature.server, feature=feature, server_name=feature.server.name,
        vendor=feature.vendor, feature_name=feature.name, user=f"{word}-user", host=f"{word}-host", used=1,
        login_name="somebody", origin="page", requested_at=NOON - HOUR, moved_at=NOON - HOUR,
    )  # fmt: skip
    CloseEvent.objects.create(
        request=request, at=NOON - HOUR, step="requested", by="somebody", message=f"{word} was asked"
    )
    return request


def add_secret() -> LicenseServer:
    """A license server with everything."""
    server = LicenseServerFactory(
        name="zsecret-server", address="27000@zsecret", site="zsecret-site", description="zsecret", failures=3,
        reason="zsecret does not answer", response_time=7.340123, verdict="partial",
    )  # fmt: skip
    problem = {"kind": "line", "message": "zsecret", "line": 1, "text": "zsecret", "vendor": "", "feature": ""}
    ServerReport.objects.create(server=server, problems=[problem], problem_count=1)
    give_data(server, "zsecret")
    return server


def give_report(server: LicenseServer, *problems: Problem) -> None:
    report = {"problems": [asdict(problem) for problem in problems], "problem_count": len(problems)}
    ServerReport.objects.update_or_create(server=server, defaults=report)


def open_world() -> None:
    server = LicenseServerFactory(name="PL", site="krakow", verdict="partial", reason=NOT_IN_FULL)
    give_report(server, NOT_READ)
    feature = give_data(server, "open")
    OpenSessionFactory(feature=feature, user="ann", host="cad1")
    other = LicenseServerFactory(name="DE", site="berlin", verdict="partial", reason="Nothing was understood.")
    give_report(other, NOT_READ, NOT_READ)
    give_data(other, "german")
    LicenseServerGroup.objects.create(name="open-group").servers.add(other)
    UserGroup.objects.create(name="all users", members="*")
    HostGroup.objects.create(name="all hosts", members="*")


def login(role: str, superuser: bool = False) -> User:
    AddLogin("looker", role, PASSWORD).execute()
    user = User.objects.get(username="looker")
    user.groups.add(Group.objects.create(name="limited"))
    user.is_superuser = superuser
    user.save()
    return user


def forbid(user: User) -> None:
    """The server is forbidden to a role of the login, and with it a group that has it; it had changed both itself."""
    server = add_secret()
    ForbiddenServer.objects.create(role=Group.objects.get(name="limited"), server=server)
    group = LicenseServerGroup.objects.create(name="zsecret-group")
    group.servers.add(server, LicenseServer.objects.get(name="PL"))
    for action in (ADDITION, CHANGE, DELETION):
        LogEntry.objects.log_actions(user.pk, [server, group], action)


def give_partial_reading(server: LicenseServer, name: str) -> None:
    """A reading that is partial because of one feature: it names the feature in the reason and in the problems."""
    cut = missing_tail([("v", "first"), ("v", name)], [("v", "first")])
    assert cut
    problems = (
        NOT_READ,
        cut,
        line_problem(8, f"Users of {name}:  (Total of", "This line was not understood."),
        Problem(ProblemKind.CATALOGUE, f"lmstat -i lists 1 feature that the report does not: {name.upper()}."),
    )
    server.reason = reason(Reading(Status.UP, Verdict.PARTIAL, NOON, problems=problems[1:]))
    server.save()
    give_report(server, *problems)


def hide(user: User) -> None:
    """The login hid the server, and a feature on the license server that it sees."""
    server = LicenseServer.objects.get(name="PL")
    hushed = give_data(server, "zhush")
    give_partial_reading(server, hushed.name)
    SetVisibility(user, servers=[add_secret()], features=[(hushed.server, hushed.name)]).execute()
