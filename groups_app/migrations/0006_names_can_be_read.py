from __future__ import annotations

from django.db import migrations, models

import licstats.names


class Migration(migrations.Migration):
    """As of license servers: a check of values to come."""

    dependencies = [
        ("groups_app", "0005_kinds_without_statistics"),
    ]

    operations = [
        migrations.AlterField(
            model_name="hostgroup",
            name="name",
            field=models.CharField(max_length=100, unique=True, validators=[licstats.names.plain_name]),
        ),
        migrations.AlterField(
            model_name="licenseservergroup",
            name="name",
            field=models.CharField(max_length=100, unique=True, validators=[licstats.names.plain_name]),
        ),
        migrations.AlterField(
            model_name="usergroup",
            name="name",
            field=models.CharField(max_length=100, unique=True, validators=[licstats.names.plain_name]),
        ),
    ]
