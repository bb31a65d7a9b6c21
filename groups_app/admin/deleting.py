"""What a page says that asks before something is deleted: in words, and of nothing that the login may not see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.apps import apps
from django.http import HttpRequest

from groups_app.models import ForbiddenServer
from groups_app.visibility import Login, visible_groups
from licstats.models import LicenseServer


class NamedAloneMixin:
    """Names what is deleted and counts what goes with it. Names of that might be of forbidden license servers."""

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        _nested, counts, needed, protected = super().get_deleted_objects(objs, request)  # type: ignore[misc]
        connections = _connections()
        counts = {name: count for name, count in counts.items() if str(name) not in connections}
        return [str(each) for each in objs], counts, needed, protected


def _connections() -> set[str]:
    """What Django calls the rows that only connect two others: nobody else knows them by that."""
    models = apps.get_models(include_auto_created=True)
    return {str(model._meta.verbose_name_plural) for model in models if model._meta.auto_created}


def what_ends(servers: Iterable[LicenseServer], login: Login) -> list[str]:
    """What ends with `servers`: that they are forbidden to roles, and members of groups, of those that `login` sees."""
    rows = ForbiddenServer.objects.filter(server__in=servers).order_by("server__name", "role__name")
    forbidden = rows.values_list("server__name", "role__name")
    groups = visible_groups(login).filter(servers__in=servers).order_by("servers__name", "name")
    return [
        f"{server} is forbidden to the {roles}. That ends with it: if it is added again, forbid it again."
        for server, roles in _joined("role", forbidden)
    ] + [
        f"{server} is taken out of the {names}."
        for server, names in _joined("group", groups.values_list("servers__name", "name"))
    ]


def _joined(noun: str, pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Each first of the sorted `pairs` with all of its seconds, as `groups A, B`."""
    for first, same in groupby(pairs, itemgetter(0)):
        names = [second for _, second in same]
        yield first, f"{noun}{'s' * (len(names) > 1)} {', '.join(names)}"
