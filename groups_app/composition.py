"""Which license servers can be reported as one: of one license manager, and with a vendor in common.

For FlexNet a vendor is its vendor daemon. A license server that was never read has no known vendor: it may
join, with a notice. Two with one address may be members too, with a notice: they are the same licenses.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from groups_app.models import LicenseServerGroup
from licstats.managers.registry import MANAGERS
from licstats.models import Feature, LicenseServer


def check_members(servers: Sequence[LicenseServer]) -> list[str]:
    """Notices about members that cannot be checked yet or count twice; ValidationError names each that does not fit."""
    wrong = _of_other_managers(servers)
    if not wrong:
        wrong, notices = _without_common_vendor(servers)
    if wrong:
        raise ValidationError(wrong)
    return [*notices, *_counted_twice(servers)]


def check_memberships(server: LicenseServer, groups: Iterable[LicenseServerGroup]) -> None:
    """`server` as it is now, stored or not, beside the others in `groups`; ValidationError names each that breaks."""
    wrong = []
    for group in groups:
        others = group.servers.exclude(pk=server.pk).order_by("name")
        try:
            check_members([*others, server])
        except ValidationError as error:
            reasons = " ".join(error.messages)
            wrong.append(f"In the group {group}: {reasons} Take {server} out of the group first.")
    if wrong:
        raise ValidationError(wrong)


def same_addresses(server: LicenseServer, groups: QuerySet[LicenseServerGroup]) -> list[str]:
    """Notices where another member of one of `groups` has the address of `server`."""
    others = LicenseServer.objects.filter(groups__in=groups).exclude(pk=server.pk)
    twins = others.filter(manager=server.manager, address__iexact=server.address)
    return [_same_address(server, twin) for twin in twins.order_by("name").distinct()]


def _counted_twice(servers: Sequence[LicenseServer]) -> list[str]:
    first: dict[str, LicenseServer] = {}
    pairs = [(server, first.setdefault(server.address.lower(), server)) for server in servers]
    return [_same_address(server, twin) for server, twin in pairs if server != twin]


def _same_address(server: LicenseServer, twin: LicenseServer) -> str:
    return f"{server} has the same address as {twin} ({server.address}): their licenses are counted twice."


def _of_other_managers(servers: Sequence[LicenseServer]) -> list[str]:
    managers = Counter(server.manager for server in servers)
    if len(managers) <= 1:
        return []
    usual = managers.most_common(1)[0][0]
    return [
        f"{server} has the license manager {title_of(server.manager)}, the others have {title_of(usual)}: "
        "a group has license servers of one license manager."
        for server in servers
        if server.manager != usual
    ]


def title_of(manager: str) -> str:
    """What people call the license manager of this name."""
    return MANAGERS[manager].title if manager in MANAGERS else manager


def _without_common_vendor(servers: Sequence[LicenseServer]) -> tuple[list[str], list[str]]:
    vendors: dict[int, set[str]] = defaultdict(set)
    pairs = Feature.objects.filter(server__in=[server.pk for server in servers]).order_by()
    for server_id, vendor in pairs.values_list("server", "vendor").distinct():
        vendors[server_id].add(vendor)
    known = [server for server in servers if vendors[server.pk]]
    notices = [
        f"{server} was not read yet, so whether it has a vendor in common with the others is not known."
        for server in servers
        if not vendors[server.pk] and len(servers) > 1
    ]
    shared = Counter(vendor for server in known for vendor in vendors[server.pk])
    if not shared:
        return [], notices
    usual, count = min(shared.items(), key=lambda item: (-item[1], item[0]))
    wrong = [
        f"{server} has no vendor in common with the others: "
        f"it serves {', '.join(sorted(vendors[server.pk]))}, they serve {usual}."
        for server in known
        if usual not in vendors[server.pk]
    ]
    return (wrong if count < len(known) else []), notices
