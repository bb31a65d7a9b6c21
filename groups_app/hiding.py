"""What is hidden from a login is changed here: by itself, by an administrator, by a fleet file, or as a default."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import structlog
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import Exists, Model, OuterRef, QuerySet

from groups_app.models import HiddenFeature, HiddenServer, VisibilityDefault
from licstats.models import LicenseServer

MANY = 1_000  # hidden at once: planned as if there were none, until PostgreSQL notices them, queries would take minutes
LONGEST_FEATURE = HiddenFeature._meta.get_field("name").max_length or 0  # characters of a name

log = structlog.get_logger(__name__)


def hide_new_server(instance: LicenseServer, created: bool, **kwargs: Any) -> None:
    """After a license server was added: hide it from the logins that are set not to see new ones."""
    if not created:
        return
    logins = VisibilityDefault.objects.filter(hide_new_servers=True).values_list("user", flat=True)
    HiddenServer.objects.bulk_create(
        (HiddenServer(user_id=login, server=instance) for login in logins), ignore_conflicts=True
    )


class SetVisibility:
    """Set what is hidden from a login. A list is the whole of it; None leaves that part as it is."""

    def __init__(
        self,
        login: AbstractBaseUser,
        servers: Sequence[LicenseServer] | None = None,
        features: Iterable[tuple[LicenseServer, str]] | None = None,
        hide_new_servers: bool | None = None,
    ) -> None:
        self.login = login
        self.servers = None if servers is None else {server.pk for server in servers}
        self.features = None if features is None else {(server.pk, name) for server, name in features}
        self.hide_new_servers = hide_new_servers

    @transaction.atomic
    def execute(self) -> list[str]:
        """The parts that changed, by the words of the fleet file."""
        _look_again(self.login)
        changed = []
        if self.servers is not None and self._set_servers(self.servers):
            changed.append("hide_servers")
        if self.features is not None and self._set_features(self.features):
            changed.append("hide_features")
        if self.hide_new_servers is not None and self._set_default(self.hide_new_servers):
            changed.append("hide_new_servers")
        return changed

    def _set_servers(self, wanted: set[int]) -> bool:
        rows = HiddenServer.objects.filter(user_id=self.login.pk)
        present = set(rows.values_list("server_id", flat=True))
        rows.filter(server_id__in=present - wanted).delete()
        HiddenServer.objects.bulk_create(
            (HiddenServer(user_id=self.login.pk, server_id=pk) for pk in wanted - present),
            ignore_conflicts=True,
        )
        return present != wanted

    def _set_features(self, wanted: set[tuple[int, str]]) -> bool:
        rows = HiddenFeature.objects.filter(user_id=self.login.pk)
        present = {(server, name): pk for pk, server, name in rows.values_list("pk", "server_id", "name")}
        rows.filter(pk__in=[present[pair] for pair in present.keys() - wanted]).delete()
        HiddenFeature.objects.bulk_create(
            (
                HiddenFeature(user_id=self.login.pk, server_id=server, name=name)
                for server, name in wanted - present.keys()
            ),
            ignore_conflicts=True,
        )
        return present.keys() != wanted

    def _set_default(self, hide: bool) -> bool:
        default, _ = VisibilityDefault.objects.get_or_create(user_id=self.login.pk)
        if default.hide_new_servers == hide:
            return False
        default.hide_new_servers = hide
        default.save(update_fields=["hide_new_servers"])
        return True


class ChangeVisibility:
    """Hide license servers and features from a login, or show them again; the rest stays as it is.

    `features` are rows with `server` and `name`. The database goes through what is chosen, however much that is.
    """

    def __init__(
        self,
        login: AbstractBaseUser,
        by: AbstractBaseUser,
        servers: QuerySet[LicenseServer] | None = None,
        features: QuerySet[Any, Any] | None = None,
    ) -> None:
        self.login = login
        self.by = by
        self.servers = LicenseServer.objects.none() if servers is None else servers
        self.features = HiddenFeature.objects.none() if features is None else features

    @transaction.atomic
    def hide(self) -> int:
        """How many are hidden now that were not."""
        servers = self._insert(HiddenServer, "server_id", self.servers.order_by().values_list("pk"))
        pairs = self.features.order_by().values_list("server", "name").distinct()
        return self._record("hidden", servers + self._insert(HiddenFeature, "server_id, name", pairs))

    @transaction.atomic
    def show(self) -> int:
        """How many are not hidden any more."""
        servers, _ = HiddenServer.objects.filter(user_id=self.login.pk, server__in=self.servers).delete()
        chosen = self.features.order_by().filter(server=OuterRef("server"), name=OuterRef("name"))
        features, _ = HiddenFeature.objects.filter(Exists(chosen), user_id=self.login.pk).delete()
        return self._record("shown", servers + features)

    def _insert(self, model: type[Model], columns: str, chosen: QuerySet[Any, Any]) -> int:
        """How many of the rows `chosen` were not there."""
        try:
            sql, params = chosen.query.sql_with_params()
        except EmptyResultSet:
            return 0
        into = f"INSERT INTO {model._meta.db_table} (user_id, {columns})"
        statement = f"{into} SELECT %s, * FROM ({sql}) chosen ON CONFLICT DO NOTHING"  # noqa: S608 - our own names
        with connection.cursor() as cursor:
            cursor.execute(statement, [self.login.pk, *params])
            count = int(cursor.rowcount)
            if count >= MANY:
                cursor.execute(f"ANALYZE {model._meta.db_table}")
        return count

    def _record(self, what: str, count: int) -> int:
        _look_again(self.login)
        if count:
            log.info("visibility changed", login=str(self.login), by=str(self.by), what=what, count=count)
        return count


def _look_again(login: AbstractBaseUser) -> None:
    """What this login was loaded with may not be right any more."""
    login.restricted = True  # type: ignore[attr-defined]
