"""Which session is which: in the database, in a close request, and in a fresh reading.

A handle alone says nothing, as license servers give it to the next one. With user, host, display and start it does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from licstats.managers.base import Target
from licstats.managers.reading import FeatureReading, Reading, SessionReading
from sessions_app.models import CloseRequest, OpenSession
from sessions_app.polling.rows import storable


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes a session that one and no other, as text of its license manager; the start in UTC."""

    vendor: str
    feature: str
    user: str
    host: str
    display: str
    server_host: str
    port: str
    handle: str
    checked_out_at: datetime | None

    @classmethod
    def of_open(cls, session: OpenSession) -> Self:
        return cls._of(session, session.feature.vendor, session.feature.name)

    @classmethod
    def of_request(cls, request: CloseRequest) -> Self:
        return cls._of(request, request.vendor, request.feature_name)

    @classmethod
    def of_reading(cls, feature: FeatureReading, session: SessionReading) -> Self:
        return cls._of(storable([session])[0], feature.vendor, feature.name)

    @classmethod
    def _of(cls, session: OpenSession | CloseRequest | SessionReading, vendor: str, feature: str) -> Self:
        return cls(
            vendor,
            feature,
            session.user,
            session.host,
            session.display,
            session.server_host,
            session.port,
            session.handle,
            session.checked_out_at,
        )

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        start = stored["checked_out_at"]
        return cls(**(stored | {"checked_out_at": datetime.fromisoformat(start) if start else None}))

    def as_json(self) -> dict[str, Any]:
        fields = {name: getattr(self, name) for name in self.__slots__}
        return fields | {"checked_out_at": self.checked_out_at and self.checked_out_at.isoformat()}

    def reach(self, manager: str) -> tuple[str, ...]:
        """Sessions of one license server with the same reach go together when one of them is closed.

        LM-X releases every license of a user on a host. The others remove one handle, which a duplicate group may
        share; without a handle FlexNet removes every checkout of that feature by user, host and display.
        """
        if manager == "lmx":
            return (self.user, self.host)
        if self.handle:
            return (self.vendor, self.feature, self.server_host, self.port, self.handle)
        return (self.vendor, self.feature, self.user, self.host, self.display)


@dataclass(frozen=True, slots=True)
class Seen:
    """A session in a reading, with its feature."""

    identity: Identity
    feature: FeatureReading
    session: SessionReading

    def target(self, address: str) -> Target:
        """What the license manager is told to close, as its own report printed it."""
        return Target(
            address=address,
            vendor=self.feature.vendor,
            feature=self.feature.name,
            user=self.session.user,
            host=self.session.host,
            display=self.session.display,
            server_host=self.session.server_host,
            port=self.session.port,
            handle=self.session.handle,
        )


def seen_in(reading: Reading) -> Iterator[Seen]:
    """Every session of `reading`, in its order."""
    for feature in reading.features:
        for session in feature.sessions:
            yield Seen(Identity.of_reading(feature, session), feature, session)


def with_reach(seen: Iterable[Seen], manager: str, reach: tuple[str, ...]) -> list[Seen]:
    return [one for one in seen if one.identity.reach(manager) == reach]
