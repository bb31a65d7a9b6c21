"""Who is signed in."""

from __future__ import annotations

from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models


class LoginSession(AbstractBaseSession):
    """A session that says whose it is.

    No foreign key: a session may outlive its login, and opens nothing then. Deleting a login names what goes with it,
    and the key of a session is a secret.
    """

    login = models.IntegerField(null=True)  # null: nobody's yet

    @classmethod
    def get_session_store_class(cls) -> type[SessionStore]:
        from groups_app.login_sessions import SessionStore  # it imports this

        return SessionStore
