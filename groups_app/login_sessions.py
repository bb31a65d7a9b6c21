"""The sessions of logins, kept as Django keeps them. Each is read with its login, because a request needs both."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends import db
from django.utils import timezone

from groups_app.logins import LOGIN, bring, login_of
from groups_app.models import LoginSession
from licstats.planned import first_row

# By hand: the ORM takes several times as long to write this query as PostgreSQL to answer it.
WITH_LOGIN = f"""
SELECT session.session_data, {LOGIN}
FROM {LoginSession._meta.db_table} session LEFT JOIN {User._meta.db_table} u ON u.id = session.login
WHERE session.session_key = %s AND session.expire_date > %s
"""  # noqa: S608 - our own names; what varies are parameters


class SessionStore(db.SessionStore):
    """SESSION_ENGINE."""

    @classmethod
    def get_model_class(cls) -> type[LoginSession]:
        return LoginSession

    def create_model_instance(self, data: dict[str, Any]) -> LoginSession:
        session = cast(LoginSession, super().create_model_instance(data))
        session.login = data.get(SESSION_KEY)
        return session

    def load(self) -> dict[str, Any]:
        found = first_row(WITH_LOGIN, [self.session_key, timezone.now()])
        bring(login_of(found[1:]) if found else None)
        if not found:
            self._session_key = None
            return {}
        data: dict[str, Any] = self.decode(found[0])
        return data
