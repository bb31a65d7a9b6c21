from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command

from groups_app.models import ForbiddenServer, HiddenFeature, HiddenServer, HostGroup, LicenseServerGroup, UserGroup
from licstats.models import LicenseServer
from sessions_app.models import OpenSession
from sessions_app.polling.ingest import ingest
from tests.factories import NOON, FeatureFactory, LicenseServerFactory, UserFactory
from tests.groups.fleets import apply, refused
from tests.polling.readings import complete, feature, minute, session

pytestmark = pytest.mark.django_db

WHOLE = """\
[[server]]
name = "PL"
manager = "flexnet"
address = "27000@pl"
timezone = "Europe/Warsaw"
interval = "2 min"
timeout = "20s"

[[server]]
name = "US"
manager = "flexnet"
address = "27000@us"
enabled = false

[[group]]
name = "XF"
servers = ["PL", "US"]

[[user_group]]
name = "designers"
members = ["ann", "design-*"]

[[host_group]]
name = "krakow"
members = ["*.krakow.example.com"]

[[visibility]]
user = "viewer1"
hide_servers = ["US"]
hide_features = ["PL/wxpf"]
hide_new_servers = true
"""


def test_a_fleet_file_makes_servers_groups_and_visibility(tmp_path: Path) -> None:
    viewer = UserFactory(username="viewer1")

    out = apply(tmp_path, WHOLE)

    polish = LicenseServer.objects.get(name="PL")
    assert (polish.timezone, polish.interval.total_seconds(), polish.timeout.total_seconds()) == (
        "Europe/Warsaw",
        120,
        20,
    )
    assert not LicenseServer.objects.get(name="US").enabled
    assert {str(server) for server in LicenseServerGroup.objects.get(name="XF").servers.all()} == {"PL", "US"}
    assert UserGroup.objects.get().entries == ["ann", "design-*"]
    assert HostGroup.objects.get().entries == ["*.krakow.example.com"]
    assert [str(hidden.server) for hidden in HiddenServer.objects.filter(user=viewer)] == ["US"]
    assert [(str(h.server), h.name) for h in HiddenFeature.objects.filter(user=viewer)] == [("PL", "wxpf")]
    assert "server PL: created" in out
    assert "note: PL was not read yet" in out
    assert out.endswith("5 created, 1 changed, 0 unchanged\n")


def test_applying_it_again_changes_nothing(tmp_path: Path) -> None:
    UserFactory(username="viewer1")
    apply(tmp_path, WHOLE)
    before = list(LicenseServer.objects.order_by("pk").values())

    out = apply(tmp_path, WHOLE)

    assert out.endswith("0 created, 0 changed, 6 unchanged\n")
    assert list(LicenseServer.objects.order_by("pk").values()) == before


@pytest.mark.parametrize("kind", ["user_group", "host_group"])
def test_members_that_mean_the_same_are_unchanged_however_their_lines_end(tmp_path: Path, kind: str) -> None:
    text = f'[[{kind}]]\nname = "A"\nmembers = ["ann", "design-*"]\n'
    apply(tmp_path, text)
    (group,) = [*UserGroup.objects.all(), *HostGroup.objects.all()]
    type(group).objects.update(members="ann\r\n\r\n design-*\r\n")

    assert f"{kind} A: unchanged" in apply(tmp_path, text)
    assert f"{kind} A: changed (members)" in apply(tmp_path, text.replace("ann", "bob"))
    group.refresh_from_db()
    assert group.members == "bob\ndesign-*"


def test_what_changed_is_named_and_what_the_file_does_not_name_stays(tmp_path: Path) -> None:
    apply(tmp_path, WHOLE.partition("[[visibility]]")[0])
    LicenseServerFactory(name="DK", description="not in the file")
    LicenseServer.objects.filter(name="PL").update(description="kept")

    out = apply(
        tmp_path,
        WHOLE.partition("[[visibility]]")[0]
        .replace('"27000@pl"', '"27001@pl"')
        .replace('servers = ["PL", "US"]', 'servers = ["PL"]'),
    )

    assert "server PL: changed (address)" in out
    assert "group XF: changed (servers)" in out
    assert "server US: unchanged" in out
    polish = LicenseServer.objects.get(name="PL")
    assert (polish.address, polish.description, polish.revision) == ("27001@pl", "kept", 1)
    assert LicenseServer.objects.get(name="DK").description == "not in the file"


def test_a_reading_that_is_stored_while_a_file_is_applied_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = LicenseServerFactory(name="PL", address="27000@pl", read_at=None, asked_at=None, status="", verdict="")
    ada, bob = (feature("solver", session(user)) for user in ("ada", "bob"))
    ingest(server, complete(0, ada), digest=lambda: b"ada")
    check = LicenseServer.full_clean

    def poll_and_check(changed: LicenseServer, *args: object, **options: object) -> None:
        ingest(LicenseServer.objects.get(pk=server.pk), complete(1, bob), digest=lambda: b"bob")
        check(changed)

    monkeypatch.setattr(LicenseServer, "full_clean", poll_and_check)
    out = apply(tmp_path, '[[server]]\nname = "PL"\nmanager = "flexnet"\naddress = "27000@pl"\ndescription = "new"\n')
    after = LicenseServer.objects.get()
    ingest(LicenseServer.objects.get(), complete(2, ada), digest=lambda: b"ada")

    assert "server PL: changed (description)" in out
    assert (after.description, after.read_at, bytes(after.digest)) == ("new", minute(1), b"bob")
    assert [open_session.user for open_session in OpenSession.objects.all()] == ["ada"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("wxpf", "PL lists no feature 'wxpf'; there is 'WXPF'."),
        ("Drawing_Pro", "PL lists no feature 'Drawing_Pro'; there is 'drawing-pro'."),
        ("WXFP", "PL lists no feature 'WXFP'; there is 'WXPF'."),
        ("NoSuch", "PL lists no feature 'NoSuch'; it is hidden once it does."),
        ("US-only", "PL lists no feature 'US-only'; it is hidden once it does."),
    ],
)
def test_a_feature_that_its_server_does_not_list_is_hidden_with_a_note(tmp_path: Path, name: str, said: str) -> None:
    viewer = UserFactory(username="viewer1")
    server = LicenseServerFactory(name="PL")
    FeatureFactory(server=server, name="WXPF")
    FeatureFactory(server=server, name="drawing-pro", last_listed_at=NOON)
    FeatureFactory(server__name="US", name="US-only")
    text = f'[[visibility]]\nuser = "viewer1"\nhide_features = ["PL/WXPF", "PL/drawing-pro", "PL/{name}"]\n'

    out = apply(tmp_path, text)

    assert out.startswith(f"visibility viewer1: changed (hide_features)\n  note: {said}\n0 created")
    assert HiddenFeature.objects.filter(user=viewer, server=server, name=name).exists()


def test_of_a_server_that_was_never_read_it_is_not_known_what_it_lists(tmp_path: Path) -> None:
    UserFactory(username="viewer1")
    FeatureFactory(server__name="PL", server__read_at=None, name="WXPF")

    assert "note" not in apply(tmp_path, '[[visibility]]\nuser = "viewer1"\nhide_features = ["PL/wxpf"]\n')


def test_an_empty_list_shows_everything_again(tmp_path: Path) -> None:
    viewer = UserFactory(username="viewer1")
    apply(tmp_path, WHOLE)

    apply(tmp_path, '[[visibility]]\nuser = "viewer1"\nhide_servers = []\n')

    assert not HiddenServer.objects.filter(user=viewer).exists()
    assert HiddenFeature.objects.filter(user=viewer).exists()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'name = "PL"',
            'nmae = "PL"',
            "fleet.toml line 2: 'nmae' is not a key of [[server]]. Did you mean 'name'?",
        ),
        ('name = "PL"', "name = 7", 'fleet.toml line 2: name is 7: it must be a text in quotes, as in "PL".'),
        ('name = "PL"', 'name = "US"', "fleet.toml line 9: server 'US' comes twice, first in line 1."),
        ('name = "PL"\n', "", "fleet.toml line 1: this [[server]] needs 'name'."),
        (
            '"PL"\nmanager',
            '"P\\tL"\nmanager',
            "fleet.toml line 2: name 'P\tL': A name begins and ends with a visible character",
        ),
        (
            'name = "XF"',
            'name = "XF "',
            "fleet.toml line 16: name 'XF ': A name begins and ends with a visible character",
        ),
        (
            '"PL"\nmanager',
            '"P\\u200BL"\nmanager',
            "fleet.toml line 2: name 'P\u200bL': A name has no character that cannot be seen: take U+200B out of it.",
        ),
        (
            'name = "XF"',
            'name = "Cafe\\u0301"',
            "fleet.toml line 16: name 'Cafe\u0301': A name has each letter as a keyboard",
        ),
        ("[[group]]", "[[grupp]]", "fleet.toml line 15: 'grupp' is not known. Did you mean [[group]]?"),
        ("[[group]]", "[group]", "fleet.toml line 15: write [[group]], with two brackets"),
        ('"2 min"', "120", 'fleet.toml line 6: interval: 120 is not a duration in quotes, as in "60s".'),
        ('"2 min"', '"2 moons"', "fleet.toml line 6: interval: 'moons' is not a unit of time."),
        ('"2 min"', '"1s"', "fleet.toml line 6: interval: It must be 5 s or longer."),
        ('"20s"', '"11 min"', "fleet.toml line 7: timeout: It must be 10 min or shorter."),
        ('"Europe/Warsaw"', '"Europe/Krakow"', "fleet.toml line 5: timezone: 'Europe/Krakow' is not a"),
        (
            '"flexnet"\naddress = "27000@pl"',
            '"flex"\naddress = "27000@pl"',
            "line 3: manager: 'flex' is not a",
        ),
        (
            "enabled = false",
            'enabled = "no"',
            "fleet.toml line 13: enabled is 'no': it must be true or false",
        ),
        (
            '["PL", "US"]',
            '[\n"PL",\n"SU",\n]',
            "fleet.toml line 19: servers: there is no license server 'SU'.",
        ),
        ('["PL", "US"]', '["PL", 3]', "fleet.toml line 17: servers is ['PL', 3]: it must be a list of texts"),
        (
            '"design-*"',
            '\n"eve\\nbob"',
            "fleet.toml line 22: members 'eve\\nbob': each member is a text of its own, without line breaks.",
        ),
        ('"design-*"', '"a,b"', "fleet.toml line 21: members: 'a,b': write one name or pattern on each"),
        (
            '"viewer1"',
            '"viewer2"',
            "fleet.toml line 28: there is no login 'viewer2'. Add it: licstats user add viewer2.",
        ),
        (
            '"PL/wxpf"',
            '"wxpf"',
            "fleet.toml line 30: hide_features 'wxpf': write server/feature, as in \"PL/wxpf\".",
        ),
        (
            '"PL/wxpf"',
            '"DK/wxpf"',
            "fleet.toml line 30: hide_features 'DK/wxpf': there is no license server 'DK'.",
        ),
        ("enabled = false", "enabled = maybe", "fleet.toml line 13: Invalid value. This is not TOML."),
    ],
)
def test_a_wrong_value_is_refused_with_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    UserFactory(username="viewer1")
    assert old in WHOLE

    message = refused(tmp_path, WHOLE.replace(old, new, 1))

    assert said in message
    assert "\nNothing was applied: " in message


def test_every_problem_is_named_at_once(tmp_path: Path) -> None:
    message = refused(tmp_path, '[[server]]\nname = "A"\ncolour = 1\n[[group]]\nname = "B"\n')

    assert "line 1: this [[server]] needs 'manager'." in message
    assert "line 3: 'colour' is not a key of [[server]]." in message
    assert "line 4: this [[group]] needs 'servers'." in message


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        call_command("fleet", "apply", str(tmp_path / "none.toml"))
    (tmp_path / "latin.toml").write_bytes(b"# \xe9\n")
    with pytest.raises(CommandError, match="is not UTF-8"):
        call_command("fleet", "apply", str(tmp_path / "latin.toml"))


def test_brackets_inside_a_long_text_do_not_shift_the_lines(tmp_path: Path) -> None:
    text = '[[server]]\nname = "A"\nmanager = "flexnet"\naddress = "1@a"\ndescription = """\n[[server]]\n"""\n'

    message = refused(tmp_path, text + '[[server]]\nname = "B"\nmanager = "flexnet"\naddress = "1@b"\nsite = "A B"\n')

    assert "fleet.toml line 12: site 'A B': A site is small letters" in message


def test_members_that_do_not_fit_are_refused_by_name(tmp_path: Path) -> None:
    for name, vendor in (("PL", "xf"), ("US", "xf"), ("DK", "other")):
        FeatureFactory(server__name=name, vendor=vendor)

    message = refused(tmp_path, '[[group]]\nname = "XF"\nservers = ["PL", "US", "DK"]\n')

    assert "fleet.toml line 3: group 'XF': DK has no vendor in common with the others: it serves other" in message


def test_a_name_that_cannot_be_stored_is_one_problem_among_others(tmp_path: Path) -> None:
    UserFactory(username="viewer1")
    LicenseServerFactory(name="PL")
    long = f'[[visibility]]\nuser = "viewer1"\nhide_features = [\n"PL/{"x" * 300}",\n"PL/{"y" * 301}",\n]\n'

    message = refused(tmp_path, long + '[[user_group]]\nname = "a,b"\nmembers = ["ann"]\n')

    assert (
        f"fleet.toml line 5: hide_features 'PL/{'y' * 37}…': "
        "the name of a feature has 300 characters at most, this one 301." in message
    )
    assert "fleet.toml line 8: name 'a,b': A name begins" in message
    assert message.endswith("Nothing was applied: 2 problems.")


@pytest.mark.parametrize(
    ("key", "old", "new"),
    [
        ("name", '"PL"\nmanager', '"P\\u0000L"\nmanager'),
        ("timezone", '"Europe/Warsaw"', '"Europe\\u0000"'),
        ("servers", '["PL", "US"]', '["PL", "U\\u0000S"]'),
        ("members", '"ann"', '"a\\u0000nn"'),
        ("user", '"viewer1"', '"view\\u0000er1"'),
        ("hide_servers", '["US"]', '["U\\u0000S"]'),
        ("hide_features", '"PL/wxpf"', '"PL/wx\\u0000pf"'),
        ("description", "enabled = false", 'description = "a\\u0000b"'),
    ],
)
def test_a_text_with_the_character_nul_is_refused_with_its_line(tmp_path: Path, key: str, old: str, new: str) -> None:
    UserFactory(username="viewer1")
    text = WHOLE.replace(old, new, 1)
    line = text[: text.index("\\u0000")].count("\n") + 1

    message = refused(tmp_path, text.replace('"20s"', '"20 moons"'))

    assert f"fleet.toml line {line}: {key}: a text cannot hold the character NUL." in message
    assert "fleet.toml line 7: timeout: 'moons' is not a unit of time." in message


def test_a_group_that_a_role_loses_is_named_with_the_reason(tmp_path: Path) -> None:
    server = LicenseServerFactory(name="PL")
    ForbiddenServer.objects.create(role=Group.objects.create(name="planner"), server=server)

    out = apply(tmp_path, '[[group]]\nname = "XF"\nservers = ["PL"]\n')

    assert "group XF: created\n  note: Not offered to the role planner: it may not see PL.\n" in out
