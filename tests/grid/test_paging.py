"""The page box: what is shown where there is no such page."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from tests.factories import OpenSessionFactory
from tests.grid.conftest import SESSIONS, Viewer


@pytest.mark.parametrize("question", [{}, {"sort": "-time_used"}, {"sort": "server"}, {"group_by": "user"}])
def test_a_page_after_the_last_shows_the_last_and_its_address_says_so(viewer: Viewer, question: dict[str, str]) -> None:
    for _ in range(21):
        OpenSessionFactory.create()

    for shown in (viewer.page(page=99999, **question), viewer.fragment(page=99999, follow=True, **question)):
        page = shown.context["page"]
        assert (page.number, page.pages, len(page.rows)) == (2, 2, 1)
        assert shown.redirect_chain == [(f"{SESSIONS}/?{urlencode(question | {'page': 2})}", 302)]
        assert 'name="page" value="2"' in shown.content.decode()
    assert shown["HX-Push-Url"] == shown.redirect_chain[0][0]


def test_a_page_that_follows_by_itself_keeps_its_number_while_it_has_no_rows(viewer: Viewer) -> None:
    answer = viewer.fragment(page=9, headers={"X-Version": "an older one"})

    assert answer.status_code == 200
    assert "page=9" in answer.content.decode().partition('hx-get="')[2].partition('"')[0]


def test_an_export_has_every_row_whichever_page_is_asked_for(viewer: Viewer) -> None:
    for _ in range(21):
        OpenSessionFactory.create()

    assert len(viewer.rows(page=99999)) == 21
