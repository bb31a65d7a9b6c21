from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Sessions of logins in a table of our own, that says whose they are. Who is signed in stays so."""

    dependencies = [
        ("groups_app", "0006_names_can_be_read"),
        ("sessions", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="LoginSession",
            fields=[
                (
                    "session_key",
                    models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="session key"),
                ),
                ("session_data", models.TextField(verbose_name="session data")),
                ("expire_date", models.DateTimeField(db_index=True, verbose_name="expire date")),
                ("login", models.IntegerField(null=True)),
            ],
            options={"verbose_name": "session", "verbose_name_plural": "sessions", "abstract": False},
        ),
        # Whose the old ones are only their signed data say: the login of such a one is asked for by itself.
        migrations.RunSQL(
            """
            INSERT INTO groups_app_loginsession (session_key, session_data, expire_date)
            SELECT session_key, session_data, expire_date FROM django_session WHERE expire_date > NOW();
            DELETE FROM django_session;
            """,
            """
            INSERT INTO django_session (session_key, session_data, expire_date)
            SELECT session_key, session_data, expire_date FROM groups_app_loginsession;
            """,
        ),
    ]
