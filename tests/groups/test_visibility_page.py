"""The page on which a login, or an administrator for it, hides license servers and features."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from groups_app.hiding import SetVisibility
from groups_app.models import HiddenFeature, HiddenServer
from groups_app.visibility import visible_features, visible_servers
from licstats.models import Feature, LicenseServer
from tests.factories import NOON, FeatureFactory, LicenseServerFactory, UserFactory
from tests.groups.seeing import forbid, login, named

pytestmark = pytest.mark.django_db


class TestPage:
    @pytest.fixture
    def ann(self, client: Client) -> User:
        ann = login("ann")
        client.force_login(ann)
        return ann

    @pytest.fixture
    def lists(self, client: Client) -> Callable[..., dict[str, list[str]]]:
        def read(**query: str) -> dict[str, list[str]]:
            sides = client.get(reverse("visibility"), query).context["sides"]
            return {side.name: [item.label for item in side.items] for side in sides}

        return read

    def send(self, client: Client, action: str, query: str = "", **values: list[object]):
        return client.post(reverse("visibility") + query, {"action": action, **values}, follow=True)

    def test_several_servers_are_hidden_at_once_and_shown_again(self, client, ann, lists, group) -> None:
        chosen = list(LicenseServer.objects.filter(name__in=["US", "DK"]).values_list("pk", flat=True))

        page = self.send(client, "hide", visible=chosen)

        assert "2 are hidden." in page.content.decode()
        assert lists() == {"visible": ["PL"], "hidden": ["DK", "US"]}
        self.send(client, "show", hidden=chosen[:1])
        assert len(lists()["hidden"]) == 1

    def test_the_lists_are_filtered_each_on_its_own(self, client, ann, lists, group) -> None:
        assert lists(visible="p") == {"visible": ["PL"], "hidden": []}
        assert lists(hidden="p")["visible"] == ["DK", "PL", "US"]

    def test_all_that_match_are_hidden_at_once(self, client, ann, lists) -> None:
        LicenseServerFactory.create_batch(300)
        LicenseServerFactory(name="kept")

        page = self.send(client, "hide-all", "?visible=server")

        assert "300 are hidden." in page.content.decode()
        assert lists()["visible"] == ["kept"]
        assert HiddenServer.objects.filter(user=ann).count() == 300

    def test_features_are_hidden_on_one_server(self, client, ann, lists, group) -> None:
        polish = LicenseServer.objects.get(name="PL")

        self.send(client, "hide", "?tab=features", visible=[f"{polish.pk}/WXPF"])

        assert lists(tab="features")["hidden"] == ["WXPF"]
        assert lists(tab="features", visible="PL/")["visible"] == ["other PL"]
        assert HiddenFeature.objects.get(user=ann).server == polish

    def test_all_that_match_are_hidden_at_once_however_many(self, client, ann) -> None:
        server = LicenseServerFactory(name="PL")
        Feature.objects.bulk_create(Feature(server=server, vendor="xf", name=f"f{each}") for each in range(20_001))
        FeatureFactory(server=server, name="kept")

        page = self.send(client, "hide-all", "?tab=features&visible=f").content.decode()

        assert "20,001 are hidden." in page
        assert "Show all 20,001" in page
        assert list(visible_features(ann).values_list("name", flat=True)) == ["kept"]
        assert "20,001 are visible again." in self.send(client, "show-all", "?tab=features").content.decode()

    def test_ticked_features_are_shown_again_and_others_stay_hidden(self, client, ann, lists, group) -> None:
        SetVisibility(ann, features=[(server, "WXPF") for server in LicenseServer.objects.all()]).execute()
        ticked = [f"{server.pk}/WXPF" for server in LicenseServer.objects.exclude(name="DK")]

        page = self.send(client, "show", "?tab=features", hidden=[*ticked, f"{10**18}/WXPF"])

        assert "2 are visible again." in page.content.decode()
        assert named(HiddenFeature.objects.all()) == {"DK/WXPF hidden from ann"}

    def test_features_of_hidden_servers_are_not_in_the_lists(self, client, ann, lists, group) -> None:
        SetVisibility(ann, [LicenseServer.objects.get(name="US")]).execute()

        assert "other US" not in lists(tab="features")["visible"]

    def test_new_servers_can_be_hidden_by_default(self, client, ann, group) -> None:
        self.send(client, "hide-new")
        LicenseServerFactory(name="new")

        assert "new" not in named(visible_servers(ann))
        assert "Show new license servers" in client.get(reverse("visibility")).content.decode()

    def test_what_a_role_may_not_see_is_in_neither_list(self, client, ann, lists, group) -> None:
        forbid("US")
        HiddenServer.objects.create(user=ann, server=LicenseServer.objects.get(name="US"))
        american = LicenseServer.objects.get(name="US")

        assert lists() == {"visible": ["DK", "PL"], "hidden": []}
        self.send(client, "show", hidden=[american.pk])
        assert HiddenServer.objects.filter(user=ann, server=american).exists()

    @time_machine.travel(NOON, tick=False)
    def test_a_viewer_cannot_open_the_page_of_another_login(self, client, ann) -> None:
        UserFactory(username="peter")

        there = client.get(reverse("visibility"), {"login": "peter"})
        nowhere = client.get(reverse("visibility"), {"login": "nobody"})

        assert (there.status_code, nowhere.status_code) == (404, 404)
        token = re.compile(rb'(?<=X-CSRFToken": ")\w+|(?<=csrfmiddlewaretoken" value=")\w+')
        assert token.sub(b"", there.content) == token.sub(b"", nowhere.content)

    def test_an_administrator_sets_it_for_another_login(self, client, group) -> None:
        peter = login("peter")
        client.force_login(login("root", "administrator"))
        american = LicenseServer.objects.get(name="US")

        page = self.send(client, "hide", "?login=peter", visible=[american.pk])

        assert "What peter sees" in page.content.decode()
        assert named(visible_servers(peter)) == {"PL", "DK"}

    def test_an_administrator_does_not_reach_servers_forbidden_to_it(self, client, group) -> None:
        peter = login("peter", "administrator")
        forbid("US", "administrator")
        client.force_login(login("root", "administrator"))
        american = LicenseServer.objects.get(name="US")

        page = self.send(client, "hide", "?login=peter", visible=[american.pk])

        assert "What peter sees" in page.content.decode()
        assert ">US<" not in page.content.decode()
        assert not HiddenServer.objects.filter(user=peter).exists()

    def test_an_administrator_changes_here_whom_it_may_change_in_the_administration(self, client, group) -> None:
        boss, peter, helper = User.objects.create_superuser("boss"), login("peter"), login("helper", "administrator")
        forbid("US", "administrator")
        client.force_login(login("root", "administrator"))
        polish = LicenseServer.objects.get(name="PL")

        answers = {}
        for each in (boss, peter, helper):
            here = self.send(client, "hide", f"?login={each}", visible=[polish.pk]).status_code
            there = client.post(reverse("admin:auth_user_password_change", args=[each.pk])).status_code
            answers[str(each)] = (here, there)

        assert answers == {"boss": (404, 403), "peter": (404, 403), "helper": (200, 200)}
        assert named(HiddenServer.objects.all()) == {"PL hidden from helper"}
        assert client.get(reverse("visibility")).context["logins"].names == ["helper", "root"]
        listed = client.get(reverse("admin:auth_user_changelist")).content.decode()
        assert re.findall(r">What (\w+) sees<", listed) == ["helper", "root"]

    def test_the_login_that_is_shown_is_chosen_and_others_are_found_by_a_part_of_the_name(self, client, group) -> None:
        User.objects.bulk_create(User(username=f"login{each:03}") for each in range(250))
        client.force_login(login("zoe", "administrator"))

        def offered(**query: str) -> tuple[list[str], list[str], str]:
            page = client.get(reverse("visibility"), query).content.decode()
            form = page.partition('class="visibility-login"')[2].partition("</form>")[0]
            options = re.findall(r"<option( selected)?>(\w+)</option>", form)
            return [name for chosen, name in options if chosen], [name for _, name in options], form

        chosen, names, form = offered(login="login240")
        assert (chosen, len(names), names[-1]) == (["login240"], 201, "login199")
        assert "50 more: find them by a part of the name." in form
        chosen, names, form = offered(login="login240", find="GIN24")
        assert (chosen, names) == (["login240"], [f"login24{each}" for each in range(10)])
        assert 'name="find" value="GIN24"' in form
        chosen, names, form = offered(find="nobody")
        assert (chosen, names) == (["zoe"], ["zoe"])
        assert "No other login contains “nobody”." in form
        User.objects.filter(username__gte="login1", username__lt="login3").delete()
        assert "find" not in offered()[2]

    def test_a_viewer_has_no_logins_to_choose_from(self, client, ann) -> None:
        assert 'class="visibility-login"' not in client.get(reverse("visibility"), {"find": "a"}).content.decode()

    @pytest.mark.parametrize("values", [["x"], ["-1"], ["9" * 30], ["1/\x00"], ["²"], [""]])
    @pytest.mark.parametrize("tab", ["servers", "features"])
    def test_values_that_mean_nothing_change_nothing(self, client, ann, group, tab: str, values: list[str]) -> None:
        page = self.send(client, "hide", f"?tab={tab}&visible=%00", visible=values)

        assert page.status_code == 200
        assert "Nothing was changed." in page.content.decode()

    def test_its_queries_do_not_grow_with_the_fleet(self, client, ann, group, django_assert_max_num_queries) -> None:
        LicenseServerFactory.create_batch(50)

        for tab in ("servers", "features"):
            with django_assert_max_num_queries(11):
                assert client.get(reverse("visibility"), {"tab": tab}).status_code == 200
