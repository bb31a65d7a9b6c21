"""The worker's part of closing: everything under way on one license server, with as few queries of it as will do.

Each turn asks the license server once. That reading proves what was removed before it, and is the fresh query for
what is to be removed after it. Nothing here relies on a message coming once, or on this process living on.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain, repeat
from typing import Any

from django.conf import settings
from django.utils import timezone as clock

from licstats.managers.base import Answer, UnsafeArgument
from licstats.managers.reading import Reading, Verdict
from licstats.models import LicenseServer
from sessions_app.closing import check, record, tool
from sessions_app.closing.ask import PAGE
from sessions_app.closing.identity import Identity, Seen, seen_in, with_reach
from sessions_app.closing.prove import Proof, look, unseen_licenses
from sessions_app.closing.record import Step
from sessions_app.closing.remove import AT_ONCE, Removal, close_command, remove_all
from sessions_app.locks import Lock
from sessions_app.models import CloseRequest, CloseState
from sessions_app.models.closing import UNDER_WAY
from sessions_app.polling import poll

FRESH = 5.0  # seconds: a handle may be somebody else's by then, so the license server is asked anew
PAUSES = (0.0, 0.5, 1.0, 2.0)  # seconds between queries for a proof; then LAST_PAUSE
LAST_PAUSE = 4.0
POLL_TRIES, POLL_PAUSE = 10, 0.2  # seconds
PROOF_AFTER_FAILURE = timedelta(seconds=5)  # the tool said that it did not work, so little is to be waited for
LOST = (
    "A removal may or may not have been sent, as the worker ended in the middle of it. The session is still there; "
    "it was not removed again. Ask once more if it should go."
)
BORROWED_NOW = "What would go is borrowed now ({}): its license server does not take borrowed licenses back."
NOT_SHOWN = "Something more would go that the preview did not show: {}. Look at the preview again."


def close_on(server_id: int) -> None:
    """Works off every close under way on that license server, unless somebody is at it already.

    Whoever has the lock looks once more after letting it go, so that a request written meanwhile is not left.
    """
    while CloseRequest.objects.filter(server=server_id, state__in=UNDER_WAY).exists():
        with Lock.CLOSING.of(server_id) as held:
            if not held:
                return
            Turns(LicenseServer.objects.get(pk=server_id)).execute()


@dataclass(slots=True)
class Glance:
    """A reading with its sessions looked up by identity, and when it came by the process's clock."""

    reading: Reading
    seen: dict[Identity, Seen]
    came: float = field(default_factory=time.monotonic)

    @classmethod
    def of(cls, reading: Reading) -> Glance:
        return cls(reading, {one.identity: one for one in seen_in(reading)})

    @property
    def is_fresh(self) -> bool:
        return time.monotonic() - self.came < FRESH

    @property
    def failure(self) -> str:
        """Why it tells nothing, in the words of its problems; empty where it tells something.

        Not of those about one feature: that is no reason, and may be hidden from whoever reads this.
        """
        if self.reading.verdict is not Verdict.FAILED:
            return ""
        return "; ".join(one.message for one in self.reading.problems if not one.feature) or "it did not answer"


class Turns:
    """Query, prove, check and remove, in turns, until nothing is under way. The caller has the server's lock."""

    def __init__(self, server: LicenseServer) -> None:
        self.server = server
        self.gaps: dict[int, int | None] = {}  # licenses in use unseen before the removal, by request
        self.obstacles: dict[tuple[str, int | None, int | None], str] = {}  # of this turn
        self.learned = False  # that a session is gone which the grids may still show

    def execute(self) -> None:
        self._recover()
        pauses = chain(PAUSES, repeat(LAST_PAUSE))
        while True:
            waiting, proving = self._claim()
            if waiting:
                glance = Glance.of(poll.query(self.server)[0])
                self._prove(proving, glance)
                self._work_off(waiting, glance)
                pauses = chain(PAUSES, repeat(LAST_PAUSE))
            elif proving:
                time.sleep(next(pauses))
                self._poll(proving)
            else:
                break
        if self.learned:
            self._tell_grids()

    def _under_way(self) -> dict[str, list[CloseRequest]]:
        """By their states, in the order in which they were asked for."""
        found: dict[str, list[CloseRequest]] = {state: [] for state in UNDER_WAY}
        rows = CloseRequest.objects.filter(server=self.server, state__in=UNDER_WAY)
        for request in rows.select_related("login").order_by("pk"):
            found[request.state].append(request)
        return found

    def _recover(self) -> None:
        """Takes over what a worker left that is no more: its lock went with it."""
        left = self._under_way()
        unsent, untold = "The worker ended before a removal was sent.", "The worker ended in the middle of the removal."
        steps = [Step(one, CloseState.REQUESTED, unsent, {"attempt": None}) for one in left[CloseState.CHECKING]]
        steps += [Step(one, CloseState.VERIFYING, untold) for one in left[CloseState.REMOVING]]
        record.move_all(steps)

    def _claim(self) -> tuple[list[CloseRequest], list[CloseRequest]]:
        """Requests to be checked, new ones and those that the last reading was too old for; and those to be proved."""
        found = self._under_way()
        new, attempt = found[CloseState.REQUESTED], {"attempt": uuid.uuid4()}
        claimed = record.move_all([Step(request, CloseState.CHECKING, fields=attempt) for request in new])
        return found[CloseState.CHECKING] + claimed, found[CloseState.VERIFYING]

    def _poll(self, proving: list[CloseRequest]) -> None:
        """One query that proves and tells the grids; only the first where a poll that asked earlier is under way."""
        try:
            poll.PollServer(self.server).execute(lambda reading: self._prove(proving, Glance.of(reading)))
        except poll.AlreadyPolled:
            self._prove(proving, Glance.of(poll.query(self.server)[0]))
        else:
            self.learned = False

    def _work_off(self, waiting: list[CloseRequest], glance: Glance) -> None:
        self.obstacles.clear()
        ends = {request.pk: self._end_before(request, glance) for request in waiting}
        moved = record.move_all([end for end in ends.values() if end])
        self._learn(moved)
        ready: dict[tuple[str, ...], list[CloseRequest]] = {}
        for request in waiting:
            if not ends[request.pk]:
                reach = Identity.of_request(request).reach(self.server.manager)
                ready.setdefault(reach, []).append(request)
        removals = [one for reach, requests in ready.items() if (one := self._removal(reach, requests, glance))]
        for first in range(0, len(removals), AT_ONCE):
            if first and not glance.is_fresh:
                return  # the next turn begins with a fresh query
            remove_all(removals[first : first + AT_ONCE])

    def _end_before(self, request: CloseRequest, glance: Glance) -> Step | None:
        """How `request` ends without a removal; None where it may go on to it."""
        obstacle = self._obstacle(request)
        if obstacle:
            return Step(request, CloseState.REFUSED, f"Nothing was removed. {obstacle}")
        if glance.failure:
            message = f"{self.server} could not be asked, so nothing was removed: {glance.failure}."
            return Step(request, CloseState.FAILED, message)
        identity = Identity.of_request(request)
        proof = look(glance.reading, glance.seen, identity)
        if proof is Proof.GONE:
            return Step(request, CloseState.ALREADY_GONE, self._gone(identity, glance))
        return Step(request, CloseState.FAILED, self._untold()) if proof is Proof.UNKNOWN else None

    def _obstacle(self, request: CloseRequest) -> str:
        """What has come up since the request was made; asked once in a turn for each login and feature."""
        key = (request.login_name, request.login_id, request.feature_id)
        if key not in self.obstacles:
            self.obstacles[key] = self._obstacle_of_login(request) or self._obstacle_of_server()
        return self.obstacles[key]

    def _obstacle_of_login(self, request: CloseRequest) -> str:
        if request.login is None:
            return f"The login {request.login_name} was deleted meanwhile." if request.origin == PAGE else ""
        visible = check.is_visible(request.login, request.feature_id)
        return check.login_obstacle(request.login) or ("" if visible else check.NOT_VISIBLE)

    def _obstacle_of_server(self) -> str:
        self.server.refresh_from_db(fields=["enabled", "address", "site"])
        if tool.needs_check(self.server.manager) and tool.obstacle(self.server.site, self.server.manager):
            tool.check(self.server.site, self.server.license_manager)
        return check.server_obstacle(self.server)

    def _removal(self, reach: tuple[str, ...], requests: list[CloseRequest], glance: Glance) -> Removal | None:
        """The one command for `requests`, after a last look at all that it would take; None where there is none."""
        taken = with_reach(glance.seen.values(), self.server.manager, reach)
        try:
            argv = close_command(self.server, glance.seen[Identity.of_request(requests[0])])
        except UnsafeArgument as unsafe:
            self._end(requests, CloseState.REFUSED, f"Nothing was removed. {unsafe}")
            return None
        if self._refused(requests, taken):
            return None
        for request in requests:
            self.gaps[request.pk] = unseen_licenses(glance.reading, Identity.of_request(request))
        shown = [tool.without_secrets(argument) for argument in argv]
        self._end(
            [request for request in requests if request.dry_run],
            CloseState.DRY_RUN,
            "Dry run: it is the same session, and nothing was removed.",
            command=shown,
        )
        meant = [request for request in requests if not request.dry_run]
        return Removal(self.server, meant, argv) if meant else None

    def _refused(self, requests: list[CloseRequest], taken: list[Seen]) -> bool:
        """Whether the command must not be run though each session is there, for what else it would take."""
        shown = {Identity.of_request(request) for request in requests}
        shown |= {Identity.from_json(stored) for request in requests for stored in request.also}
        borrowed = [one.identity for one in taken if one.session.borrow_expires_at is not None]
        more = [one.identity for one in taken if one.identity not in shown]
        why, against = (BORROWED_NOW, borrowed) if borrowed else (NOT_SHOWN, more)
        for request in requests if against else ():
            self._end([request], CloseState.REFUSED, f"Nothing was removed. {why.format(named(against, request))}")
        return bool(against)

    def _prove(self, proving: Iterable[CloseRequest], glance: Glance) -> None:
        steps = [self._after(request, glance) for request in proving]
        self._learn(record.move_all([step for step in steps if step]))

    def _after(self, request: CloseRequest, glance: Glance) -> Step | None:
        """How `request` ends after its removal; None while that is not told and may still be."""
        gap = self.gaps.get(request.pk)
        proof = look(glance.reading, glance.seen, Identity.of_request(request), gap)
        if proof is Proof.GONE:
            return self._proved(request)
        return self._give_up(request, proof) if clock.now() > self._patience(request) else None

    def _learn(self, moved: Iterable[CloseRequest]) -> None:
        if any(request.state in (CloseState.CLOSED, CloseState.ALREADY_GONE) for request in moved):
            self.learned = True

    def _tell_grids(self) -> None:
        """The grids learn now what is gone, not with the next poll.

        A poll that is under way may have asked before the removal: another one follows it.
        """
        for _ in range(POLL_TRIES):
            try:
                poll.PollServer(self.server).execute()
            except poll.AlreadyPolled:
                time.sleep(POLL_PAUSE)
            else:
                return
        LicenseServer.objects.filter(pk=self.server.pk).update(next_poll_at=clock.now())

    def _proved(self, request: CloseRequest) -> Step:
        if request.answered == Answer.GONE:
            return Step(request, CloseState.ALREADY_GONE, request.message)
        took = (clock.now() - self._sent(request)).total_seconds()
        message = f"The license is back in the pool: gone from {self.server} {took:.1f} s after the removal was sent."
        return Step(request, CloseState.CLOSED, message)

    def _sent(self, request: CloseRequest) -> datetime:
        return request.sent_at or request.moved_at

    def _patience(self, request: CloseRequest) -> datetime:
        """Until when a proof is waited for. A tool whose worker ended may live on for its own time-out."""
        if not request.answered:
            return self._sent(request) + PROOF_AFTER_FAILURE + self.server.timeout
        if request.answered != Answer.SENT:
            return self._sent(request) + PROOF_AFTER_FAILURE
        return self._sent(request) + timedelta(seconds=settings.LICSTATS_CLOSE_PROOF)

    def _give_up(self, request: CloseRequest, proof: Proof) -> Step:
        untold = f"{self.server} has not told since whether the session is gone."
        if request.answered in (Answer.FAILED, Answer.GONE):
            there = "The session is still there." if proof is Proof.THERE else untold
            return Step(request, CloseState.FAILED, f"{request.message} {there}")
        if proof is Proof.UNKNOWN:
            return Step(request, CloseState.TIMED_OUT, f"A removal was sent, but {untold}")
        if not request.answered:
            return Step(request, CloseState.FAILED, LOST)
        after = (clock.now() - self._sent(request)).total_seconds()
        message = f"{self.server} took the removal without a word, but {after:.0f} s later the session was there."
        return Step(request, CloseState.TIMED_OUT, message)

    def _gone(self, identity: Identity, glance: Glance) -> str:
        heirs = [
            one
            for one in glance.seen
            if identity.handle
            and (one.vendor, one.feature, one.server_host, one.port, one.handle)
            == (identity.vendor, identity.feature, identity.server_host, identity.port, identity.handle)
        ]
        if heirs:
            heir = f"{heirs[0].user} on {heirs[0].host}"
            return f"It had ended; its handle {identity.handle} belongs to {heir} now. Nothing was removed."
        return f"It had ended before anything was sent: {self.server} does not list it any more. Nothing was removed."

    def _untold(self) -> str:
        return (
            f"The answer of {self.server} is not whole or lists the feature no more, and the session is not in it. "
            "Nothing was removed; see its problems on the license servers page."
        )

    def _end(self, requests: Iterable[CloseRequest], state: CloseState, message: str, **fields: Any) -> None:
        record.move_all([Step(request, state, message, fields) for request in requests])


def named(sessions: Sequence[Identity], request: CloseRequest) -> str:
    """Those of the feature of `request` by name; others are counted, as who reads it may not see their features."""
    own = [one for one in sessions if (one.vendor, one.feature) == (request.vendor, request.feature_name)]
    parts = [*dict.fromkeys(f"{one.user} on {one.host}, {one.feature}" for one in own)]
    if others := len(sessions) - len(own):
        parts.append("1 session of another feature" if others == 1 else f"{others} sessions of other features")
    return "; ".join(parts)
