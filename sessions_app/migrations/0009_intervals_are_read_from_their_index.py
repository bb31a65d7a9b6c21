from __future__ import annotations

from django.db import migrations

TABLE = "ALTER TABLE sessions_app_usageinterval DROP CONSTRAINT sessions_app_usageinterval_pkey, ADD PRIMARY KEY "
FIGURES = "(started_at, used, borrowed, reserved, queued, total)"


class Migration(migrations.Migration):
    """The intervals of one feature lie all over their table, as polls write them: a year of it was as many places on
    disk. In the index of the key they lie side by side, so that holds all of them.
    """

    dependencies = [
        ("sessions_app", "0008_sums_from_an_index_of_their_own"),
    ]

    operations = [
        migrations.RunSQL(
            f"{TABLE} (feature_id, ended_at) INCLUDE {FIGURES}",
            f"{TABLE} (feature_id, ended_at)",
        ),
    ]
