from __future__ import annotations

from django.db import migrations, models

import licstats.names


class Migration(migrations.Migration):
    """A check of values to come; those that are stored stay as they are."""

    dependencies = [
        ("licstats", "0004_whole_sum"),
    ]

    operations = [
        migrations.AlterField(
            model_name="licenseserver",
            name="name",
            field=models.CharField(max_length=100, unique=True, validators=[licstats.names.plain_name]),
        ),
    ]
