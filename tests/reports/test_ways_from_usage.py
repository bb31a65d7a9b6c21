"""Where the rows of Features: Realtime: Usage lead to."""

from __future__ import annotations

from html import unescape

import pytest
from django.test import Client
from django.utils.html import escape

from tests.factories import FeatureFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_the_name_of_a_feature_leads_to_its_sessions_and_the_sign_beside_it_to_its_day(client: Client) -> None:
    client.force_login(UserFactory(), backend="groups_app.logins.LoginBackend")
    feature = FeatureFactory(name='so "fast" & <b>')

    text = client.get("/features/realtime/usage/").content.decode()
    words = f"Usage of {escape(feature.name)} today"
    day = text.partition(f'aria-label="{words}"')[0].rpartition('href="')[2].partition('"')[0]
    page = client.get(unescape(day))

    assert f">{escape(feature.name)}</a>" in text
    assert page.context["state"].scope.feature == feature.name
    assert "Feature Usage, today" in page.content.decode()
