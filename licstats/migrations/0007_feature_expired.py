from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.utils import timezone


def by_their_dates(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    """What the last reading said is not known here: today's date is next to it, until the next one says."""
    apps.get_model("licstats", "Feature").objects.filter(expires__lt=timezone.localdate()).update(expired=True)


class Migration(migrations.Migration):
    """Whether licenses have expired is told with their total, by the same reading."""

    dependencies = [
        ("licstats", "0006_bounds_in_our_words"),
    ]

    operations = [
        migrations.AddField(
            model_name="feature",
            name="expired",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.RunPython(by_their_dates, migrations.RunPython.noop),
    ]
