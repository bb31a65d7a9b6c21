from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sessions_app.doctor import Finding, State, examine

COLOURS = {State.WELL: "green", State.NOTE: "yellow", State.WRONG: "bold red"}


class Command(BaseCommand):
    help = "What is configured, reachable and wrong, and how to mend it. Exit status 1 where something is wrong."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        findings = list(examine())
        if sys.stdout.isatty():
            Console().print(_table(findings))
        else:
            for finding in findings:
                self.stdout.write(_line(finding))
        wrong = [finding for finding in findings if finding.state is State.WRONG]
        self.stdout.write(f"{len(wrong)} of {len(findings)} findings are wrong." if wrong else "All is well.")
        if wrong:
            sys.exit(1)


def _table(findings: list[Finding]) -> Table:
    table = Table("", "State", "Found", "What to do", show_lines=False)
    for finding in findings:
        colour = COLOURS[finding.state]
        table.add_row(finding.subject, f"[{colour}]{finding.state}[/]", escape(finding.found), escape(finding.mend))
    return table


def _line(finding: Finding) -> str:
    mend = f" -> {finding.mend}" if finding.mend else ""
    return f"{finding.state:<6} {finding.subject}: {finding.found}{mend}"
