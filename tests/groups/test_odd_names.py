"""Names as nobody expects them, and what logins hide in any order: nothing is taken for anything else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from groups_app.hiding import ChangeVisibility, SetVisibility
from groups_app.models import HiddenFeature, LicenseServerGroup
from groups_app.scope import Scope, ScopeError
from groups_app.visibility import hidden_mark, visible_features, visible_reason, visible_reports, visible_servers
from licstats.models import Feature, LicenseServer, ServerReport
from tests.factories import FeatureFactory, LicenseServerFactory, UserFactory
from tests.groups.fleets import apply, refused

ODD = ["%", "_", "\\", "'", '"', "a'b", "<b>", "a&b=c#d", "a/b", "a\nb", "\u202egnp\u202c", "ÄÖ", " ", "x" * 300]


@pytest.mark.django_db
class TestFeaturesOfAnyName:
    @pytest.mark.parametrize("name", ODD)
    def test_one_is_hidden_by_its_name_and_no_other_is(self, name: str) -> None:
        ann, server = UserFactory(), LicenseServerFactory()
        for other in (name, f"{name[:290]}+", "plain"):
            FeatureFactory(server=server, name=other)
        SetVisibility(ann, features=[(server, name)]).execute()
        assert set(visible_features(ann).values_list("name", flat=True)) == {f"{name[:290]}+", "plain"}

    @pytest.mark.parametrize("name", ODD)
    def test_one_is_chosen_by_the_address_that_a_page_gives_it(self, name: str) -> None:
        ann, feature = UserFactory(), FeatureFactory(name=name, version="1/2 'v'", type="")
        group = LicenseServerGroup.objects.create(name="XF")
        group.servers.add(feature.server)
        chosen = {"feature": name, "version": "1/2 'v'"}
        for where in (f"server:{feature.server}", "group:XF"):
            scope = Scope.read({"scope": where, **chosen}, ann)
            assert scope.params() == {"scope": where, **chosen}
            if name != " ":
                assert list(Scope.read(scope.params(), ann).features()) == [feature]

    @pytest.mark.parametrize("name", ["%", "_", "\\", "a%b", "A_B"])
    def test_a_hidden_one_keeps_no_sentence_back_that_does_not_name_it(self, name: str) -> None:
        ann = UserFactory()
        server = LicenseServerFactory(reason="axb: 5 in use, but 3 seen")
        problems = [
            {"kind": "totals", "message": "axb: 5 in use", "line": 1, "text": "", "vendor": "", "feature": "axb"}
        ]
        ServerReport.objects.create(server=server, problems=problems, problem_count=1)
        SetVisibility(ann, features=[(server, name)]).execute()
        assert LicenseServer.objects.annotate(told=visible_reason(ann)).get().told == server.reason
        assert visible_reports(ann).get().shown == problems

    @pytest.mark.parametrize("name", ["axb", "AXB", "x", "5 in use"])
    def test_a_hidden_one_keeps_back_every_sentence_that_names_it(self, name: str) -> None:
        ann = UserFactory()
        server = LicenseServerFactory(reason="axb: 5 in use, but 3 seen")
        SetVisibility(ann, features=[(server, name)]).execute()
        told = LicenseServer.objects.annotate(told=visible_reason(ann)).get().told
        assert told == "Its last answer could not be read in full."


@pytest.mark.django_db
class TestServersOfAnyName:
    def test_quotes_and_signs_of_addresses_are_part_of_a_name(self, tmp_path: Path) -> None:
        UserFactory(username="ann")
        names = ['O\'Brien \\"x\\"', "a&b=c#d?e", "<b>", "100 %"]
        servers = "".join(
            f'[[server]]\nname = "{name}"\nmanager = "flexnet"\naddress = "1@a{n}"\n' for n, name in enumerate(names)
        )
        hidden = '[[visibility]]\nuser = "ann"\nhide_servers = ["<b>"]\nhide_features = ["100 %/a/b"]\n'
        assert apply(tmp_path, servers + hidden).endswith("4 created, 1 changed, 0 unchanged\n")
        assert apply(tmp_path, servers + hidden).endswith("0 created, 0 changed, 5 unchanged\n")
        ann = User.objects.get(username="ann")
        seen = {server.name for server in visible_servers(ann)}
        assert seen == {'O\'Brien "x"', "a&b=c#d?e", "100 %"}
        assert [(str(row.server), row.name) for row in HiddenFeature.objects.all()] == [("100 %", "a/b")]
        for name in seen:
            assert str(Scope.read({"scope": f"server:{name}"}, ann).server) == name

    @pytest.mark.parametrize(
        ("kind", "key", "most"),
        [
            ("server", "name", 100),
            ("server", "address", 500),
            ("server", "site", 50),
            ("server", "description", 500),
            ("group", "name", 100),
            ("group", "description", 500),
            ("user_group", "name", 100),
            ("host_group", "description", 500),
        ],
    )
    def test_one_that_is_too_long_is_refused_with_its_line_and_the_bound(
        self, tmp_path: Path, kind: str, key: str, most: int
    ) -> None:
        values = {
            "server": {"name": "PL", "manager": "flexnet", "address": "1@pl"},
            "group": {"name": "XF"},
        }.get(kind, {"name": "G"}) | {key: "x" * (most + 1)}
        lists = {"group": "servers = []\n", "user_group": "members = []\n", "host_group": "members = []\n"}
        text = (
            f"[[{kind}]]\n" + "".join(f'{name} = "{value}"\n' for name, value in values.items()) + lists.get(kind, "")
        )
        message = refused(tmp_path, text)
        line = [*values].index(key) + 2
        assert f"fleet.toml line {line}: {key}" in message
        assert f"at most {most} characters (it has {most + 1})" in message or f"more than {most}" in message

    @pytest.mark.parametrize("key", ["hide_servers", "servers"])
    def test_a_name_that_differs_in_case_is_not_there(self, tmp_path: Path, key: str) -> None:
        UserFactory(username="ann")
        LicenseServerFactory(name="PL")
        head = '[[visibility]]\nuser = "ann"\n' if key == "hide_servers" else '[[group]]\nname = "XF"\n'
        assert f"fleet.toml line 3: {key}: there is no license server 'pl'." in refused(
            tmp_path, f'{head}{key} = ["pl"]\n'
        )


class TestAnyScope(TestCase):
    fields = st.sampled_from(["scope", "feature", "version", "type"])
    texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)

    @settings(max_examples=60, deadline=None)
    @given(
        st.dictionaries(fields, texts | st.builds("{}:{}".format, st.sampled_from(["server", "group", "all"]), texts))
    )
    def test_it_is_read_or_refused_in_a_sentence(self, params: dict[str, str]) -> None:
        ann, _ = User.objects.get_or_create(username="ann")
        try:
            scope = Scope.read(params, ann)
        except ScopeError as refusal:
            field, sentence = refusal.field, str(refusal)
        else:
            field, sentence = "scope", "."
            assert (scope.server, scope.group, scope.feature) == (None, None, "")
        assert field in {"scope", "feature"}
        assert sentence.endswith(".")


class TestHidingInAnyOrder(TestCase):
    """Against a plain set of names."""

    some = st.sets(st.sampled_from("ABC")), st.sets(st.sampled_from("fgh"))
    steps = st.lists(st.tuples(st.sampled_from(["hide", "show", "set"]), *some), max_size=6)

    @settings(max_examples=40, deadline=None)
    @given(steps)
    def test_what_is_seen_is_what_was_not_hidden_last(self, steps: list[tuple[str, set[str], set[str]]]) -> None:
        ann, bob = UserFactory(), UserFactory()
        made: dict[str, Any] = {name: LicenseServerFactory(name=name) for name in "ABC"}
        for server in made.values():
            for name in "fgh":
                FeatureFactory(server=server, name=name)
        hidden: set[str] = set()
        gone: set[str] = set()
        marks = {hidden_mark(ann): (frozenset(hidden), frozenset(gone))}
        for what, servers, features in steps:
            rows = LicenseServer.objects.filter(name__in=servers)
            chosen = Feature.objects.filter(name__in=features, server=made["A"])
            if what == "set":
                changed = SetVisibility(ann, list(rows), [(made["A"], name) for name in features]).execute()
                assert changed == ["hide_servers"] * (hidden != servers) + ["hide_features"] * (gone != features)
                hidden, gone = set(servers), set(features)
            elif what == "hide":
                count = ChangeVisibility(ann, ann, rows, chosen).hide()
                assert count == len(servers - hidden) + len(features - gone)
                hidden, gone = hidden | servers, gone | features
            else:
                count = ChangeVisibility(ann, ann, rows, chosen).show()
                assert count == len(servers & hidden) + len(features & gone)
                hidden, gone = hidden - servers, gone - features
            state = (frozenset(hidden), frozenset(gone))
            assert marks.setdefault(hidden_mark(ann), state) == state  # a page that shows another state is told so
        assert {server.name for server in visible_servers(ann)} == set("ABC") - hidden
        seen = {(feature.server.name, feature.name) for feature in visible_features(ann).select_related("server")}
        assert seen == {(s, f) for s in "ABC" for f in "fgh" if s not in hidden and (s != "A" or f not in gone)}
        assert visible_servers(bob).count() == 3
