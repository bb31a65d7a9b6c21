"""Any group against plain Python, which merges by the words of the rule, one feature after the other."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from groups_app.members import explain
from groups_app.merging import merged_features
from groups_app.models import LicenseServerGroup
from tests.factories import NOON, FeatureFactory, LicenseServerFactory

figures = st.integers(0, 50)
features = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["a", "A", "b"]),
        "version": st.sampled_from(["", "1.0", "2.0"]),
        "type": st.sampled_from(["", "floating", "token"]),
        "vendor": st.sampled_from(["v", "w"]),
        "version_listed": st.booleans(),
        "total": st.none() | figures,
        "used": st.none() | figures,
        "borrowed": figures,
        "reserved": figures,
        "queued": figures,
        "expires": st.none() | st.dates(date(2026, 3, 1), date(2026, 4, 1)),
        "expired": st.booleans(),
        "permanent": st.booleans(),
        "hours_unlisted": st.none() | st.sampled_from([0, 23, 24, 25, 100]),
    }
)
servers = st.fixed_dictionaries(
    {
        "hours_unread": st.none() | st.sampled_from([0, 0, 1, 23, 24, 25, 100]),
        "features": st.lists(
            features, max_size=4, unique_by=lambda f: (f["vendor"], f["name"], f["version"], f["type"])
        ),
    }
)


def plainly_merged(fleet: list[dict[str, Any]]) -> dict[tuple[str, str, str], dict[str, Any]]:
    """The merged rows by the words of the rule, one feature after the other."""

    def told(name: str, oldest: int) -> list[dict[str, Any]]:
        """The features of that name with a known version, of readings that are not older than so many hours."""
        known = [(other, age) for other, age, unknown in members if other["name"] == name and not unknown]
        return [other for other, age in known if age is None or age <= oldest]

    def type_of(feature: dict[str, Any]) -> str:
        for oldest in (24, 1000):
            of_name = told(feature["name"], oldest)
            types = {other["type"] for other in of_name if other["version"] == feature["version"]} - {""}
            if types:
                return types.pop() if not feature["type"] and len(types) == 1 else feature["type"]
        return feature["type"]

    members = []
    for server in fleet:
        for feature in server["features"]:
            age = server["hours_unread"]
            if feature["hours_unlisted"] is not None:
                age = feature["hours_unlisted"]
            unknown = feature["version"] == "" and not feature["version_listed"]
            members.append((feature, age, unknown))
    rows: dict[tuple[str, str, str], list[tuple[dict[str, Any], int | None]]] = defaultdict(list)
    for feature, age, unknown in members:
        key = (feature["name"], feature["version"], feature["type"] if unknown else type_of(feature))
        if unknown:
            for oldest in (1000, 24):  # what the fresh ones know stands
                of_name = told(feature["name"], oldest)
                versions = {(other["name"], other["version"], type_of(other)) for other in of_name}
                fitting = [other for other in versions if feature["type"] in ("", other[2])]
                if fitting:
                    key = fitting[0] if len(fitting) == 1 else (feature["name"], "", feature["type"])
        rows[key].append((feature, age))
    return {key: sums for key, parts in rows.items() if (sums := summed(parts))}


def summed(parts: list[tuple[dict[str, Any], int | None]]) -> dict[str, Any] | None:
    counted = [feature for feature, age in parts if age is not None and age <= 24]
    if any(age is None for _, age in parts) or not counted:
        return None
    sums: dict[str, Any] = {f: sum(feature[f] for feature in counted) for f in ("borrowed", "reserved", "queued")}
    expired = [feature for feature in counted if feature["expired"]]
    valid = [feature for feature in counted if feature not in expired] or counted
    for figure, of in (("total", valid), ("used", counted)):
        values = [feature[figure] for feature in of]
        sums[figure] = None if None in values else sum(values)
    dates = [feature["expires"] for feature in valid if feature["expires"]]
    sums["expires"] = min(dates) if dates else None
    sums["permanent"] = all(feature["permanent"] for feature in valid)
    sums["expired"] = valid == expired
    sums["expired_used"] = sum(feature["used"] or 0 for feature in expired)
    sums["members"], sums["left_out"] = len(counted), len(parts) - len(counted)
    sums["vendor"] = ", ".join(sorted({feature["vendor"] for feature in counted}))
    sums["expired_reserved"] = sum(feature["reserved"] for feature in expired)
    known = sums["total"] is not None and sums["used"] is not None
    taken = {figure: sum(feature[figure] or 0 for feature in valid) for figure in ("used", "reserved")}
    sums["available"] = sums["total"] - taken["used"] - taken["reserved"] if known else None
    sums["utilization"] = 100 * taken["used"] / sums["total"] if known and sums["total"] else None
    return sums


class TestAgainstPlainPython(TestCase):
    @settings(max_examples=80, deadline=None)
    @given(st.lists(servers, max_size=5), st.integers(0, 6))
    def test_merged_rows_and_their_explanations_agree_with_plain_python(
        self, fleet: list[dict[str, Any]], strangers: int
    ) -> None:
        group = LicenseServerGroup.objects.create(name="any")
        for _ in range(strangers):
            FeatureFactory(name="a", server__read_at=NOON)
        for server in fleet:
            unread = server["hours_unread"]
            read_at = None if unread is None else NOON - timedelta(hours=unread)
            made = LicenseServerFactory(read_at=read_at)
            group.servers.add(made)
            for feature in server["features"]:
                hours = feature["hours_unlisted"]
                listed = None if hours is None else NOON - timedelta(hours=hours)
                values = {key: value for key, value in feature.items() if key != "hours_unlisted"}
                FeatureFactory(server=made, last_listed_at=listed, **values)

        expected = plainly_merged(fleet)
        rows = merged_features(group, NOON)

        assert {
            (row.name, row.version, row.type): {figure: getattr(row, figure) for figure in sums}
            for row in rows
            for sums in [next(iter(expected.values()), {})]
        } == expected
        for row in rows:
            explanation = explain(group, row.name, row.version, row.type, NOON)
            for figure in ("total", "used", "borrowed", "reserved", "queued"):
                assert explanation.sum(figure) == getattr(row, figure)
            assert (len(explanation.counted), len(explanation.left_out)) == (row.members, row.left_out)
            assert row in merged_features(group, NOON, [row.name])
        for figure in ("used", "total", "expires", "expired_used", "utilization", "available", "interval"):
            alone = merged_features(group, NOON, figures=[figure]).values_list("name", "version", "type", figure)
            assert set(alone) == set(rows.values_list("name", "version", "type", figure))
