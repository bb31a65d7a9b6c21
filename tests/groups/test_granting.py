"""Whoever may change logins and roles gives nobody more than they have, themselves least of all."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse

from groups_app.models import ForbiddenServer
from groups_app.roles import AddLogin
from tests.groups.administering import change_login, errors, server
from tests.groups.seeing import login, named

pytestmark = pytest.mark.django_db

MORE = (
    "You can give only what you have yourself. One of these is more than that, or is not there any more: "
    "choose again, or ask an administrator."
)
PASSWORD = {"usable_password": "true", "password1": "Zh7-plum-tree", "password2": "Zh7-plum-tree"}


def role(name: str, *permissions: str) -> Group:
    made = Group.objects.create(name=name)
    made.permissions.add(*Permission.objects.filter(codename__in=permissions))
    return made


def keys(*names: str) -> list[int]:
    return list(Group.objects.filter(name__in=names).values_list("pk", flat=True))


def permission_keys(*names: str) -> list[int]:
    return list(Permission.objects.filter(codename__in=names).values_list("pk", flat=True))


@pytest.fixture
def helper(administrator: User) -> User:
    """Manages logins and roles, and nothing else. There is an administrator too."""
    what = [f"{do}_{each}" for do in ("view", "add", "change", "delete") for each in ("user", "group")]
    role("helpdesk", *what)
    helper = login("helper")
    helper.groups.set(Group.objects.filter(name="helpdesk"))
    helper.is_staff = True
    helper.save()
    return helper


@pytest.fixture
def desk(helper: User) -> Client:
    client = Client()
    client.force_login(helper)
    return client


def change_role(pages: Client, changed: Group, *permissions: str):
    values = {"name": changed.name, "permissions": permission_keys(*permissions)}
    return pages.post(reverse("admin:auth_group_change", args=[changed.pk]), values)


def test_a_role_with_more_permissions_is_given_to_nobody(desk: Client, helper: User) -> None:
    role("closer", "close_session")
    page = desk.get(reverse("admin:auth_user_change", args=[helper.pk])).content.decode()

    for more in ("administrator", "closer"):
        assert f">{more}</option>" not in page
        assert errors(change_login(desk, helper, "helpdesk", more, is_staff="on")) == {"groups": [MORE]}
        assert errors(change_login(desk, login(f"ann-{more}"), "viewer", more)) == {"groups": [MORE]}
        added = {"username": "new", "groups": keys("viewer", more), **PASSWORD}
        assert errors(desk.post(reverse("admin:auth_user_add"), added)) == {"groups": [MORE]}
    assert named(helper.groups.all()) == {"helpdesk"}
    assert not User.objects.filter(username="new").exists()


def test_the_role_administrator_is_given_only_by_who_has_it_whatever_else_they_may(desk: Client, helper: User) -> None:
    everything = Group.objects.get(name="administrator").permissions.all()
    Group.objects.get(name="helpdesk").permissions.set(everything)

    refused = change_login(desk, helper, "helpdesk", "administrator", is_staff="on")

    assert errors(refused) == {"groups": [MORE]}


def test_roles_with_as_many_permissions_or_fewer_are_given(desk: Client, helper: User) -> None:
    role("looker", "view_user")
    ann = login("ann")

    assert change_login(desk, ann, "viewer", "looker", "helpdesk").status_code == 302
    assert named(ann.groups.all()) == {"viewer", "looker", "helpdesk"}
    assert change_login(desk, ann, "viewer").status_code == 302
    assert change_login(desk, helper, "helpdesk", "viewer", is_staff="on", first_name="Hal").status_code == 302


@pytest.mark.parametrize("by", ["administrator", "role", "permission", "superuser"])
def test_a_login_that_may_do_more_is_not_taken_over(desk: Client, by: str) -> None:
    role("closer", "close_session")
    ann = login("ann")
    if by == "permission":
        ann.user_permissions.add(*permission_keys("close_session"))
    elif by == "superuser":
        User.objects.filter(pk=ann.pk).update(is_superuser=True)
    else:
        ann.groups.set(keys("administrator" if by == "administrator" else "closer"))
    before = User.objects.values().get(pk=ann.pk)

    assert change_login(desk, ann, "viewer", is_active=None).status_code == 403
    assert desk.post(reverse("admin:auth_user_password_change", args=[ann.pk]), PASSWORD).status_code == 403
    assert desk.post(reverse("admin:auth_user_delete", args=[ann.pk]), {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [ann.pk], "post": "yes"}
    desk.post(reverse("admin:auth_user_changelist"), chosen)
    assert desk.post(f"{reverse('visibility')}?login=ann", {"action": "hide-new"}).status_code in (403, 404)
    assert User.objects.values().get(pk=ann.pk) == before


def test_a_login_that_may_do_as_much_gets_a_new_password(desk: Client) -> None:
    ann = login("ann")

    assert desk.post(reverse("admin:auth_user_password_change", args=[ann.pk]), PASSWORD).status_code == 302
    ann.refresh_from_db()
    assert ann.check_password(PASSWORD["password1"])


def test_a_permission_that_one_has_not_is_given_to_no_role(desk: Client) -> None:
    own, viewer = Group.objects.get(name="helpdesk"), Group.objects.get(name="viewer")
    page = desk.get(reverse("admin:auth_group_change", args=[own.pk])).content.decode()

    assert "Can close sessions" not in page
    for changed in (own, viewer):
        assert errors(change_role(desk, changed, "change_group", "close_session")) == {"permissions": [MORE]}
    new = {"name": "new", "permissions": permission_keys("close_session")}
    assert errors(desk.post(reverse("admin:auth_group_add"), new)) == {"permissions": [MORE]}
    assert not Group.objects.filter(name="new").exists()
    assert change_role(desk, viewer, "view_user").status_code == 302
    assert [each.codename for each in viewer.permissions.all()] == ["view_user"]


def test_a_role_with_more_permissions_is_neither_changed_nor_deleted(desk: Client) -> None:
    closer = role("closer", "close_session")
    login("ann").groups.add(closer)

    assert change_role(desk, closer).status_code == 403
    assert desk.post(reverse("admin:auth_group_delete", args=[closer.pk]), {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [closer.pk], "post": "yes"}
    desk.post(reverse("admin:auth_group_changelist"), chosen)
    assert [each.codename for each in closer.permissions.all()] == ["close_session"]


def test_whoever_drops_a_role_that_forbids_sees_no_more_than_before(desk: Client, helper: User) -> None:
    limited = role("limited")
    ForbiddenServer.objects.create(role=limited, server=server("US-secret"))
    helper.groups.add(limited)

    assert change_login(desk, helper, "helpdesk", is_staff="on").status_code == 302
    assert named(helper.groups.all()) == {"helpdesk", "limited"}
    assert desk.post(reverse("admin:auth_group_delete", args=[limited.pk]), {"post": "yes"}).status_code == 403
    assert desk.post(reverse("admin:auth_group_change", args=[limited.pk]), {"name": "limited"}).status_code == 302
    assert ForbiddenServer.objects.filter(role=limited).count() == 1


def test_the_last_login_that_may_give_everything_stays_though_another_may_administer_logins(
    pages: Client, administrator: User, helper: User
) -> None:
    refused = change_login(pages, administrator, "viewer", is_staff="on")

    (why,) = errors(refused)["__all__"]
    assert "no active login could administer all logins and roles any more" in why
    AddLogin("ann", "administrator").execute()
    assert change_login(pages, administrator, "viewer", is_staff="on").status_code == 302
