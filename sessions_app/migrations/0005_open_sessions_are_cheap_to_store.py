from __future__ import annotations

import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models

# In the place of foreign keys, which are checked row by row: whatever a feature's sessions were stored by, and however
# the feature is deleted, they go with it. A reading holds its features locked until its sessions are committed.
CASCADE = """
CREATE OR REPLACE FUNCTION drop_sessions_of_features() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM sessions_app_opensession s USING gone WHERE s.feature_id = gone.id;
    DELETE FROM sessions_app_closedsession s USING gone WHERE s.feature_id = gone.id;
    RETURN NULL;
END $$;
CREATE TRIGGER sessions_go_with_their_feature AFTER DELETE ON licstats_feature
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION drop_sessions_of_features();
"""
NO_CASCADE = """
DROP TRIGGER sessions_go_with_their_feature ON licstats_feature;
DROP FUNCTION drop_sessions_of_features();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("licstats", "0001_initial"),
        ("sessions_app", "0004_dashboard_panes"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="opensession",
            name="open_feature",
        ),
        migrations.RemoveIndex(
            model_name="opensession",
            name="open_user_contains",
        ),
        migrations.RemoveIndex(
            model_name="opensession",
            name="open_host_contains",
        ),
        migrations.AlterField(
            model_name="closedsession",
            name="feature",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="licstats.feature",
            ),
        ),
        migrations.AlterField(
            model_name="closedsession",
            name="server",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="licstats.licenseserver",
            ),
        ),
        migrations.AlterField(
            model_name="opensession",
            name="feature",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="licstats.feature",
            ),
        ),
        migrations.AlterField(
            model_name="opensession",
            name="server",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="licstats.licenseserver",
            ),
        ),
        migrations.AddIndex(
            model_name="opensession",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Upper("user"), name="gin_trgm_ops"
                ),
                gin_pending_list_limit=65536,
                name="open_user_contains",
            ),
        ),
        migrations.AddIndex(
            model_name="opensession",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Upper("host"), name="gin_trgm_ops"
                ),
                gin_pending_list_limit=65536,
                name="open_host_contains",
            ),
        ),
        migrations.RunSQL(CASCADE, NO_CASCADE),
    ]
