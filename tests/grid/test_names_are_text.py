"""Whatever users, hosts and features are called: names are only text wherever they stand."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone

from tests.factories import FeatureFactory, OpenSessionFactory
from tests.grid import plain
from tests.grid.conftest import USERS, Viewer, content

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "=HYPERLINK(1)",
    "+1",
    "-1",
    "@x",
    "\tx",
    "\rx",
    "ü\U0001f600\u202e",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_only_text_wherever_they_stand(viewer: Viewer, name: str) -> None:
    feature = FeatureFactory.create(name=name[:100], vendor=name)
    OpenSessionFactory.create(feature=feature, user=name, host=name)

    for response in (
        viewer.page(user_is=name),
        viewer.page(group_by="user", user_is=name),
        viewer.page(USERS, scope=f"user:{name}"),
    ):
        text = response.content.decode()
        assert response.context["page"].total == 1
        assert "<script>alert" not in text
        assert "<img src=x" not in text
    _, (line,) = plain.read_csv(content(viewer.file("csv", user_is=name)))
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in line)
    assert viewer.rows(user_is=name)[0]["user"] == name
    assert content(viewer.file("pdf", user_is=name)).startswith(b"%PDF")
    assert viewer.file("xlsx", user_is=name).status_code == 200


def test_a_very_long_name_does_not_break_the_page(viewer: Viewer) -> None:
    OpenSessionFactory.create(user="x" * 4_000)

    assert 'class="long"' in viewer.page().content.decode()
    assert content(viewer.file("pdf")).startswith(b"%PDF")


def test_a_very_long_feature_or_host_in_a_list_is_cut_and_stands_in_full_on_hover(viewer: Viewer) -> None:
    feature = FeatureFactory.create(name="f" * 300, server__read_at=timezone.now())
    for host in ("h" * 80, "i" * 80):
        OpenSessionFactory.create(feature=feature, host=host)

    usage = viewer.page("/features/realtime/usage").content.decode()
    by_user = viewer.page(group_by="feature").content.decode()

    assert f'<span class="long" title="{"f" * 300}">' in usage
    assert all(f'<span class="long" title="{host * 80}">' in by_user for host in "hi")


@pytest.mark.parametrize("group_by", ["", "user", "feature"])
def test_a_name_that_is_empty_is_shown_as_not_known(viewer: Viewer, group_by: str) -> None:
    OpenSessionFactory.create(user="", host="")

    text = viewer.page(group_by=group_by).content.decode()

    assert not re.search(r'<td class="text[^"]*">(</td>| )', text)
    assert 'class="dash"' in text
