from __future__ import annotations

from datetime import timedelta

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import migrations, models


class Migration(migrations.Migration):
    """What is said of an interval or a time-out out of bounds; the bounds and the table stay."""

    dependencies = [
        ("licstats", "0005_names_can_be_read"),
    ]

    operations = [
        migrations.AlterField(
            model_name="licenseserver",
            name="interval",
            field=models.DurationField(
                default=timedelta(seconds=60),
                validators=[
                    MinValueValidator(timedelta(seconds=5), "It must be 5 s or longer."),
                    MaxValueValidator(timedelta(days=1), "It must be 1 d or shorter."),
                ],
            ),
        ),
        migrations.AlterField(
            model_name="licenseserver",
            name="timeout",
            field=models.DurationField(
                default=timedelta(seconds=15),
                help_text="A tool that has not answered by then is killed.",
                validators=[
                    MinValueValidator(timedelta(seconds=1), "It must be 1 s or longer."),
                    MaxValueValidator(timedelta(minutes=10), "It must be 10 min or shorter."),
                ],
                verbose_name="time-out",
            ),
        ),
    ]
