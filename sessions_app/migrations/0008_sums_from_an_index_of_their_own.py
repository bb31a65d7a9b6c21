from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Sums by feature and user read half as much: of the index of identities they needed three columns of eight."""

    dependencies = [
        ("sessions_app", "0007_sums_from_the_index_of_identities"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="opensession",
            name="one_open_session_of_an_identity",
        ),
        migrations.AddConstraint(
            model_name="opensession",
            constraint=models.UniqueConstraint(
                fields=("feature", "user", "host", "display", "handle", "checked_out_at", "place"),
                name="one_open_session_of_an_identity",
                nulls_distinct=False,
            ),
        ),
        migrations.AddIndex(
            model_name="opensession",
            index=models.Index(fields=["feature", "user"], include=("used",), name="open_feature_user"),
        ),
    ]
