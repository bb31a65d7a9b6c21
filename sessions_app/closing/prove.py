"""Whether a session is gone: only a reading can tell, and not every reading can."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Q

from licstats.managers.reading import FeatureReading, Reading, Status, Verdict
from licstats.models import LicenseServer
from sessions_app.closing import record
from sessions_app.closing.identity import Identity
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

    One indexed query where nothing was closed lately; returns how many were noticed.
    """
    recent = CloseRequest.objects.filter(server=server, state=CloseState.CLOSED, ended_at__gte=at - TAKEN_AGAIN_WITHIN)
    return sum(_notice_one(server, request) for request in recent)


def _notice_one(server: LicenseServer, request: CloseRequest) -> bool:
    """A session of the same user, host, display and feature that started since, or the very one once more.

    Its start is by the license server's clock, and mostly in whole minutes.
    """
    since = request.sent_at or request.moved_at
    started = (since + (server.clock_offset or timedelta())).replace(second=0, microsecond=0)
    back = (
        OpenSession.objects.filter(
            server=server,
            feature__vendor=request.vendor,
            feature__name=request.feature_name,
            user=request.user,
            host=request.host,
            display=request.display,
            first_seen_at__gte=since,
            last_seen_at=None,
        )
        .filter(
            Q(checked_out_at=None)
            | Q(checked_out_at__gte=started)
            | Q(handle=request.handle, checked_out_at=request.checked_out_at)
        )
        .order_by("first_seen_at")
        .first()
    )
    return back is not None and record.move(
        request,
        CloseState.TAKEN_AGAIN,
        f"The license was given back, and {request.user} on {request.host} has taken one again: the program is "
        "still running. Ask the user to end it.",
        taken_again_at=back.first_seen_at,
    )


def _features(reading: Reading, identity: Identity) -> list[FeatureReading]:
    wanted = (identity.vendor, identity.feature)
    return [feature for feature in reading.features if (feature.vendor, feature.name) == wanted]


def _adds_up(feature: FeatureReading) -> bool:
    return feature.adds_up and feature.used is not None
