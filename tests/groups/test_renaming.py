"""Addresses and pinned panes go by names: whoever gives a group another one is told."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from groups_app.models import HostGroup, LicenseServerGroup, UserGroup
from tests.groups.administering import said

pytestmark = pytest.mark.django_db
BROKEN = "'XF' is called 'XG' now. Pinned panes and saved addresses of 'XF' will say that it is not there."


@pytest.mark.parametrize("kind", [LicenseServerGroup, UserGroup, HostGroup])
def test_who_renames_a_group_is_told_what_goes_by_its_old_name(pages: Client, kind: type) -> None:
    group = kind.objects.create(name="XF")
    address = reverse(f"admin:groups_app_{kind._meta.model_name}_change", args=[group.pk])

    assert not any("is called" in message for message in said(pages.post(address, {"name": "XF", "description": "x"})))
    assert BROKEN in said(pages.post(address, {"name": "XG", "description": "x"}))


def test_who_makes_a_group_is_told_nothing_of_names(pages: Client) -> None:
    answer = pages.post(reverse("admin:groups_app_usergroup_add"), {"name": "XF"})
    assert not any("is called" in message for message in said(answer))
