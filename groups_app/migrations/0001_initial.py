from __future__ import annotations

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("licstats", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="LicenseServerGroup",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                (
                    "name",
                    models.CharField(
                        max_length=100,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[^\\s/:,;][^\\n\\r\\t/:,;]*\\Z",
                                "A name begins with a visible character and has no line break, tab, slash, colon, comma or semicolon.",
                            )
                        ],
                    ),
                ),
                ("description", models.CharField(blank=True, max_length=500)),
                (
                    "servers",
                    models.ManyToManyField(blank=True, related_name="groups", to="licstats.licenseserver"),
                ),
            ],
            options={
                "verbose_name": "license server group",
                "ordering": ["name"],
            },
        ),
    ]
