from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    """Groups merge by Feature.kind now, of which PostgreSQL keeps statistics as of every column."""

    dependencies = [
        ("groups_app", "0004_statistics_of_feature_kinds"),
        ("licstats", "0003_kind_of_feature"),
    ]

    operations = [
        migrations.RunSQL(
            "DROP STATISTICS IF EXISTS feature_kinds",
            "CREATE STATISTICS feature_kinds ON (HASHTEXTEXTENDED(name, HASHTEXTEXTENDED(version,"
            " HASHTEXTEXTENDED(type, HASHTEXTEXTENDED(vendor, version_listed::int))))) FROM licstats_feature",
        )
    ]
