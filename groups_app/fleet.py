"""License servers, groups and visibility from a file: all of it or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import structlog
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import models, transaction

from groups_app.composition import check_members, check_memberships, same_addresses
from groups_app.fleet_file import Entry, FleetError, FleetFile, nearest
from groups_app.hiding import LONGEST_FEATURE, SetVisibility
from groups_app.models import HostGroup, LicenseServerGroup, NameGroup, UserGroup
from groups_app.names import entries_of
from groups_app.visibility import not_offered
from licstats.configuring import ChangeServer
from licstats.models import Feature, LicenseServer

log = structlog.get_logger(__name__)

NAME_GROUPS: dict[str, type[NameGroup]] = {"user_group": UserGroup, "host_group": HostGroup}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one entry: `what` is created, changed or unchanged; `fields` are those that changed."""

    kind: str
    name: str
    what: str
    fields: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


class ApplyFleet:
    """Make the database say what a fleet file says. What the file does not name stays as it is."""

    def __init__(self, file: FleetFile) -> None:
        self.file = file
        self.outcomes: list[Outcome] = []
        self.refused: set[str] = set()  # license servers with a problem of their own: one is enough
        self.moved: list[tuple[int, Entry, LicenseServer]] = []  # with another manager or address; place in outcomes

    def execute(self) -> list[Outcome]:
        """Outcomes in the order of the kinds; FleetError, with nothing applied, where anything is wrong."""
        with transaction.atomic():
            for entry in self.file.of("server"):
                self._server(entry)
            for entry in self.file.of("group"):
                self._group(entry)
            for place, entry, server in self.moved:
                self.outcomes[place] = self._elsewhere(self.outcomes[place], entry, server)
            for kind in NAME_GROUPS:
                for entry in self.file.of(kind):
                    self._name_group(entry)
            for entry in self.file.of("visibility"):
                self._visibility(entry)
            if self.file.problems:
                raise FleetError(self.file.problems)
        changed = [outcome.name for outcome in self.outcomes if outcome.what != "unchanged"]
        log.info("fleet applied", file=self.file.name, entries=len(self.outcomes), changed=changed)
        return self.outcomes

    def _server(self, entry: Entry) -> None:
        server = LicenseServer.objects.filter(name=entry.values["name"]).first() or LicenseServer()
        if not self._save(entry, server):
            self.refused.add(entry.identity)
        elif {"manager", "address"} & set(self.outcomes[-1].fields):
            self.moved.append((len(self.outcomes) - 1, entry, server))

    def _save(self, entry: Entry, instance: models.Model) -> bool:
        """Write the entry's values that differ from those of `instance`; False where they are wrong."""
        created = instance.pk is None
        names = [key for key in entry.values if key != "servers"]
        before = {name: getattr(instance, name) for name in names}
        for name in names:
            setattr(instance, name, entry.values[name])
        try:
            instance.full_clean()
        except ValidationError as error:
            self._explain(entry, error)
            return False
        changed = tuple(name for name in names if getattr(instance, name) != before[name])
        if created:
            instance.save()
        elif changed and isinstance(instance, LicenseServer):
            ChangeServer(instance, changed).execute()
        elif changed:
            instance.save(update_fields=changed)
        what = "created" if created else "changed" if changed else "unchanged"
        self.outcomes.append(Outcome(entry.kind, entry.identity, what, () if created else changed))
        return True

    def _explain(self, entry: Entry, error: ValidationError) -> None:
        for key, messages in error.message_dict.items():
            value = f"'{entry.values.get(key, '')}'"
            plain = isinstance(entry.values.get(key), str) and key != "members"
            for message in messages:
                named = f"{key} {value}" if plain and value not in message else key
                self.file.add(entry.line_of(key), f"{named}: {message}")

    def _servers(self, entry: Entry, key: str) -> list[LicenseServer] | None:
        """The license servers that a list names; None where one of them does not exist."""
        names: list[str] = entry.values[key]
        found = LicenseServer.objects.in_bulk(names, field_name="name")
        for name in names:
            if name not in found and name not in self.refused:
                self.file.add(entry.line_of(key, name), f"{key}: there is no license server '{name}'.")
        return list(found.values()) if set(names) <= found.keys() else None

    def _group(self, entry: Entry) -> None:
        servers = self._servers(entry, "servers")
        group = LicenseServerGroup.objects.filter(name=entry.values["name"]).first() or LicenseServerGroup()
        if servers is None or not self._save(entry, group):
            return
        try:
            notices = check_members(servers)
        except ValidationError as error:
            for message in error.messages:
                self.file.add(entry.line_of("servers"), f"group '{group}': {message}")
            return
        before = set(group.servers.all())
        group.servers.set(servers)
        notices += not_offered([group]).get(group.pk, [])
        self._also_changed(("servers",) if before != set(servers) else (), notices)

    def _elsewhere(self, outcome: Outcome, entry: Entry, server: LicenseServer) -> Outcome:
        """The server in groups that the file does not name: those that it names were checked with all its changes."""
        named = [group.identity for group in self.file.of("group")]
        groups = LicenseServerGroup.objects.filter(servers=server).exclude(name__in=named)
        try:
            check_memberships(server, groups if "manager" in outcome.fields else ())
        except ValidationError as error:
            for message in error.messages:
                self.file.add(entry.line_of("manager"), f"manager '{server.manager}': {message}")
        return replace(outcome, notices=tuple(same_addresses(server, groups)))

    def _also_changed(self, fields: tuple[str, ...], notices: Iterable[str] = ()) -> None:
        """Add to the last outcome what is not a column of its own."""
        last = self.outcomes.pop()
        changed = last.fields + (() if last.what == "created" else fields)
        what = "changed" if fields and last.what == "unchanged" else last.what
        self.outcomes.append(Outcome(last.kind, last.name, what, changed, tuple(notices)))

    def _name_group(self, entry: Entry) -> None:
        model = NAME_GROUPS[entry.kind]
        group = model._default_manager.filter(name=entry.values["name"]).first() or model()
        for member in entry.values["members"]:
            if len(entries_of(member)) > 1:
                line = entry.line_of("members", repr(member)[1:-1])
                self.file.add(line, f"members {member!r}: each member is a text of its own, without line breaks.")
        members = "\n".join(entry.values["members"])
        entry.values["members"] = group.members if group.entries == entries_of(members) else members
        self._save(entry, group)

    def _visibility(self, entry: Entry) -> None:
        login = get_user_model().objects.filter(username=entry.values["user"]).first()
        if login is None:
            name = entry.values["user"]
            self.file.add(entry.line_of("user"), f"there is no login '{name}'. Add it: licstats user add {name}.")
            return
        servers = self._servers(entry, "hide_servers") if "hide_servers" in entry.values else None
        features = self._features(entry) if "hide_features" in entry.values else None
        self._set_visibility(login, entry, servers, features)

    def _set_visibility(
        self,
        login: AbstractBaseUser,
        entry: Entry,
        servers: list[LicenseServer] | None,
        features: list[tuple[LicenseServer, str]] | None,
    ) -> None:
        change = SetVisibility(login, servers, features, entry.values.get("hide_new_servers"))
        changed = change.execute()
        what, notices = "changed" if changed else "unchanged", _unlisted(features or [])
        self.outcomes.append(Outcome("visibility", entry.identity, what, tuple(changed), tuple(notices)))

    def _features(self, entry: Entry) -> list[tuple[LicenseServer, str]]:
        """`server/feature` pairs: a server's name has no slash, a feature's may."""
        texts: list[str] = entry.values["hide_features"]
        pairs = {text: text.partition("/") for text in texts}
        servers = LicenseServer.objects.in_bulk([pair[0] for pair in pairs.values()], field_name="name")
        for text, (server, _, feature) in pairs.items():
            line = entry.line_of("hide_features", text)
            if not feature:
                self.file.add(line, f"hide_features '{text}': write server/feature, as in \"PL/wxpf\".")
            elif server not in servers and server not in self.refused:
                self.file.add(line, f"hide_features '{text}': there is no license server '{server}'.")
            elif len(feature) > LONGEST_FEATURE:
                most = f"the name of a feature has {LONGEST_FEATURE} characters at most, this one {len(feature)}."
                self.file.add(line, f"hide_features '{text[:40]}…': {most}")
        known = ((servers.get(server), feature) for server, _, feature in pairs.values())
        return [(server, feature) for server, feature in known if server and 0 < len(feature) <= LONGEST_FEATURE]


def _unlisted(features: list[tuple[LicenseServer, str]]) -> Iterator[str]:
    """What is to be said of those that their license servers do not list, as far as these were read."""
    listed: dict[int, set[str]] = {server.pk: set() for server, _ in features if server.read_at}
    for pk, name in Feature.objects.filter(server__in=listed).values_list("server", "name").distinct():
        listed[pk].add(name)
    for server, name in features:
        if server.pk in listed and name not in listed[server.pk]:
            near = nearest(name, sorted(listed[server.pk]))
            then = f"there is '{near}'" if near else "it is hidden once it does"
            yield f"{server} lists no feature '{name}'; {then}."
