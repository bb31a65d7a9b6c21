"""What a report says about data that is missing or old, in the same words everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from groups_app.members import Identity
from groups_app.merging import COUNTS_FOR
from groups_app.models import LicenseServerGroup
from licstats.ages import format_ago
from licstats.models import Feature, LicenseServer

MOST_NAMED = 5


def reason_without_data(servers: QuerySet[LicenseServer], features: QuerySet[Feature], now: datetime) -> str:
    """Why the last readings of `servers` have nothing of `features`, as sentences; empty where they do.

    A reading that is old is data, however old: its age stands beside it. `servers` have what is `told` of their reason.
    """
    if features.filter(server__read_at__isnull=False, last_listed_at=None).exists():
        return ""
    known = list(servers.order_by("name"))
    if not known:
        return "No license server is there to be shown."
    never = [server for server in known if server.read_at is None]
    if len(never) == len(known):
        return _listed([_never_read(server, features) for server in known])
    gone = features.exclude(last_listed_at=None).order_by("-last_listed_at").select_related("server")
    if last := gone.first():
        names = list(dict.fromkeys(str(feature.server) for feature in gone[: 10 * MOST_NAMED]))
        verb = "reports" if len(names) == 1 else "report"
        return f"{named(names)} no longer {verb} it since {_moment(last.last_listed_at)}."
    return f"The last reading of {named(known)} listed no feature."


def reason_without_feature(features: QuerySet[Feature], wanted: Identity, where: str) -> str:
    """What to say of a feature that `features` have not; where its version was not given, which there are."""
    of_name = features.filter(name=wanted.name).exclude(version="").order_by("version", "type")
    of_type = of_name.filter(type=wanted.type) if wanted.type else of_name
    found = [] if wanted.version else list(of_type.values_list("version", "type").distinct())
    if not found:
        return f"There is no feature '{' '.join(filter(None, wanted))}' in {where}."
    versions = list(dict.fromkeys(version for version, _ in found))
    told = versions if len(versions) == len(found) else [" ".join(each).strip() for each in found]
    if len(told) == 1:
        return f"Choose a version of '{wanted.name}' in {where} too. There is one: {versions[0]}."
    return f"There are {len(told)} of the name '{wanted.name}' in {where}: {named(told)}. Choose one."


def group_notices(group: LicenseServerGroup, now: datetime) -> list[str]:
    """What is to be said above a group's merged features: members that blank some, or whose last reading is old."""
    old = Q(read_at=None) | Q(read_at__lt=now - COUNTS_FOR)
    members = list(group.servers.filter(old | Q(enabled=False) | Q(failures__gt=0)).order_by("name"))
    never = [server.pk for server in members if server.read_at is None]
    unread = Feature.objects.filter(server__in=never, last_listed_at=None).order_by().values_list("server")
    blanks = dict(unread.annotate(Count("pk"))) if never else {}
    notices = [notice for server in members if (notice := _notice(server, blanks.get(server.pk, 0), now))]
    more = len(notices) - MOST_NAMED
    return notices[:MOST_NAMED] + ([f"{more} more license servers have no fresh data."] if more > 0 else [])


def no_members(group: str) -> str:
    return f"The license server group {group} has no members."


def _notice(server: LicenseServer, blanks: int, now: datetime) -> str:
    if server.read_at is None:
        features = "1 feature has" if blanks == 1 else f"{blanks:,} features have"
        why = f": {features} no realtime figures in this group because of it" if blanks else ""
        return f"{server} never had a realtime reading{why}."
    ago = format_ago(now - server.read_at)
    if now - server.read_at > COUNTS_FOR:
        return f"{server} is left out: its last reading was {ago}."
    if not server.enabled:
        return f"{server} is not queried any more: its last reading was {ago}."
    return f"{server} does not answer: its last reading was {ago}." if server.failures else ""


def _never_read(server: LicenseServer, features: QuerySet[Feature]) -> str:
    if features.filter(server=server).exists():
        return f"{server} has imported data only."
    if not server.enabled:
        return f"{server} was never read and is not enabled."
    told: str = getattr(server, "told", "").rstrip(". ")  # as the login may read it
    why = f": {told}" if told else "; its first query is due"
    return f"{server} was never read{why}."


def _listed(sentences: list[str]) -> str:
    more = len(sentences) - MOST_NAMED
    return " ".join(sentences[:MOST_NAMED]) + (f" So it is with {more} more." if more > 0 else "")


def named(things: Sequence[object], most: int = MOST_NAMED) -> str:
    """The first of `things`, and how many more there are."""
    names = [str(thing) for thing in things[:most]]
    more = f" and {len(things) - most} more" if len(things) > most else ""
    return ", ".join(names) + more


def _moment(value: datetime | None) -> str:
    return f"{timezone.localtime(value):%Y-%m-%d %H:%M}" if value else ""
