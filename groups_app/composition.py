"""Which license servers can be reported as one: of one license manager, and with a vendor in common.

For FlexNet a vendor is its vendor daemon. A license server that was never read has no known vendor: it may
join, with a notice. Two with an address in common may be members too, with a notice: they are the same licenses.

What a license server serves may change after it has joined: `misfits` tells of groups that no longer keep the rule.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet

from groups_app.models import LicenseServerGroup
from licstats.managers.addresses import share_a_machine
from licstats.managers.registry import MANAGERS
from licstats.models import Feature, LicenseServer

Vendors = Mapping[int, set[str]]  # by the license server's key; of one that has none, nothing is known


def check_members(servers: Sequence[LicenseServer]) -> list[str]:
    """Notices about members that cannot be checked yet or count twice; ValidationError names each that does not fit."""
    vendors = _vendors_of(servers)
    if wrong := _wrong(servers, vendors):
        raise ValidationError(wrong)
    return [*_not_known(servers, vendors), *_counted_twice(combinations(servers, 2))]


def misfits(groups: Collection[LicenseServerGroup]) -> dict[int, list[str]]:
    """By the group's key, a sentence for each member that does not fit to the others now; two queries."""
    pairs = LicenseServerGroup.servers.through.objects.filter(licenseservergroup__in=groups)
    members: dict[int, list[LicenseServer]] = defaultdict(list)
    for pair in pairs.select_related("licenseserver").order_by("licenseserver__name"):
        members[pair.licenseservergroup_id].append(pair.licenseserver)
    vendors = _vendors_of({server for servers in members.values() for server in servers})
    found = {group: _wrong(servers, vendors) for group, servers in members.items()}
    return {group: sentences for group, sentences in found.items() if sentences}


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
    """Notices where another member of one of `groups` is `server` by its address."""
    others = LicenseServer.objects.filter(groups__in=groups, manager=server.manager).exclude(pk=server.pk)
    return _counted_twice((other, server) for other in others.order_by("name").distinct())


def _counted_twice(pairs: Iterable[tuple[LicenseServer, LicenseServer]]) -> list[str]:
    return [
        f"{server} ({server.address}) and {twin} ({twin.address}) are one license server by their addresses: "
        "its licenses are counted twice."
        for twin, server in pairs
        if share_a_machine(server.address, twin.address)
    ]


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


def _vendors_of(servers: Collection[LicenseServer]) -> Vendors:
    """What each serves by its last reading; where that has nothing, what it served before. One query."""
    listed, known = defaultdict(set), defaultdict(set)
    features = Feature.objects.filter(server__in=[server.pk for server in servers]).order_by()
    pairs = features.annotate(listed=Q(last_listed_at=None)).values_list("server", "vendor", "listed")
    for server, vendor, is_listed in pairs.distinct():
        known[server].add(vendor)
        if is_listed:
            listed[server].add(vendor)
    return {**known, **listed}


def _wrong(servers: Sequence[LicenseServer], vendors: Vendors) -> list[str]:
    return _of_other_managers(servers) or _without_common_vendor(servers, vendors)


def _not_known(servers: Sequence[LicenseServer], vendors: Vendors) -> list[str]:
    return [
        f"{server} was not read yet, so whether it has a vendor in common with the others is not known."
        for server in servers
        if server.pk not in vendors and len(servers) > 1
    ]


def _without_common_vendor(servers: Sequence[LicenseServer], vendors: Vendors) -> list[str]:
    known = [server for server in servers if server.pk in vendors]
    shared = Counter(vendor for server in known for vendor in vendors[server.pk])
    usual = min(shared, key=lambda vendor: (-shared[vendor], vendor), default="")
    return [
        f"{server} has no vendor in common with the others: "
        f"it serves {', '.join(sorted(vendors[server.pk]))}, they serve {usual}."
        for server in known
        if usual not in vendors[server.pk]
    ]
