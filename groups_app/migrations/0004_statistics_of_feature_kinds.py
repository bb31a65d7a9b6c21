from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    """Tells the planner how many kinds of features there are, so that merging adds them up in one parallel pass."""

    dependencies = [("groups_app", "0003_merged_features"), ("licstats", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "CREATE STATISTICS feature_kinds ON (HASHTEXTEXTENDED(name, HASHTEXTEXTENDED(version,"
            " HASHTEXTEXTENDED(type, HASHTEXTEXTENDED(vendor, version_listed::int))))) FROM licstats_feature",
            "DROP STATISTICS IF EXISTS feature_kinds",
        )
    ]
