"""Recorded outputs of real license servers, where they are at hand: figures as in their index and by plain counting."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings

from licstats.managers.base import STATUS, Output
from licstats.managers.decoding import decode
from licstats.managers.reading import ProblemKind, Reading, Verdict
from licstats.managers.registry import MANAGERS
from tests.managers.lmstat_text import unaccounted

SAMPLES = Path(settings.BASE_DIR).parent / "shared" / "samples"
NOW = datetime(2026, 3, 18, 10, 0, tzinfo=UTC)
pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"no recorded outputs in {SAMPLES}")

ROW = re.compile(r"\| (flexnet/\S+) \| (\d+) \| (\d*) \| (\d*) \| (\d*) \| (\d*) \|")
HEADING = re.compile(r"^Users of .*?:\s+\(Total of (\d+) licenses? issued;\s+Total of (\d+) licenses? in use\)", re.M)
LICENSES = re.compile(r", start [^,\n]+, (\d+) licenses")


def sample(name: str) -> tuple[str, Reading]:
    [path] = [path for path in SAMPLES.glob(f"{name}*") if path.stem == Path(name).name]
    text = decode(path.read_bytes())
    return text, MANAGERS[path.parent.name].read({STATUS: Output(text)}, NOW, ZoneInfo("UTC"))


def index() -> list[tuple[str, ...]]:
    path = SAMPLES / "INDEX.md"
    return [found.groups() for found in ROW.finditer(path.read_text())] if path.exists() else []


@pytest.mark.parametrize("row", index(), ids=lambda row: row[0])
def test_figures_are_those_of_the_index(row: tuple[str, ...]) -> None:
    name, features, issued, in_use, lines, licenses = row
    text, reading = sample(name)
    assert len(reading.features) == int(features)
    counted = [one for one in reading.features if f"Users of {one.name}:  (Total" in text]
    assert sum(one.total or 0 for one in counted) == int(issued or 0)
    assert sum((one.used or 0) + one.reserved for one in counted) == int(in_use or 0)
    sessions = [session for one in reading.features for session in one.sessions]
    assert len(sessions) == int(lines or 0)
    assert sum(session.used for session in sessions) == int(licenses or 0)


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("flexnet/*.txt")), ids=lambda path: path.stem)
def test_figures_are_those_of_plain_counting_and_no_line_is_lost(path: Path) -> None:
    text, reading = sample(f"flexnet/{path.stem}")
    assert unaccounted(text, reading) == []
    if reading.verdict is Verdict.FAILED or "lmstat -i" in text:
        assert "Users of" not in text
        return
    headings = [(int(issued), int(in_use)) for issued, in_use in HEADING.findall(text)]
    totals = [one for one in reading.features if f"Users of {one.name}:  (Total" in text]
    assert sum(one.total or 0 for one in totals) == sum(issued for issued, _ in headings)
    assert sum((one.used or 0) + one.reserved for one in totals) == sum(in_use for _, in_use in headings)
    extra = sum(int(count) - 1 for count in LICENSES.findall(text))
    sessions = [session for one in reading.features for session in one.sessions]
    assert sum(session.used for session in sessions) == text.count(", start ") + extra


def test_matlab_tells_which_features_do_not_add_up() -> None:
    _, reading = sample("flexnet/flexlm_exporter__lmstat_app5")
    totals = {p.feature: p.message for p in reading.problems if p.kind is ProblemKind.TOTALS}
    assert totals == {
        "MATLAB": "61 in use, but 37 seen in 37 checkouts and 0 reserved",
        "SIMULINK": "10 in use, but 5 seen in 5 checkouts and 0 reserved",
        "Distrib_Computing_Toolbox": "4 in use, but 2 seen in 2 checkouts and 0 reserved",
    }
    assert reading.verdict is Verdict.COMPLETE


@pytest.mark.parametrize("name", ["app2", "app4", "app6"])
def test_whole_reports_are_complete(name: str) -> None:
    assert sample(f"flexnet/flexlm_exporter__lmstat_{name}")[1].verdict is Verdict.COMPLETE


@pytest.mark.parametrize(
    ("name", "features", "used", "sessions"),
    [("omnivector-lm__lmx_output", 7, 95_000, 5), ("omnivector-lm__lmx_output_no_licenses", 7, 0, 0)],
)
def test_lmx(name: str, features: int, used: int, sessions: int) -> None:
    text, reading = sample(f"lmx/{name}")
    assert reading.verdict is Verdict.COMPLETE
    assert len(reading.features) == features == text.count("Feature: ")
    assert sum(one.used or 0 for one in reading.features) == used
    assert sum(len(one.sessions) for one in reading.features) == sessions == text.count("used by")
    assert sum(one.total is None for one in reading.features) == text.count("of 2147483647")


@pytest.mark.parametrize(
    "name",
    [
        "lmx/omnivector-lm__lmx_output_bad",
        "lmx/omnivector-history__unable-to-connect",
        "flexnet/omnivector-lm__flexlm_output_bad",
        "flexnet/omnivector-history__mock-lmstat-refused-exit241",
    ],
)
def test_error_texts_are_failed(name: str) -> None:
    _, reading = sample(name)
    assert reading.verdict is Verdict.FAILED
    assert reading.problems[0].kind is ProblemKind.SERVER
