from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    """SUM(bigint) makes a numeric of each sum: adding up 400,000 features by kind took half as long again."""

    dependencies = [
        ("licstats", "0003_kind_of_feature"),
    ]

    operations = [
        migrations.RunSQL(
            "CREATE OR REPLACE AGGREGATE whole_sum(bigint)"
            " (SFUNC = int8pl, STYPE = bigint, COMBINEFUNC = int8pl, PARALLEL = SAFE)",
            "DROP AGGREGATE IF EXISTS whole_sum(bigint)",
        )
    ]
