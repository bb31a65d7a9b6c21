"""Signing in as Django does it, and what else pages need to know of a login from the beginning."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.db import connection

from groups_app.models import ForbiddenServer, HiddenFeature, HiddenServer
from licstats.planned import first_row

COLUMNS = [field.attname for field in User._meta.concrete_fields]
# What is selected of a login `u`. By hand, because every request asks it: the ORM would take longer to write it than
# PostgreSQL to answer. An array, because a join takes PostgreSQL longer to plan than the rest.
LOGIN = f"""{", ".join(f"u.{column}" for column in COLUMNS)},
    EXISTS (SELECT FROM {HiddenServer._meta.db_table} h WHERE h.user_id = u.id)
    OR EXISTS (SELECT FROM {HiddenFeature._meta.db_table} h WHERE h.user_id = u.id)
    OR EXISTS (SELECT FROM {ForbiddenServer._meta.db_table} f WHERE f.role_id = ANY(
        ARRAY(SELECT group_id FROM {User.groups.through._meta.db_table} role WHERE role.user_id = u.id)))"""  # noqa: S608
ONE_LOGIN = f"SELECT {LOGIN} FROM {User._meta.db_table} u WHERE u.id = %s"  # noqa: S608 - our own names; what varies is a parameter

# The login that was read together with the session of this request; Django tells its backends no more than the number.
_brought: ContextVar[User | None] = ContextVar("_brought", default=None)


def login_of(values: Sequence[Any]) -> User | None:
    """The login that was selected by LOGIN; None where there was none."""
    *columns, restricted = values
    if columns[COLUMNS.index("id")] is None:
        return None
    user = User.from_db(connection.alias, COLUMNS, columns)
    user.restricted = restricted  # type: ignore[attr-defined]
    return user


def bring(login: User | None) -> None:
    """Has the next question for this login answered by it, so that nothing older than its session ever is."""
    _brought.set(login)


class LoginBackend(ModelBackend):
    """Django's own. A login's `restricted` says whether anything may be kept from it; mostly nothing is."""

    def get_user(self, user_id: int) -> User | None:
        user = _brought.get()
        bring(None)
        if user is None or user.pk != user_id:
            user = _read(user_id)
        return user if self.user_can_authenticate(user) else None


def _read(user_id: int) -> User | None:
    found = first_row(ONE_LOGIN, [user_id])
    return login_of(found) if found else None
