"""The X of the Action column: where it works, where it does not and why, and where a close is under way.

For grids: `offers(login, rows)` once for the rows of a page, then `action_cell(offer)` in each. An aggregated row takes
`group_offer(login, query)`, with the query string by which the sessions grid shows that row's sessions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from groups_app.visibility import visible_features
from licstats.models import LicenseServer
from sessions_app.closing import check
from sessions_app.closing.check import Login
from sessions_app.models import CloseRequest, CloseState, OpenSession
from sessions_app.models.closing import UNDER_WAY
from sessions_app.templatetags.licstats import icon


class OfferState(StrEnum):
    """What the Action cell of a row shows."""

    OFFERED = "offered"  # an X
    INACTIVE = "inactive"  # a grey X with the reason on hover
    CLOSING = "closing"  # how far it is
    ABSENT = "absent"  # nothing


@dataclass(frozen=True, slots=True)
class Offer:
    """`reason` why it is not offered, or how far it is; `url` of the preview, or of the close that is under way."""

    state: OfferState
    reason: str = ""
    url: str = ""


ABSENT = Offer(OfferState.ABSENT)
WORDS = {
    CloseState.REQUESTED: "Closing…",
    CloseState.CHECKING: "Checking…",
    CloseState.REMOVING: "Removing…",
    CloseState.VERIFYING: "Verifying…",
}


def offers(login: Login, rows: Iterable[Mapping[str, Any]]) -> dict[int, Offer]:
    """By session id, what its Action cell shows. `rows` have `id`, `feature_id` and `borrow_expires_at`.

    Two queries for any number of rows (one more for each LM-X site), none for a login without the permission.
    """
    shown = {row["id"]: row for row in rows}
    if not shown or check.login_obstacle(login):
        return dict.fromkeys(shown, ABSENT)
    asked = {
        request.session_id: request
        for request in CloseRequest.objects.filter(session_id__in=list(shown), state__in=UNDER_WAY)
    }
    servers = _servers(login, {row["feature_id"] for row in shown.values()})
    obstacles = {server.pk: check.server_obstacle(server) for server in servers.values()}
    return {pk: _offer(row, servers.get(row["feature_id"]), obstacles, asked.get(pk)) for pk, row in shown.items()}


def group_offer(login: Login, query: str) -> Offer:
    """What the Action cell of an aggregated row shows: the way to a preview of all its sessions."""
    if check.login_obstacle(login):
        return ABSENT
    return Offer(OfferState.OFFERED, url=f"{reverse('close-preview')}?{query}")


def action_cell(offer: Offer, what: str = "session") -> SafeString | str:
    """The inner HTML of the Action cell. Works as a plain link, too; `what` is closed by it, for screen readers."""
    if offer.state is OfferState.OFFERED:
        return format_html(
            '<a class="close-x" href="{}" data-close-preview title="Close {}…" aria-label="Close {}…">{}</a>',
            offer.url,
            what,
            what,
            icon("close"),
        )
    if offer.state is OfferState.CLOSING:
        return format_html(
            '<a class="close-state" href="{}" data-close-preview title="Being closed">{}</a>', offer.url, offer.reason
        )
    if offer.state is OfferState.INACTIVE:
        return format_html(
            '<span class="close-x" title="{}" tabindex="0" role="note" aria-label="Cannot be closed: {}">{}</span>',
            offer.reason,
            offer.reason,
            icon("close"),
        )
    return ""


def _servers(login: Login, feature_ids: set[int]) -> dict[int, LicenseServer]:
    """By feature id, its license server, as far as `login` sees both."""
    features = (
        visible_features(login)
        .filter(pk__in=feature_ids)
        .select_related("server")
        .only("server__name", "server__manager", "server__site", "server__enabled")
    )
    servers: dict[int, LicenseServer] = {}
    return {feature.pk: servers.setdefault(feature.server_id, feature.server) for feature in features}


def _offer(
    row: Mapping[str, Any],
    server: LicenseServer | None,
    obstacles: Mapping[int, str],
    asked: CloseRequest | None,
) -> Offer:
    if server is None or not server.license_manager.can_close:
        return ABSENT
    if asked:
        url = f"{reverse('close-progress')}?{urlencode({'request': asked.pk})}"
        return Offer(OfferState.CLOSING, WORDS[CloseState(asked.state)], url)
    obstacle = obstacles[server.pk] or check.session_obstacle(OpenSession(borrow_expires_at=row["borrow_expires_at"]))
    if obstacle:
        return Offer(OfferState.INACTIVE, obstacle)
    return Offer(OfferState.OFFERED, url=f"{reverse('close-preview')}?{urlencode({'session': row['id']})}")
