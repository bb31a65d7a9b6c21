"""Signing in as Django does it, and what else pages need to know of a login from the beginning."""

from __future__ import annotations

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.db import connection

from groups_app.models import ForbiddenServer, HiddenFeature, HiddenServer

COLUMNS = [field.attname for field in User._meta.concrete_fields]
# By hand, because every request asks it: the ORM would take longer to write it than PostgreSQL to answer. An array,
# because a join takes PostgreSQL longer to plan than the rest.
WITH_RESTRICTED = f"""
SELECT {", ".join(f"u.{column}" for column in COLUMNS)},
    EXISTS (SELECT FROM {HiddenServer._meta.db_table} h WHERE h.user_id = u.id)
    OR EXISTS (SELECT FROM {HiddenFeature._meta.db_table} h WHERE h.user_id = u.id)
    OR EXISTS (SELECT FROM {ForbiddenServer._meta.db_table} f WHERE f.role_id = ANY(
        ARRAY(SELECT group_id FROM {User.groups.through._meta.db_table} role WHERE role.user_id = u.id)))
FROM {User._meta.db_table} u WHERE u.id = %s
"""  # noqa: S608 - our own names; what varies is a parameter


class LoginBackend(ModelBackend):
    """Django's own. A login's `restricted` says whether anything may be kept from it; mostly nothing is."""

    def get_user(self, user_id: int) -> User | None:
        with connection.cursor() as cursor:
            cursor.execute(WITH_RESTRICTED, [user_id])
            found = cursor.fetchone()
        if found is None:
            return None
        *values, restricted = found
        user = User.from_db(connection.alias, COLUMNS, values)
        user.restricted = restricted  # type: ignore[attr-defined]
        return user if self.user_can_authenticate(user) else None
