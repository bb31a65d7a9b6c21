from __future__ import annotations

import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations, models

# Tables that grow for years are partitioned by month, which Django cannot express: their SQL stands here, and their
# state below is what `makemigrations --check` compares. Foreign keys cascade in the database.
PARTITIONED = """
CREATE TABLE sessions_app_closedsession (
    id bigint NOT NULL,
    closed_at timestamp with time zone NOT NULL,
    last_seen_at timestamp with time zone NOT NULL,
    server_id bigint NOT NULL REFERENCES licstats_licenseserver ON DELETE CASCADE,
    feature_id bigint NOT NULL REFERENCES licstats_feature ON DELETE CASCADE,
    "user" text NOT NULL,
    host text NOT NULL,
    ip text NOT NULL,
    display text NOT NULL,
    version text NOT NULL,
    server_host text NOT NULL,
    port text NOT NULL,
    handle text NOT NULL,
    place integer NOT NULL,
    used bigint NOT NULL,
    checked_out_at timestamp with time zone,
    borrow_expires_at timestamp with time zone,
    linger bigint,
    raw text NOT NULL,
    first_seen_at timestamp with time zone NOT NULL,
    PRIMARY KEY (id, closed_at)
) PARTITION BY RANGE (closed_at);
CREATE INDEX closed_feature ON sessions_app_closedsession (feature_id, closed_at);
CREATE INDEX closed_server ON sessions_app_closedsession (server_id, closed_at);
CREATE INDEX closed_user ON sessions_app_closedsession ("user", closed_at);
CREATE TABLE sessions_app_closedsession_default PARTITION OF sessions_app_closedsession DEFAULT;

CREATE TABLE sessions_app_sessionchange (
    session_id bigint NOT NULL,
    until timestamp with time zone NOT NULL,
    used bigint NOT NULL,
    borrow_expires_at timestamp with time zone,
    PRIMARY KEY (session_id, until)
) PARTITION BY RANGE (until);
CREATE TABLE sessions_app_sessionchange_default PARTITION OF sessions_app_sessionchange DEFAULT;

CREATE TABLE sessions_app_usageinterval (
    feature_id bigint NOT NULL REFERENCES licstats_feature ON DELETE CASCADE,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone NOT NULL,
    used bigint,
    borrowed bigint NOT NULL,
    reserved bigint NOT NULL,
    queued bigint NOT NULL,
    total bigint,
    PRIMARY KEY (feature_id, ended_at)
) PARTITION BY RANGE (ended_at);
CREATE TABLE sessions_app_usageinterval_default PARTITION OF sessions_app_usageinterval DEFAULT;

CREATE TABLE sessions_app_usagehour (
    feature_id bigint NOT NULL REFERENCES licstats_feature ON DELETE CASCADE,
    started_at timestamp with time zone NOT NULL,
    known_seconds double precision NOT NULL,
    used_average double precision,
    used_min bigint,
    used_max bigint,
    borrowed_average double precision NOT NULL,
    borrowed_max bigint NOT NULL,
    reserved_average double precision NOT NULL,
    reserved_max bigint NOT NULL,
    queued_average double precision NOT NULL,
    queued_max bigint NOT NULL,
    total_average double precision,
    total_min bigint,
    total_max bigint,
    PRIMARY KEY (feature_id, started_at)
) PARTITION BY RANGE (started_at);
CREATE TABLE sessions_app_usagehour_default PARTITION OF sessions_app_usagehour DEFAULT;
"""
DROP = """
DROP TABLE sessions_app_closedsession, sessions_app_sessionchange, sessions_app_usageinterval, sessions_app_usagehour;
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("licstats", "0001_initial"),
    ]

    operations = [
        TrigramExtension(),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(PARTITIONED, DROP)],
            state_operations=[
                migrations.CreateModel(
                    name="SessionChange",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "session_id", "until", blank=True, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("session_id", models.BigIntegerField()),
                        ("until", models.DateTimeField()),
                        ("used", models.BigIntegerField()),
                        ("borrow_expires_at", models.DateTimeField(null=True)),
                    ],
                ),
                migrations.CreateModel(
                    name="UsageInterval",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "feature_id", "ended_at", blank=True, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("started_at", models.DateTimeField()),
                        ("ended_at", models.DateTimeField()),
                        ("used", models.BigIntegerField(null=True)),
                        ("borrowed", models.BigIntegerField()),
                        ("reserved", models.BigIntegerField()),
                        ("queued", models.BigIntegerField()),
                        ("total", models.BigIntegerField(null=True)),
                        (
                            "feature",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="licstats.feature",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="ClosedSession",
                    fields=[
                        ("user", models.TextField()),
                        ("host", models.TextField()),
                        ("ip", models.TextField(blank=True, default="")),
                        ("display", models.TextField(blank=True, default="")),
                        ("version", models.TextField(blank=True, default="")),
                        ("server_host", models.TextField(blank=True, default="")),
                        ("port", models.TextField(blank=True, default="")),
                        ("handle", models.TextField(blank=True, default="")),
                        ("place", models.IntegerField(default=0)),
                        ("used", models.BigIntegerField()),
                        ("checked_out_at", models.DateTimeField(null=True)),
                        ("borrow_expires_at", models.DateTimeField(null=True)),
                        ("linger", models.BigIntegerField(null=True)),
                        ("raw", models.TextField(blank=True, default="")),
                        ("first_seen_at", models.DateTimeField()),
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "id", "closed_at", blank=True, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("id", models.BigIntegerField()),
                        ("closed_at", models.DateTimeField()),
                        ("last_seen_at", models.DateTimeField()),
                        (
                            "feature",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="licstats.feature",
                            ),
                        ),
                        (
                            "server",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="licstats.licenseserver",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["feature", "closed_at"], name="closed_feature"),
                            models.Index(fields=["server", "closed_at"], name="closed_server"),
                            models.Index(fields=["user", "closed_at"], name="closed_user"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="UsageHour",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "feature_id",
                                "started_at",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("known_seconds", models.FloatField()),
                        ("used_average", models.FloatField(null=True)),
                        ("used_min", models.BigIntegerField(null=True)),
                        ("used_max", models.BigIntegerField(null=True)),
                        ("borrowed_average", models.FloatField()),
                        ("borrowed_max", models.BigIntegerField()),
                        ("reserved_average", models.FloatField()),
                        ("reserved_max", models.BigIntegerField()),
                        ("queued_average", models.FloatField()),
                        ("queued_max", models.BigIntegerField()),
                        ("total_average", models.FloatField(null=True)),
                        ("total_min", models.BigIntegerField(null=True)),
                        ("total_max", models.BigIntegerField(null=True)),
                        ("started_at", models.DateTimeField()),
                        (
                            "feature",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="licstats.feature",
                            ),
                        ),
                    ],
                ),
            ],
        ),
        migrations.CreateModel(
            name="UsageDay",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "feature_id", "day", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("known_seconds", models.FloatField()),
                ("used_average", models.FloatField(null=True)),
                ("used_min", models.BigIntegerField(null=True)),
                ("used_max", models.BigIntegerField(null=True)),
                ("borrowed_average", models.FloatField()),
                ("borrowed_max", models.BigIntegerField()),
                ("reserved_average", models.FloatField()),
                ("reserved_max", models.BigIntegerField()),
                ("queued_average", models.FloatField()),
                ("queued_max", models.BigIntegerField()),
                ("total_average", models.FloatField(null=True)),
                ("total_min", models.BigIntegerField(null=True)),
                ("total_max", models.BigIntegerField(null=True)),
                ("day", models.DateField(db_index=True)),
                (
                    "feature",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="licstats.feature",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="OpenSession",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("user", models.TextField()),
                ("host", models.TextField()),
                ("ip", models.TextField(blank=True, default="")),
                ("display", models.TextField(blank=True, default="")),
                ("version", models.TextField(blank=True, default="")),
                ("server_host", models.TextField(blank=True, default="")),
                ("port", models.TextField(blank=True, default="")),
                ("handle", models.TextField(blank=True, default="")),
                ("place", models.IntegerField(default=0)),
                ("used", models.BigIntegerField()),
                ("checked_out_at", models.DateTimeField(null=True)),
                ("borrow_expires_at", models.DateTimeField(null=True)),
                ("linger", models.BigIntegerField(null=True)),
                ("raw", models.TextField(blank=True, default="")),
                ("first_seen_at", models.DateTimeField()),
                ("last_seen_at", models.DateTimeField(null=True)),
                ("missed", models.PositiveSmallIntegerField(default=0)),
                (
                    "feature",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="licstats.feature",
                    ),
                ),
                (
                    "server",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="licstats.licenseserver",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["user", "id"], name="open_user"),
                    models.Index(fields=["host", "id"], name="open_host"),
                    models.Index(fields=["used", "id"], name="open_used"),
                    models.Index(fields=["checked_out_at", "id"], name="open_checked_out"),
                    models.Index(fields=["feature", "id"], name="open_feature"),
                    models.Index(fields=["server", "id"], name="open_server"),
                    models.Index(
                        condition=models.Q(("borrow_expires_at__isnull", False)),
                        fields=["borrow_expires_at", "id"],
                        name="open_borrowed",
                    ),
                    models.Index(
                        condition=models.Q(("last_seen_at__isnull", False)), fields=["server"], name="open_unconfirmed"
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Upper("user"), name="gin_trgm_ops"
                        ),
                        name="open_user_contains",
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Upper("host"), name="gin_trgm_ops"
                        ),
                        name="open_host_contains",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("feature", "user", "host", "display", "handle", "checked_out_at", "place"),
                        name="one_open_session_of_an_identity",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
    ]
