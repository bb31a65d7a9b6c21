"""Whether an output is whole. lmstat prints no mark at its end, so that the end is judged by what must come."""

from __future__ import annotations

import re

from licstats.managers.flexnet.parts import Report
from licstats.managers.problems import LONGEST_TEXT
from licstats.managers.reading import Problem, ProblemKind

_BLANK_END = re.compile(r"\n[ \t]*\n\s*\Z")


def judge_end(report: Report, text: str) -> None:
    """Adds a CUT problem where more must have come.

    A vendor daemon that is up is followed by features; a feature by as many licenses as it reports in use. Where
    its figures do not prove the last feature whole, an empty line after its checkouts does.
    """
    message = _missing(report, text)
    if message:
        lines = text.rstrip().split("\n")
        report.problems.add(Problem(ProblemKind.CUT, message, len(lines), lines[-1].strip()[:200]))


def _missing(report: Report, text: str) -> str:
    if report.awaits and (report.headings or report.nodes or report.daemons):
        return f"The output ends before {report.awaits}: it was cut off, or asked for without -a."
    if not report.headings:
        return ""
    heading = report.headings[-1].heading
    if heading.in_use is not None and heading.in_use > heading.figures.accounted:
        seen = heading.figures.accounted
        return f"The output ends in {heading.name}: {heading.in_use} in use, but only {seen} seen before the end."
    if not is_exact(report) and not _BLANK_END.search(text[-200:]):
        return f"The output ends in a checkout of {heading.name}, without the empty line that follows the last one."
    return ""


def is_exact(report: Report) -> bool:
    """Whether the last feature's figures prove that nothing of it is missing, or it has nothing that could be."""
    if not report.headings:
        return True
    heading = report.headings[-1].heading
    if heading.in_use is None:
        return not heading.figures.checkouts
    return heading.in_use == heading.figures.accounted


def add_broken_line(report: Report, text: str, line: int) -> None:
    """The last line has no line end, and the figures do not show that it is whole: it is not read."""
    message = "The output ends in the middle of this line, which was not read."
    report.problems.add(Problem(ProblemKind.CUT, message, line, text[:LONGEST_TEXT]))
