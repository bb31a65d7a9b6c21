"""Which license servers can be reported as one: of one license manager, and with a vendor in common.

For FlexNet a vendor is its vendor daemon. A license server that was never read has no known vendor: it may
join, with a notice.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from django.core.exceptions import ValidationError

from licstats.managers.registry import MANAGERS
from licstats.models import Feature, LicenseServer


def check_members(servers: Sequence[LicenseServer]) -> list[str]:
    """Notices about members that cannot be checked yet; ValidationError names each that does not fit."""
    wrong = _of_other_managers(servers)
    if not wrong:
        wrong, notices = _without_common_vendor(servers)
    if wrong:
        raise ValidationError(wrong)
    return notices


def _of_other_managers(servers: Sequence[LicenseServer]) -> list[str]:
    managers = Counter(server.manager for server in servers)
    if len(managers) <= 1:
        return []
    usual = managers.most_common(1)[0][0]
    return [
        f"{server} has the license manager {_title(server.manager)}, the others have {_title(usual)}: "
        "a group has license servers of one license manager."
        for server in servers
        if server.manager != usual
    ]


def _title(manager: str) -> str:
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
