"""What is refused, and what strangers are called: names are only text wherever they stand."""

from __future__ import annotations

import pytest

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


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("used_min", "many"),
        ("used_max", "99999999999999999999"),
        ("time_used_min", "6"),
        ("checked_out_after", "yesterday"),
        ("checked_out_after", "2026-13-45"),
        ("expiration_before", "soon"),
        ("feature_type", "flying"),
        ("borrowed", "yes"),
        ("user", "a\0b"),
        ("user_group", "nobody"),
        ("host_group", "nothing"),
        ("sort", "nothing"),
        ("sort", "action"),
        ("columns", "nothing"),
        ("group_by", "moon"),
        ("page", "0"),
        ("page", "\u0663"),
        ("per_page", "21"),
        ("scope", "server:hidden"),
        ("scope", "\0"),
        ("at", "2999-01-01"),
    ],
)
def test_an_invalid_value_shows_an_error_and_no_rows_and_an_export_is_refused(
    viewer: Viewer, name: str, value: str
) -> None:
    OpenSessionFactory.create()

    response = viewer.page(**{name: value})
    export = viewer.file("csv", **{name: value})

    assert response.status_code == 200
    assert name in response.context["state"].errors
    assert plain.read_page(response.content.decode()) == []
    assert "Nothing is shown" in response.content.decode()
    assert export.status_code == 400
    assert export.content.decode().startswith(f"{name}: ")


@pytest.mark.parametrize("extension", ["csv", "json", "xlsx", "pdf"])
def test_an_unknown_parameter_is_refused_in_an_export_and_named(viewer: Viewer, extension: str) -> None:
    response = viewer.file(extension, usr="ann")

    assert response.status_code == 400
    assert response.content == b"usr: There is no such parameter.\n"


def test_the_error_stands_at_its_field(viewer: Viewer) -> None:
    text = viewer.page(time_used_min="6").content.decode()

    field = text[text.index('name="time_used_min"') :][:500]
    assert 'aria-invalid="true"' in field
    assert "&#x27;6&#x27; is not a duration. Write 6h, 90 min or 1d 4h." in field
    assert 'value="6"' in field


def test_a_page_after_the_last_shows_the_last(viewer: Viewer) -> None:
    for _ in range(21):
        OpenSessionFactory.create()

    page = viewer.page(page=9).context["page"]

    assert (page.number, page.pages, len(page.rows)) == (2, 2, 1)


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
