"""The X of the Action column: where it works, where it does not and why, and where a close is under way.

For grids: `offers(login, rows)` once for the rows of a page, or `group_offers(...)` where they are aggregated; then
`action_cell(offer)` in each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from html import escape
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from groups_app.visibility import sees_all, visible_features
from licstats.models import LicenseServer
from sessions_app.closing import check, tool
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


# By hand, because every page of sessions asks it, mostly for nothing.
CLOSING = f"""
SELECT session_id, state, id FROM {CloseRequest._meta.db_table} WHERE session_id = ANY(%s) AND state = ANY(%s)
"""  # noqa: S608 - our own name


def offers(login: Login, rows: Iterable[Mapping[str, Any]]) -> dict[int, Offer]:
    """By session id, what its Action cell shows. `rows` have the `row_fields` of the sessions grid.

    One query for any number of rows, none for a login without the permission; one more where something is kept from
    the login, and one for each LM-X site.
    """
    shown = {row["id"]: row for row in rows}
    if not shown or check.login_obstacle(login):
        return dict.fromkeys(shown, ABSENT)
    hidden = _hidden(login, {row["feature_id"] for row in shown.values()})
    asked = _under_way(shown)
    servers = {row["server_id"]: row for row in shown.values()}
    of_tool = cache(tool.obstacle)
    by_server = {pk: _of_server(_server(row), of_tool) for pk, row in servers.items()}
    preview = reverse("close-preview")
    return {
        pk: ABSENT
        if row["feature_id"] in hidden
        else asked.get(pk) or by_server[row["server_id"]] or _of_session(row, preview)
        for pk, row in shown.items()
    }


def group_offers(
    login: Login, queries: Iterable[str], rows: Sequence[Mapping[str, Any]], sessions: QuerySet[Any]
) -> list[Offer]:
    """What the Action cells of aggregated `rows` of `sessions` show: the ways to previews of all their sessions.

    `rows` have what they are named by (`sessions_app.grid.aggregation.Names`), and with each goes the query string by
    which the sessions grid shows its sessions. In a group, a row may have none that `login` sees. Where no session of a
    license server can be closed, its rows say why as the sessions do.
    """
    if check.login_obstacle(login):
        return [ABSENT for _ in rows]
    preview = reverse("close-preview")
    servers = {row["server_id"]: row for row in rows if row["server__name"]}  # which may be gone by now
    of_tool = cache(tool.obstacle)
    by_server = {pk: _of_server(_server(row), of_tool) for pk, row in servers.items()}
    return [
        by_server.get(row["server_id"]) or Offer(OfferState.OFFERED, url=f"{preview}?{query}") if seen else ABSENT
        for row, query, seen in zip(rows, queries, _seen(login, rows, sessions), strict=True)
    ]


def action_cell(offer: Offer, what: str = "session") -> SafeString | str:
    """The inner HTML of the Action cell. Works as a plain link, too; `what` is closed by it, for screen readers."""
    if offer.state is OfferState.OFFERED:
        what = escape(what)
        return SafeString(
            f'<a class="close-x" href="{escape(offer.url)}" data-close-preview title="Close {what}…" '
            f'aria-label="Close {what}…">{icon("close")}</a>'
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


def _hidden(login: Login, features: set[int]) -> set[int]:
    """Those of `features` that a group shows, and that `login` does not see."""
    if sees_all(login):
        return set()
    return features - set(visible_features(login).filter(pk__in=features).values_list("pk", flat=True))


def _seen(login: Login, rows: Sequence[Mapping[str, Any]], sessions: QuerySet[Any]) -> list[bool]:
    """Of each aggregated row, whether `login` sees any of its sessions."""
    if sees_all(login):
        return [True for _ in rows]
    if all("feature_id" in row for row in rows):
        hidden = _hidden(login, {row["feature_id"] for row in rows})
        return [row["feature_id"] not in hidden for row in rows]
    visible = sessions.order_by().filter(feature__in=visible_features(login))
    of_rows = visible.filter(server__in=[row["server_id"] for row in rows])
    servers = set(of_rows.values_list("server", flat=True).distinct())
    return [row["server_id"] in servers for row in rows]


def _under_way(sessions: Iterable[int]) -> dict[int, Offer]:
    with connection.cursor() as cursor:
        cursor.execute(CLOSING, [list(sessions), [str(state) for state in UNDER_WAY]])
        found = cursor.fetchall()
    address = reverse("close-progress") if found else ""
    return {
        session: Offer(OfferState.CLOSING, WORDS[CloseState(state)], f"{address}?request={pk}")
        for session, state, pk in found
    }


def _server(row: Mapping[str, Any]) -> LicenseServer:
    fields = {name: row[f"server__{name}"] for name in ("name", "manager", "site", "enabled")}
    return LicenseServer(pk=row["server_id"], **fields)


def _of_server(server: LicenseServer, of_tool: Callable[[str, str], str]) -> Offer | None:
    """What all sessions of a license server show; None where it depends on the session."""
    if not server.license_manager.can_close:
        return ABSENT
    obstacle = check.server_obstacle(server, of_tool)
    return Offer(OfferState.INACTIVE, obstacle) if obstacle else None


def _of_session(row: Mapping[str, Any], preview: str) -> Offer:
    if row["borrow_expires_at"] is not None:
        obstacle = check.session_obstacle(OpenSession(borrow_expires_at=row["borrow_expires_at"]))
        return Offer(OfferState.INACTIVE, obstacle)
    return Offer(OfferState.OFFERED, url=f"{preview}?session={row['id']}")
