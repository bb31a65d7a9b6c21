"""What only `/servers/` shows of a reading: nodes, vendor daemons, problems."""

from __future__ import annotations

import json
from dataclasses import asdict

from django.db import connection

from licstats.managers.reading import HARMLESS, Problem, Reading, Verdict

MOST_PROBLEMS = 1000
STORE = """
INSERT INTO licstats_serverreport AS r (server_id, nodes, daemons, problems, problem_count) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (server_id) DO UPDATE
SET nodes = excluded.nodes, daemons = excluded.daemons, problems = excluded.problems,
    problem_count = excluded.problem_count
WHERE (r.nodes, r.daemons, r.problems, r.problem_count)
      IS DISTINCT FROM (excluded.nodes, excluded.daemons, excluded.problems, excluded.problem_count)
"""


def store_report(server_id: int, reading: Reading) -> bool:
    """Whether anything of it differs from what was stored."""
    with connection.cursor() as cursor:
        cursor.execute(
            STORE,
            [
                server_id,
                json.dumps([asdict(node) for node in reading.servers]),
                json.dumps([asdict(daemon) for daemon in reading.daemons]),
                json.dumps([asdict(problem) for problem in reading.problems[:MOST_PROBLEMS]]),
                len(reading.problems),
            ],
        )
        return bool(cursor.rowcount)


def reason(reading: Reading) -> str:
    """Why the reading failed or is partial, in a sentence; empty where it is complete."""
    if reading.verdict is Verdict.COMPLETE:
        return ""
    harmful = [problem for problem in reading.problems if problem.kind not in HARMLESS] or list(reading.problems)
    if not harmful:
        return "The license server gave no usable answer."
    others = len(harmful) - 1
    more = f" (and {others} more problem{'s' if others > 1 else ''})" if others else ""
    return _sentence(harmful[0]) + more


def _sentence(problem: Problem) -> str:
    return f"line {problem.line}: {problem.message}" if problem.line else problem.message
