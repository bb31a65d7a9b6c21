from __future__ import annotations

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import groups_app.names


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("groups_app", "0001_initial"),
        ("licstats", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="HostGroup",
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
                    "members",
                    models.TextField(
                        blank=True,
                        help_text="A name or a pattern on each line: * stands for any text, ? for one character. Case does not matter.",
                        validators=[groups_app.names.check_entries],
                    ),
                ),
            ],
            options={
                "verbose_name": "host group",
                "ordering": ["name"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="UserGroup",
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
                    "members",
                    models.TextField(
                        blank=True,
                        help_text="A name or a pattern on each line: * stands for any text, ? for one character. Case does not matter.",
                        validators=[groups_app.names.check_entries],
                    ),
                ),
            ],
            options={
                "verbose_name": "user group",
                "ordering": ["name"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="VisibilityDefault",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="visibility_default",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("hide_new_servers", models.BooleanField(default=False)),
            ],
        ),
        migrations.AlterField(
            model_name="licenseservergroup",
            name="servers",
            field=models.ManyToManyField(
                blank=True, related_name="groups", to="licstats.licenseserver", verbose_name="license servers"
            ),
        ),
        migrations.CreateModel(
            name="ForbiddenServer",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                (
                    "role",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="forbidden_servers",
                        to="auth.group",
                    ),
                ),
                (
                    "server",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="licstats.licenseserver",
                        verbose_name="license server",
                    ),
                ),
            ],
            options={
                "verbose_name": "forbidden license server",
                "ordering": ["role__name", "server__name"],
                "constraints": [models.UniqueConstraint(fields=("role", "server"), name="server_forbidden_once")],
            },
        ),
        migrations.CreateModel(
            name="HiddenFeature",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("name", models.CharField(max_length=300)),
                (
                    "server",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="licstats.licenseserver",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="hidden_features",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("user", "server", "name"), name="feature_hidden_once")],
            },
        ),
        migrations.CreateModel(
            name="HiddenServer",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                (
                    "server",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="licstats.licenseserver",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="hidden_servers",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("user", "server"), name="server_hidden_once")],
            },
        ),
    ]
