"""What a login may see: its own choice and its roles, and how both are changed."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser, Group, User
from django.test import Client
from django.urls import reverse

from groups_app.choices import feature_choices, group_choices, server_choices
from groups_app.hiding import ChangeVisibility, SetVisibility
from groups_app.models import ForbiddenServer, HiddenFeature, HiddenServer, LicenseServerGroup
from groups_app.roles import AddLogin
from groups_app.scope import Scope, ScopeError
from groups_app.visibility import visible_features, visible_groups, visible_servers
from licstats.models import Feature, LicenseServer
from tests.factories import NOON, FeatureFactory, LicenseServerFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def group() -> LicenseServerGroup:
    """The group XF of PL, US and DK, which have 10 of WXPF and one of another feature each."""
    group = LicenseServerGroup.objects.create(name="XF")
    for name in ("PL", "US", "DK"):
        server = FeatureFactory(server__name=name, name="WXPF").server
        FeatureFactory(server=server, name=f"other {name}")
        group.servers.add(server)
    return group


def login(name: str, role: str = "viewer") -> User:
    AddLogin(name, role).execute()
    return User.objects.get(username=name)


def named(rows) -> set[str]:
    return {str(row) for row in rows}


def forbid(name: str, role: str = "viewer") -> None:
    ForbiddenServer.objects.create(role=Group.objects.get(name=role), server=LicenseServer.objects.get(name=name))


class TestOwnChoice:
    def test_a_hidden_server_is_gone_with_its_features(self, group) -> None:
        peter = login("peter")
        SetVisibility(peter, [LicenseServer.objects.get(name="US")]).execute()

        assert named(visible_servers(peter)) == {"PL", "DK"}
        assert "other US" not in visible_features(peter).values_list("name", flat=True)

    def test_a_hidden_feature_is_gone_on_that_server_in_all_versions(self, group) -> None:
        anna = login("anna")
        polish = LicenseServer.objects.get(name="PL")
        FeatureFactory(server=polish, name="WXPF", version="2.0")
        SetVisibility(anna, features=[(polish, "WXPF")]).execute()

        assert named(visible_servers(anna)) == {"PL", "US", "DK"}
        seen = visible_features(anna).filter(name="WXPF")
        assert {feature.server.name for feature in seen} == {"US", "DK"}

    def test_a_group_stays_visible_with_all_its_members(self, group) -> None:
        peter = login("peter")
        SetVisibility(peter, list(LicenseServer.objects.all())).execute()

        assert named(visible_groups(peter)) == {"XF"}
        scope = Scope.read({"scope": "group:XF"}, peter)
        assert named(scope.servers()) == {"PL", "US", "DK"}
        assert scope.features().filter(name="WXPF").count() == 3

    def test_what_one_login_hides_another_sees(self, group) -> None:
        peter, anna = login("peter"), login("anna")
        SetVisibility(peter, [LicenseServer.objects.get(name="US")]).execute()

        assert "US" in named(visible_servers(anna))

    def test_a_superuser_has_its_own_choice_too(self, group) -> None:
        boss = User.objects.create_superuser("boss")
        SetVisibility(boss, [LicenseServer.objects.get(name="US")]).execute()

        assert named(visible_servers(boss)) == {"PL", "DK"}

    def test_nobody_sees_nothing(self, group) -> None:
        nobody = AnonymousUser()

        assert not visible_servers(nobody).exists()
        assert not visible_features(nobody).exists()
        assert not visible_groups(nobody).exists()

    def test_new_servers_are_hidden_from_logins_that_are_set_so(self) -> None:
        peter, anna = login("peter"), login("anna")
        SetVisibility(peter, hide_new_servers=True).execute()

        LicenseServerFactory(name="new")

        assert named(visible_servers(peter)) == set()
        assert named(visible_servers(anna)) == {"new"}

    def test_hidden_and_unknown_read_alike(self, group) -> None:
        peter = login("peter")
        SetVisibility(peter, [LicenseServer.objects.get(name="US")]).execute()

        def refusal(name: str) -> str:
            with pytest.raises(ScopeError) as raised:
                Scope.read({"scope": f"server:{name}"}, peter)
            return str(raised.value)

        assert refusal("US").replace("US", "?") == refusal("XX").replace("XX", "?")


class TestRoles:
    def test_what_a_role_may_not_see_is_nowhere(self, group) -> None:
        forbid("US")
        ann = login("ann")

        assert named(visible_servers(ann)) == {"PL", "DK"}
        assert named(visible_groups(ann)) == set()
        with pytest.raises(ScopeError, match="There is no license server group 'XF'"):
            Scope.read({"scope": "group:XF"}, ann)

    def test_one_role_that_forbids_is_enough(self, group) -> None:
        forbid("US")
        ann = login("ann")
        ann.groups.add(Group.objects.create(name="guests"))

        assert named(visible_servers(ann)) == {"PL", "DK"}

    def test_other_roles_and_superusers_are_not_limited(self, group) -> None:
        forbid("US")

        assert named(visible_groups(login("root", "administrator"))) == {"XF"}
        assert "US" in named(visible_servers(User.objects.create_superuser("boss")))


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
                client.get(reverse("visibility"), {"tab": tab})


class TestPickLists:
    def test_they_are_filtered_and_cut_and_know_how_many_there_are(self, group) -> None:
        LicenseServerFactory.create_batch(120)
        ann = login("ann")

        found = server_choices(ann, "SERVER", limit=10)

        assert len(found.choices) == 10
        assert (found.total, found.not_shown, found.total_text) == (120, 110, "120")
        assert [choice.label for choice in server_choices(ann, "pl").choices] == ["PL"]

    def test_groups_are_there_when_their_members_are_hidden(self, group) -> None:
        peter = login("peter")
        SetVisibility(peter, list(LicenseServer.objects.all())).execute()

        assert [choice.params for choice in group_choices(peter).choices] == [{"scope": "group:XF"}]
        assert server_choices(peter).total == 0

    def test_features_of_a_group_are_merged(self, group) -> None:
        ann = login("ann")

        found = feature_choices(Scope.read({"scope": "group:XF"}, ann), "wxp")

        assert [choice.params for choice in found.choices] == [
            {"scope": "group:XF", "feature": "WXPF", "version": "1.0", "type": "floating"}
        ]

    @time_machine.travel(NOON, tick=False)
    def test_a_feature_that_joins_a_version_is_not_offered_alone(self, group) -> None:
        Feature.objects.filter(server__name="US").update(version="", type="", version_listed=False)
        ann = login("ann")

        found = feature_choices(Scope.read({"scope": "group:XF"}, ann), "WXPF")

        assert [choice.detail for choice in found.choices] == ["1.0 floating"]
        chosen = Scope.read(found.choices[0].params, ann)
        assert {feature.server.name for feature in chosen.features()} == {"PL", "US", "DK"}

    def test_every_choice_can_be_chosen(self, group) -> None:
        FeatureFactory(server=LicenseServer.objects.get(name="PL"), name="WXPF & more?", version="1/2")
        ann = login("ann")

        for where in ("server:PL", "group:XF"):
            for choice in feature_choices(Scope.read({"scope": where}, ann)).choices:
                assert Scope.read(choice.params, ann).features().exists()

    def test_hidden_features_are_not_offered(self, group) -> None:
        anna = login("anna")
        SetVisibility(anna, features=[(LicenseServer.objects.get(name="PL"), "WXPF")]).execute()

        offered = feature_choices(Scope.read({"scope": "server:PL"}, anna))

        assert [choice.label for choice in offered.choices] == ["other PL"]
        with pytest.raises(ScopeError, match=r"There is no feature 'WXPF 1\.0 floating' in PL"):
            Scope.read({"scope": "server:PL", "feature": "WXPF", "version": "1.0", "type": "floating"}, anna)


def test_a_feature_named_without_its_version_tells_which_there_are_to_who_may_see_them() -> None:
    server = LicenseServerFactory(name="PL")
    group = LicenseServerGroup.objects.create(name="XF")
    group.servers.add(server)
    for name, version, kind in (("cad", "11.0", ""), ("cad", "12.0", ""), ("cam", "1.0", "floating")):
        FeatureFactory(server=server, name=name, version=version, type=kind)
    for kind in ("floating", "node-locked"):
        FeatureFactory(server=server, name="sim", version="2.0", type=kind)
    ann, anna = login("ann"), login("anna")
    SetVisibility(anna, features=[(server, "cad")]).execute()

    def refusal(user: User, scope: str = "server:PL", **feature: str) -> str:
        with pytest.raises(ScopeError) as raised:
            Scope.read({"scope": scope, **feature}, user)
        return str(raised.value)

    assert refusal(ann, feature="cad") == "There are 2 of the name 'cad' in PL: 11.0, 12.0. Choose one."
    assert refusal(ann, "group:XF", feature="cad") == "There are 2 of the name 'cad' in XF: 11.0, 12.0. Choose one."
    assert refusal(ann, feature="cam") == "Choose a version of 'cam' in PL too. There is one: 1.0."
    assert "2.0 floating, 2.0 node-locked. Choose one." in refusal(ann, feature="sim")
    assert refusal(ann, feature="cad", version="9") == "There is no feature 'cad 9' in PL."
    assert refusal(anna, feature="cad") == "There is no feature 'cad' in PL."


def test_hiding_twice_counts_once(group) -> None:
    ann = login("ann")
    polish = LicenseServer.objects.get(name="PL")
    FeatureFactory(server=polish, name="WXPF", version="2.0")
    features = Feature.objects.filter(server=polish, name="WXPF")
    change = ChangeVisibility(ann, ann, LicenseServer.objects.filter(pk=polish.pk), features)

    assert change.hide() == 2
    assert change.hide() == 0
    assert change.show() == 2
    assert change.show() == 0
