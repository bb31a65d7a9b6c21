"""A feature of which the license server tells the type once it is in use: addresses and panes without it lead to it."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.urls import reverse
from django.utils import timezone

from groups_app.models import LicenseServerGroup
from licstats.models import Feature
from tests.factories import FeatureFactory
from tests.grid.conftest import Viewer


@pytest.mark.parametrize("where", ["server:US", "group:XF"])
def test_an_address_without_a_type_leads_to_the_feature_once_its_license_server_told_that(
    viewer: Viewer, where: str
) -> None:
    group = LicenseServerGroup.objects.create(name="XF")
    feature = FeatureFactory.create(
        server__name="US", server__read_at=timezone.now(), name="cad", version="12.0", type=""
    )
    group.servers.add(feature.server)
    group.servers.add(FeatureFactory.create(server__name="PL", server__read_at=timezone.now(), name="other").server)
    chosen = {"scope": where, "feature": "cad", "version": "12.0"}
    pin = {"report": "realtime-usage", "part": "grid", "query": urlencode(chosen)}
    viewer.client.post(reverse("dashboard-pin"), pin)
    reports = [f"/features/{of}/{what}" for of in ("realtime", "history") for what in ("usage", "sessions")]
    for path in reports:
        assert viewer.client.get(f"{path}/", chosen).status_code == 200

    Feature.objects.filter(pk=feature.pk).update(type="floating")

    for path in reports:
        answer = viewer.client.get(f"{path}/", chosen | {"sort": "used"}, follow=True)
        assert parse_qs(urlsplit(answer.redirect_chain[-1][0]).query) == {
            name: [text] for name, text in (chosen | {"type": "floating", "sort": "used"}).items()
        }
        assert answer.context["information"].feature_detail == "12.0 Floating"
        assert viewer.file("csv", path, **chosen).status_code == 200
        assert viewer.fragment(path, **chosen).context["state"].errors == {}
    [pane] = viewer.client.get(reverse("dashboard")).context["panes"]
    assert pane.available
