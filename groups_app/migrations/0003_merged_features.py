from __future__ import annotations

from django.db import migrations, models

import licstats.managers.reading


class Migration(migrations.Migration):
    dependencies = [
        ("groups_app", "0002_user_and_host_groups_visibility_and_forbidden_servers"),
    ]

    operations = [
        migrations.CreateModel(
            name="MergedFeature",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "name", "version", "type", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.TextField()),
                ("version", models.TextField()),
                (
                    "type",
                    models.TextField(
                        choices=[
                            (licstats.managers.reading.FeatureType["FLOATING"], "Floating"),
                            (licstats.managers.reading.FeatureType["NODE_LOCKED"], "Node-locked"),
                            (licstats.managers.reading.FeatureType["TOKEN"], "Token"),
                        ]
                    ),
                ),
                ("vendor", models.TextField()),
                ("used", models.BigIntegerField(null=True)),
                ("borrowed", models.BigIntegerField()),
                ("reserved", models.BigIntegerField()),
                ("queued", models.BigIntegerField()),
                ("total", models.BigIntegerField(null=True)),
                ("available", models.BigIntegerField(null=True)),
                ("utilization", models.FloatField(null=True)),
                ("expires", models.DateField(null=True)),
                ("permanent", models.BooleanField()),
                ("adds_up", models.BooleanField()),
                ("members", models.IntegerField()),
                ("left_out", models.IntegerField()),
                ("last_update", models.DateTimeField()),
                ("interval", models.DurationField()),
            ],
            options={
                "ordering": ["name", "version", "type"],
                "managed": False,
                "default_permissions": (),
            },
        ),
    ]
