"""What a login may see: its own choice and its roles, and how both are changed."""

from __future__ import annotations

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser, Group, User

from groups_app.choices import feature_choices, group_choices, server_choices
from groups_app.hiding import ChangeVisibility, SetVisibility
from groups_app.models import LicenseServerGroup
from groups_app.scope import Scope, ScopeError
from groups_app.visibility import visible_features, visible_groups, visible_servers
from licstats.models import Feature, LicenseServer
from tests.factories import NOON, FeatureFactory, LicenseServerFactory
from tests.groups.seeing import forbid, login, named

pytestmark = pytest.mark.django_db


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


class TestPickLists:
    def test_they_are_filtered_and_cut_and_know_how_many_there_are(self, group) -> None:
        LicenseServerFactory.create_batch(120)
        ann = login("ann")

        found = server_choices(ann, "SERVER", limit=10)

        assert len(found.choices) == 10
        assert (found.total, found.not_shown) == (120, 110)
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

        offered = {
            where: feature_choices(Scope.read({"scope": where}, ann)).choices for where in ("server:PL", "group:XF")
        }

        assert sorted(choice.label for choice in offered["server:PL"]) == ["WXPF", "WXPF & more?", "other PL"]
        assert {"WXPF", "WXPF & more?", "other PL", "other US"} <= {choice.label for choice in offered["group:XF"]}
        for choice in offered["server:PL"] + offered["group:XF"]:
            assert Scope.read(choice.params, ann).features().exists()

    def test_hidden_features_are_not_offered(self, group) -> None:
        anna = login("anna")
        SetVisibility(anna, features=[(LicenseServer.objects.get(name="PL"), "WXPF")]).execute()

        offered = feature_choices(Scope.read({"scope": "server:PL"}, anna))

        assert [choice.label for choice in offered.choices] == ["other PL"]
        with pytest.raises(ScopeError, match=r"There is no feature 'WXPF 1\.0 floating' in PL"):
            Scope.read({"scope": "server:PL", "feature": "WXPF", "version": "1.0", "type": "floating"}, anna)


def test_a_feature_named_without_its_version_or_type_is_the_only_one_that_the_login_may_see_or_tells_which() -> None:
    server = LicenseServerFactory(name="PL")
    group = LicenseServerGroup.objects.create(name="XF")
    group.servers.add(server)
    for name, version, kind in (("cad", "11.0", ""), ("cad", "12.0", ""), ("cam", "1.0", "floating")):
        FeatureFactory(server=server, name=name, version=version, type=kind)
    for kind in ("floating", "node-locked"):
        FeatureFactory(server=server, name="sim", version="2.0", type=kind)
    FeatureFactory(server=server, name="tok", version="", type="token")
    ann, anna = login("ann"), login("anna")
    SetVisibility(anna, features=[(server, "cad")]).execute()

    def refusal(user: User, scope: str = "server:PL", **feature: str) -> str:
        with pytest.raises(ScopeError) as raised:
            Scope.read({"scope": scope, **feature}, user)
        return str(raised.value)

    assert refusal(ann, feature="cad") == "There are 2 of the name 'cad' in PL: 11.0, 12.0. Choose one."
    assert refusal(ann, "group:XF", feature="cad") == "There are 2 of the name 'cad' in XF: 11.0, 12.0. Choose one."
    assert "2.0 floating, 2.0 node-locked. Choose one." in refusal(ann, feature="sim")
    for scope, where in (("server:PL", "PL"), ("group:XF", "XF")):
        two = f"There are 2 of the name 'sim 2.0' in {where}: floating, node-locked. Choose one."
        assert refusal(ann, scope, feature="sim", version="2.0") == two
        for given in ({"feature": "cam"}, {"feature": "cam", "version": "1.0"}, {"feature": "cam", "type": "floating"}):
            assert Scope.read({"scope": scope, **given}, ann).identity == ("cam", "1.0", "floating")
        assert Scope.read({"scope": scope, "feature": "tok"}, ann).identity == ("tok", "", "token")
        assert refusal(ann, scope, feature="cam", version="2.0") == f"There is no feature 'cam 2.0' in {where}."
    assert refusal(ann, feature="cad", version="9") == "There is no feature 'cad 9' in PL."
    assert refusal(anna, feature="cad") == "There is no feature 'cad' in PL."
    assert refusal(anna, feature="cad", version="11.0") == "There is no feature 'cad 11.0' in PL."


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
