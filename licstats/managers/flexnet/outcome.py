"""The Reading of a report: what it can be trusted for, and a sentence where nothing usable came."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

from licstats.managers import pools
from licstats.managers.base import Output
from licstats.managers.endings import exit_problems, failed, no_state
from licstats.managers.flexnet.catalogue import Catalogue, is_catalogue
from licstats.managers.flexnet.errors import advice, error_code, exit_code
from licstats.managers.flexnet.parts import Report
from licstats.managers.flexnet.patterns import HEADING_START
from licstats.managers.reading import (
    HARMLESS,
    FeatureReading,
    Pool,
    Problem,
    ProblemKind,
    Reading,
    ServerNode,
    Status,
    Verdict,
)

MOST_NAMES = 5


def judged(
    report: Report | None,
    features: tuple[FeatureReading, ...],
    status: Output,
    at: datetime,
    catalogue: Catalogue | None = None,
) -> Reading:
    """The reading of `report`; None: the tool brought no text that is worth reading."""
    if report is None:
        return failed(at, [Problem(ProblemKind.TOOL, status.failure)])
    up = any(node.status is Status.UP for node in report.nodes)
    if not features and not up and not any(daemon.status is Status.UP for daemon in report.daemons):
        return failed(at, _why(report, status), report.reported_at)
    for problem in _exit_problems(report, status) + report.failures:
        report.problems.add(problem)
    problems = report.problems.all()
    partial = any(_makes_partial(problem, report) for problem in problems)
    return Reading(
        status=Status.UP,
        verdict=Verdict.PARTIAL if partial else Verdict.COMPLETE,
        at=at,
        reported_at=report.reported_at,
        servers=tuple(report.nodes),
        daemons=tuple(report.daemons),
        features=features,
        problems=tuple(problems + _catalogue_problems(report, catalogue)),
    )


def _why(report: Report, status: Output) -> list[Problem]:
    """Why an output holds neither features nor a license server that is up."""
    problems = report.problems.all()
    failures = sorted(report.failures, key=lambda p: error_code(p.text) is None)  # what tells its cause comes first
    told = failures + [p for p in problems if p.kind in {ProblemKind.SERVER, ProblemKind.DAEMON}]
    if told:
        return told + [p for p in problems if p not in told]
    code = exit_code(status.exit_status)
    if status.exit_status and advice(code):
        message = f"The tool ended with exit status {status.exit_status} (-{code}): {advice(code)}."
        return [Problem(ProblemKind.TOOL, message), *problems]
    begun, anything = bool(report.reported_at or report.servers), bool(report.problems.found)
    return [
        no_state("lmutil lmstat -a", begun=begun, anything=anything, exit_status=status.exit_status),
        *problems,
    ]


def _makes_partial(problem: Problem, report: Report) -> bool:
    if problem.kind in HARMLESS:
        return False
    if problem.kind is not ProblemKind.SERVER:
        return True
    return (
        not any(node.status is Status.UP for node in _block_of(report, problem.line or 0)) or problem in report.failures
    )


def _block_of(report: Report, line: int) -> list[ServerNode]:
    above = [server for server in report.servers if server.line <= line]
    return above[-1].nodes if above else []


def _exit_problems(report: Report, status: Output) -> list[Problem]:
    explained = report.failures or any(problem.kind is not ProblemKind.TOTALS for problem in report.problems.found)
    return exit_problems(status.exit_status, explained=bool(explained), why=advice(exit_code(status.exit_status)))


def _catalogue_problems(report: Report, catalogue: Catalogue | None) -> list[Problem]:
    """Where the catalogue was not understood, or lists what the report does not."""
    if catalogue is None:
        return []
    listed = {(p.heading.vendor.lower(), p.heading.name.lower()): p for p in report.headings}
    missing = sorted({row.feature for row in catalogue.rows if (row.vendor.lower(), row.feature.lower()) not in listed})
    problems = [
        Problem(ProblemKind.CATALOGUE, f"lmstat -i, line {problem.line}: {problem.message}", text=problem.text)
        for problem in catalogue.problems[:MOST_NAMES]
    ]
    if missing:
        names = ", ".join(missing[:MOST_NAMES]) + (", ..." if len(missing) > MOST_NAMES else "")
        features = f"{len(missing)} feature{'s' * (len(missing) > 1)}"
        message = f"lmstat -i lists {features} that the report does not: {names}."
        problems.append(Problem(ProblemKind.CATALOGUE, message))
    return problems


def catalogue_alone(text: str, at: datetime, zone: ZoneInfo) -> Reading | None:
    """The reading of an answer of `lmstat -i`, where one was given for the status; None where it is none."""
    if HEADING_START[1:] in text or not is_catalogue(text):
        return None
    catalogue = Catalogue(text)
    message = "This is an answer of lmstat -i, which reads the license file only: who uses what is not known."
    features = tuple(_listed_features(catalogue, at.astimezone(zone).date()))
    problems = (Problem(ProblemKind.TOOL, message), *catalogue.problems)
    if not features:
        return failed(at, list(problems))
    return Reading(Status.UP, Verdict.PARTIAL, at, features=features, problems=problems)


def _listed_features(catalogue: Catalogue, today: date) -> Iterator[FeatureReading]:
    groups: dict[tuple[str, str, str], list[Pool]] = {}
    for row in catalogue.rows:
        pool = Pool(row.count, row.expiry.day, row.expiry.permanent, row.version)
        groups.setdefault((row.vendor, row.feature, row.version), []).append(pool)
    for (vendor, name, version), its_pools in groups.items():
        expiry = pools.expiration(its_pools, today)
        yield FeatureReading(
            vendor,
            name,
            version,
            total=pools.total(its_pools, today),
            used=None,
            expires=expiry.day,
            permanent=expiry.permanent,
            adds_up=False,
            pools=tuple(its_pools),
        )
