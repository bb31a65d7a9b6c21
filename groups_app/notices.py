"""What a report says about data that is missing or old, in the same words everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Count, Max, Q, QuerySet

from groups_app.composition import misfits
from groups_app.members import Explanation, Identity
from groups_app.merging import COUNTS_FOR
from groups_app.models import LicenseServerGroup
from licstats.ages import format_ago
from licstats.models import Feature, LicenseServer
from licstats.moments import minute_here

MOST_NAMED = 5


def reason_without_data(servers: QuerySet[LicenseServer], features: QuerySet[Feature]) -> str:
    """Why the last readings of `servers` have nothing of `features`, as sentences; empty where they do.

    A reading that is old is data, however old: its age stands beside it. `servers` have what is `told` of their reason.
    Not of one feature of a group, which may have no sum though members list it: `reason_without_sum`.
    """
    if features.filter(server__read_at__isnull=False, last_listed_at=None).exists():
        return ""
    known = list(servers.order_by("name"))
    if not known:
        return "No license server is there to be shown."
    last = dict(features.order_by().values_list("server").annotate(Max("last_listed_at")))
    gone = [f"{server} since {minute_here(since)}" for server in known if (since := last.get(server.pk))]
    empty = [server for server in known if server.read_at and not last.get(server.pk)]
    never = [_never_read(server, server.pk in last) for server in known if not (server.read_at or last.get(server.pk))]
    said = [f"No longer reported by {named(gone)}."] if gone else []
    said += [f"The last reading of {named(empty)} listed no feature."] if empty else []
    return " ".join([*said, _listed(never)]).strip()


def reason_without_sum(explanation: Explanation) -> str:
    """Why one feature of a group has no figures, as sentences that name the members; empty where it has."""
    return "" if explanation.has_sum else _listed([f"{text.rstrip('.')}." for text in explanation.not_in_it])


def no_longer_reported(explanation: Explanation) -> str:
    """Which members of one feature of a group count though they no longer report it, as sentences."""
    return _listed(explanation.still_in_it)


def reason_without_feature(alike: Sequence[Identity], wanted: Identity, where: str) -> str:
    """What to say of a feature that is not there; where its version or type was not given, which there are `alike`."""
    name = " ".join(filter(None, wanted))
    if not alike:
        return f"There is no feature '{name}' in {where}."
    told = [" ".join(filter(None, each[wanted.index("") :])) for each in alike]
    return f"There are {len(told)} of the name '{name}' in {where}: {named(told)}. Choose one."


def group_notices(group: LicenseServerGroup, now: datetime) -> list[str]:
    """What is to be said above a group's merged features: members that blank some, or whose last reading is old."""
    old = Q(read_at=None) | Q(read_at__lt=now - COUNTS_FOR)
    members = list(group.servers.filter(old | Q(enabled=False) | Q(failures__gt=0)).order_by("name"))
    never = [server.pk for server in members if server.read_at is None]
    unread = Feature.objects.filter(server__in=never, last_listed_at=None).order_by().values_list("server")
    blanks = dict(unread.annotate(Count("pk"))) if never else {}
    notices = [notice for server in members if (notice := _notice(server, blanks.get(server.pk, 0), now))]
    return _first(
        notices,
        "was never read, is left out, is not queried any more or does not answer",
        "were never read, are left out, are not queried any more or do not answer",
    )


def misfit_notices(group: LicenseServerGroup) -> list[str]:
    """Members that do not fit to the others any more. It looks through all their features: not for every report."""
    wrong = [f"{text} Take one or the other out of the group." for text in misfits([group]).get(group.pk, [])]
    return _first(wrong, "does not fit either", "do not fit either")


def _first(notices: list[str], of_one: str, of_many: str) -> list[str]:
    more = len(notices) - MOST_NAMED
    if more <= 0:
        return notices
    others = f"1 more license server {of_one}." if more == 1 else f"{more} more license servers {of_many}."
    return [*notices[:MOST_NAMED], others]


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


def _never_read(server: LicenseServer, imported: bool) -> str:
    if imported:
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
