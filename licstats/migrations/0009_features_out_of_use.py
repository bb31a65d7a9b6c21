from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("licstats", "0008_figures_before_names"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="feature",
            index=models.Index(
                condition=models.Q(("expired", True), ("last_listed_at__isnull", False), _connector="OR"),
                fields=["server"],
                name="feature_out_of_use",
            ),
        ),
    ]
