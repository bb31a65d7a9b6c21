from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """They have no table: this is what Django knows of them."""

    dependencies = [
        ("groups_app", "0007_login_sessions"),
    ]

    operations = [
        migrations.AddField(
            model_name="mergedfeature",
            name="expired",
            field=models.BooleanField(),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="mergedfeature",
            name="expired_reserved",
            field=models.BigIntegerField(),
            preserve_default=False,
        ),
    ]
