from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth import authenticate, get_user_model
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command

pytestmark = pytest.mark.django_db


def add(*args: str) -> str:
    out = StringIO()
    call_command("user", "add", *args, stdout=out)
    return out.getvalue()


def test_a_viewer_is_added_with_a_password_that_works(rf) -> None:
    out = add("ann", "--role", "viewer")

    password = out.split("Password: ")[1].strip()
    login = authenticate(rf.post("/login/"), username="ann", password=password)
    assert login is not None
    assert not login.is_staff
    assert not login.has_perm("licstats.change_licenseserver")


def test_an_administrator_may_change_what_exists() -> None:
    add("root", "--role", "administrator")

    login = get_user_model().objects.get(username="root")
    assert login.is_staff
    assert not login.is_superuser
    for permission in (
        "licstats.add_licenseserver",
        "groups_app.change_licenseservergroup",
        "groups_app.add_usergroup",
        "groups_app.delete_hostgroup",
        "groups_app.add_forbiddenserver",
        "auth.add_user",
        "sessions_app.close_session",
    ):
        assert login.has_perm(permission), permission


def test_a_password_from_a_file_is_not_printed(tmp_path: Path, rf) -> None:
    file = tmp_path / "password"
    file.write_text("correct horse battery\n")

    out = add("ann", "--role", "viewer", "--password-file", str(file))

    assert "correct" not in out
    assert authenticate(rf.post("/login/"), username="ann", password="correct horse battery")


@pytest.mark.parametrize("content", ["", "\nsecond line"])
def test_an_empty_password_file_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "password"
    file.write_text(content)

    with pytest.raises(CommandError, match="is empty"):
        add("ann", "--role", "viewer", "--password-file", str(file))
    assert not get_user_model().objects.exists()


@pytest.mark.parametrize(
    ("content", "password"),
    [
        (
            b"\xef\xbb\xbfcorrect horse battery\r\nsecond line\n",
            "correct horse battery",
        ),  # as an editor of Windows saves
        ("pass\u2028phrase of ünusual letters".encode(), "pass\u2028phrase of ünusual letters"),
    ],
)
def test_the_first_line_of_a_password_file_is_the_password_whoever_saved_it(
    tmp_path: Path, rf, content: bytes, password: str
) -> None:
    file = tmp_path / "password"
    file.write_bytes(content)

    add("ann", "--role", "viewer", "--password-file", str(file))

    assert authenticate(rf.post("/login/"), username="ann", password=password)


def test_a_password_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="none cannot be read: No such file or directory"):
        add("ann", "--role", "viewer", "--password-file", str(tmp_path / "none"))
    (tmp_path / "latin").write_bytes("pässword of mine".encode("latin-1"))
    with pytest.raises(CommandError, match=r"latin is not UTF-8 text \(byte 1\)\. Save it as UTF-8\."):
        add("ann", "--role", "viewer", "--password-file", str(tmp_path / "latin"))


@pytest.mark.parametrize("name", ["", "a b", "x" * 151, "an\u202ena", "<ann>", "a\nb"])
def test_a_name_that_no_login_can_have_is_refused(name: str) -> None:
    with pytest.raises(CommandError):
        add(name, "--role", "viewer")
    assert not get_user_model().objects.exists()


def test_a_weak_password_and_a_taken_name_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("secret")
    with pytest.raises(CommandError, match="too short"):
        add("ann", "--role", "viewer", "--password-file", str(file))

    add("ann", "--role", "viewer")
    with pytest.raises(CommandError, match="There is a login 'ann' already"):
        add("ann", "--role", "viewer")
    assert get_user_model().objects.count() == 1


def test_a_login_of_before_without_a_role_is_a_viewer_after_the_next_migration() -> None:
    before = get_user_model().objects.create_user("ann")
    manager = get_user_model().objects.create_user("bob")
    manager.groups.add(Group.objects.get(name="administrator"))
    boss = get_user_model().objects.create_superuser("boss")

    call_command("migrate", verbosity=0)

    assert [str(role) for role in before.groups.all()] == ["viewer"]
    assert [str(role) for role in manager.groups.all()] == ["administrator"]
    assert not boss.groups.exists()


def test_the_roles_ship_with_the_project() -> None:
    assert set(Group.objects.values_list("name", flat=True)) >= {"viewer", "administrator"}
