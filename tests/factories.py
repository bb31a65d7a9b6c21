"""Model instances for tests; each gives what is needed for a row and nothing more."""

from __future__ import annotations

from datetime import UTC, datetime

import factory
from django.contrib.auth import get_user_model
from factory.django import DjangoModelFactory

from licstats.models import Feature, LicenseServer
from sessions_app.models import OpenSession, UsageInterval

NOON = datetime(2026, 3, 16, 12, 0, tzinfo=UTC)  # a Monday


class UserFactory(DjangoModelFactory):
    class Meta:
        model = get_user_model()
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"login{n}")
    password = factory.django.Password("a long enough password")


class LicenseServerFactory(DjangoModelFactory):
    class Meta:
        model = LicenseServer

    name = factory.Sequence(lambda n: f"server{n}")
    manager = "flexnet"
    address = factory.LazyAttribute(lambda server: f"27000@{server.name}")
    status = "up"
    verdict = "complete"
    asked_at = read_at = NOON


class FeatureFactory(DjangoModelFactory):
    class Meta:
        model = Feature

    server = factory.SubFactory(LicenseServerFactory)
    vendor = "vendord"
    name = factory.Sequence(lambda n: f"feature{n}")
    version = "1.0"
    type = "floating"
    total = 10
    used = 0
    expired = factory.LazyAttribute(lambda feature: feature.expires is not None and feature.expires < NOON.date())
    expires = None
    since = NOON


class OpenSessionFactory(DjangoModelFactory):
    class Meta:
        model = OpenSession

    feature = factory.SubFactory(FeatureFactory)
    server = factory.SelfAttribute("feature.server")
    user = factory.Sequence(lambda n: f"user{n}")
    host = factory.Sequence(lambda n: f"host{n}")
    display = ":0.0"
    version = "v1.0"
    server_host = "server"
    port = "27000"
    handle = factory.Sequence(lambda n: str(100 + n))
    used = 1
    checked_out_at = first_seen_at = NOON


class UsageIntervalFactory(DjangoModelFactory):
    """A past one: say from when until when, and what was used."""

    class Meta:
        model = UsageInterval

    feature = factory.SubFactory(FeatureFactory)
    used = borrowed = reserved = queued = 0
    total = 10
