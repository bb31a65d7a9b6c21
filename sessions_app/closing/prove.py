"""Whether a session is gone: only a reading can tell, and not every reading can."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import QuerySet

from licstats.managers.reading import FeatureReading, Reading, Status, Verdict
from licstats.models import LicenseServer
from sessions_app.closing import record
from sessions_app.closing.identity import Identity
from sessions_app.closing.record import Step
from sessions_app.models import CloseRequest, CloseState, OpenSession
from sessions_app.polling.trust import Missing, Trust

TAKEN_AGAIN_WITHIN = timedelta(hours=1)  # later it is the user, not the program that was still running


class Proof(StrEnum):
    """What a reading says of one session."""

    THERE = "there"
    GONE = "gone"
    UNKNOWN = "unknown"


def look(reading: Reading, seen: Iterable[Identity], identity: Identity, gap: int | None = None) -> Proof:
    """Whether the session of `identity` is in `reading`, whose sessions are `seen`.

    A session that is missing is only gone where the reading could have shown it: it is whole as far as that feature
    goes, and no more licenses of it are in use unseen than before (`gap`, from the reading that still had it).
    """
    if identity in seen:
        return Proof.THERE
    if reading.verdict is Verdict.FAILED or reading.status is Status.DOWN:
        return Proof.UNKNOWN
    features = _features(reading, identity)
    listed: list[FeatureReading | None] = [*features] or [None]
    trust = Trust(reading)
    meanings = {trust.of(feature, identity.vendor, identity.feature) for feature in listed}
    if Missing.HIDDEN in meanings:
        return Proof.UNKNOWN
    if meanings == {Missing.ENDED} or (features and all(_adds_up(feature) for feature in features)):
        return Proof.GONE
    unseen = unseen_licenses(reading, identity)
    grown = gap is None or unseen is None or unseen > gap
    return Proof.UNKNOWN if grown else Proof.GONE


def unseen_licenses(reading: Reading, identity: Identity) -> int | None:
    """Licenses of that feature in use less those of the sessions that are shown; None where it is not told."""
    features = _features(reading, identity)
    if not features or any(feature.used is None for feature in features):
        return None
    return sum((feature.used or 0) - sum(one.used for one in feature.sessions) for feature in features)


def notice(server: LicenseServer, at: datetime) -> int:
    """After a reading of `server` made at `at` was stored: closes whose license the same user took again.

    Each session that began since accounts for one close. The newest close comes first: what began after it is the
    fewest. One indexed query where nothing was closed lately, two where nothing began since; how many were noticed.
    """
    rows = CloseRequest.objects.filter(server=server, state=CloseState.CLOSED, ended_at__gte=at - TAKEN_AGAIN_WITHIN)
    recent = sorted(rows, key=lambda request: (_sent(request), request.pk), reverse=True)
    begun = _unaccounted(server, list(_begun_since(server, recent))) if recent else []
    steps = []
    for request in recent:
        back = next((session for session in begun if _is_return(server, request, session)), None)
        if back:
            begun.remove(back)
            steps.append(_taken_again(request, back))
    return len(record.move_all(steps))


def _begun_since(server: LicenseServer, closed: Sequence[CloseRequest]) -> QuerySet[OpenSession]:
    """Sessions of the same users that were first seen after one of `closed`, the oldest first."""
    sessions = OpenSession.objects.filter(
        server=server,
        user__in={request.user for request in closed},
        first_seen_at__gte=min(_sent(request) for request in closed),
        last_seen_at=None,
    )
    return sessions.select_related("feature").order_by("first_seen_at")


def _unaccounted(server: LicenseServer, begun: list[OpenSession]) -> list[OpenSession]:
    """Those of `begun` that no close was found to be taken again by."""
    if not begun:
        return []
    told = CloseRequest.objects.filter(
        server=server, state=CloseState.TAKEN_AGAIN, taken_again_at__in={session.first_seen_at for session in begun}
    )
    accounted = Counter((_holder(Identity.of_request(request)), request.taken_again_at) for request in told)
    left = []
    for session in begun:
        key = _holder(Identity.of_open(session)), session.first_seen_at
        if accounted[key]:
            accounted[key] -= 1
        else:
            left.append(session)
    return left


def _taken_again(request: CloseRequest, back: OpenSession) -> Step:
    """What follows of `back`, of the same user, host, display and feature, which started since, or is the very one."""
    return Step(
        request,
        CloseState.TAKEN_AGAIN,
        f"The license was given back, and {request.user} on {request.host} has taken one again: the program is "
        "still running. Ask the user to end it.",
        {"taken_again_at": back.first_seen_at},
    )


def _is_return(server: LicenseServer, request: CloseRequest, session: OpenSession) -> bool:
    """Its start is by the license server's clock, and mostly in whole minutes."""
    identity, again = Identity.of_request(request), Identity.of_open(session)
    if _holder(identity) != _holder(again) or session.first_seen_at < _sent(request):
        return False
    started = (_sent(request) + (server.clock_offset or timedelta())).replace(second=0, microsecond=0)
    start = again.checked_out_at
    return start is None or start >= started or (again.handle, start) == (identity.handle, identity.checked_out_at)


def _holder(identity: Identity) -> tuple[str, ...]:
    return identity.vendor, identity.feature, identity.user, identity.host, identity.display


def _sent(request: CloseRequest) -> datetime:
    return request.sent_at or request.moved_at


def _features(reading: Reading, identity: Identity) -> list[FeatureReading]:
    wanted = (identity.vendor, identity.feature)
    return [feature for feature in reading.features if (feature.vendor, feature.name) == wanted]


def _adds_up(feature: FeatureReading) -> bool:
    return feature.adds_up and feature.used is not None
