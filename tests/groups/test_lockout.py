"""Nothing that is done in the administration leaves nobody who may administer logins and roles."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from groups_app.roles import AddLogin
from tests.groups.administering import change_login, errors

pytestmark = pytest.mark.django_db

WHY = "no active login could administer all logins and roles any more. Give another login the role administrator first."
NOT_SAVED = {"__all__": [f"root was not saved: {WHY}"]}


@pytest.fixture
def planner(administrator: User) -> Group:
    """The only role by which the only administrator may change logins and roles."""
    planner = Group.objects.create(name="planner")
    planner.permissions.add(*Permission.objects.filter(content_type__app_label="auth"))
    administrator.groups.set([planner, Group.objects.get(name="viewer")])
    return planner


def delete(pages: Client, each: Model, *, among_others: bool) -> str:
    name = f"admin:{each._meta.app_label}_{each._meta.model_name}"
    if not among_others:
        return pages.post(reverse(f"{name}_delete", args=[each.pk]), {"post": "yes"}, follow=True).content.decode()
    data = {"action": "delete_selected", "_selected_action": [each.pk], "post": "yes"}
    return pages.post(reverse(f"{name}_changelist"), data, follow=True).content.decode()


def password_off(pages: Client, login: User):
    data = {"usable_password": "false", "unset-password": "on"}
    return pages.post(reverse("admin:auth_user_password_change", args=[login.pk]), data)


class TestTheLastAdministrator:
    def test_keeps_its_role(self, pages: Client, administrator: User) -> None:
        assert errors(change_login(pages, administrator, "viewer", is_staff="on")) == NOT_SAVED
        assert [str(role) for role in administrator.groups.all()] == ["administrator"]

    @pytest.mark.parametrize("lost", ["is_active", "is_staff"])
    def test_keeps_what_lets_it_in(self, pages: Client, administrator: User, lost: str) -> None:
        boxes = {"is_active": "on", "is_staff": "on", lost: None}

        assert errors(change_login(pages, administrator, "administrator", **boxes)) == NOT_SAVED
        assert pages.get(reverse("admin:auth_user_changelist")).status_code == 200

    def test_keeps_its_password(self, pages: Client, administrator: User) -> None:
        refused = password_off(pages, administrator)

        assert refused.context["form"].errors == {"usable_password": [f"root keeps its password: {WHY}"]}
        administrator.refresh_from_db()
        assert administrator.has_usable_password()

    @pytest.mark.parametrize("among_others", [False, True])
    def test_is_not_deleted(self, pages: Client, administrator: User, among_others: bool) -> None:
        page = delete(pages, administrator, among_others=among_others)

        assert "Nothing is deleted, because of this:" in page
        assert f"<li>root: {WHY}</li>" in page
        assert User.objects.filter(username="root").exists()

    def test_keeps_a_superusers_rights(self, client: Client) -> None:
        boss = User.objects.create_superuser("boss", password="Zh7-plum-tree")
        client.force_login(boss)

        refused = change_login(client, boss, "viewer", is_staff="on")

        assert errors(refused) == {"__all__": [f"boss was not saved: {WHY}"]}

    @pytest.mark.parametrize("kept", ["user", "group"])
    def test_keeps_the_permissions_of_its_role(self, pages: Client, planner: Group, kept: str) -> None:
        permissions = list(planner.permissions.filter(codename__endswith=kept).values_list("pk", flat=True))
        address = reverse("admin:auth_group_change", args=[planner.pk])

        refused = pages.post(address, {"name": "planner", "permissions": permissions})

        assert errors(refused) == {"__all__": [f"planner was not saved: {WHY}"]}
        assert planner.permissions.filter(codename="change_user").exists()

    @pytest.mark.parametrize("among_others", [False, True])
    def test_keeps_a_role_that_it_administers_by(self, pages: Client, planner: Group, among_others: bool) -> None:
        page = delete(pages, planner, among_others=among_others)

        assert f"<li>planner: {WHY}</li>" in page
        assert Group.objects.filter(name="planner").exists()

    def test_changes_what_else_it_likes(self, pages: Client, administrator: User) -> None:
        saved = change_login(pages, administrator, "administrator", "viewer", is_staff="on", first_name="Root")

        assert saved.status_code == 302
        administrator.refresh_from_db()
        assert administrator.first_name == "Root"


class TestOneOfTwo:
    @pytest.fixture(autouse=True)
    def other(self, administrator: User) -> User:
        AddLogin("ann", "administrator").execute()
        return User.objects.get(username="ann")

    def test_gives_its_role_away(self, pages: Client, administrator: User) -> None:
        assert change_login(pages, administrator, "viewer", is_staff="on").status_code == 302
        assert [str(role) for role in administrator.groups.all()] == ["viewer"]

    def test_has_no_password_any_more(self, pages: Client, administrator: User) -> None:
        assert password_off(pages, administrator).status_code == 302

    @pytest.mark.parametrize("among_others", [False, True])
    def test_is_deleted(self, pages: Client, among_others: bool) -> None:
        delete(pages, User.objects.get(username="ann"), among_others=among_others)

        assert not User.objects.filter(username="ann").exists()

    @pytest.mark.parametrize("lost", [{"is_active": False}, {"is_staff": False}, {"password": "!"}])
    def test_is_the_last_where_the_other_cannot_come_in(
        self, pages: Client, administrator: User, lost: dict[str, object]
    ) -> None:
        User.objects.filter(username="ann").update(**lost)

        assert errors(change_login(pages, administrator, "viewer", is_staff="on")) == NOT_SAVED
