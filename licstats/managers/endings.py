"""How a tool's answer ended, in the same words for every license manager."""

from __future__ import annotations

from datetime import datetime

from licstats.managers.reading import Problem, ProblemKind, Reading, Status, Verdict

LONGEST_QUOTE = 200  # characters


def failed(at: datetime, problems: list[Problem], reported_at: datetime | None = None) -> Reading:
    """The reading of an answer that nothing can be taken from; `problems` say why."""
    return Reading(Status.DOWN, Verdict.FAILED, at, reported_at, problems=tuple(problems))


def exit_problems(exit_status: int | None, *, explained: bool, why: str = "") -> list[Problem]:
    """The text goes before the exit status, which counts only where the text has not `explained` it; `why` is known."""
    if exit_status is None or exit_status < 0:
        return [Problem(ProblemKind.CUT, "The tool was killed before it ended.")]
    if not exit_status or explained:
        return []
    because = f": {why}" if why else ""
    message = f"The tool ended with exit status {exit_status}{because}, though its answer tells no error."
    return [Problem(ProblemKind.TOOL, message)]


def no_state(query: str, *, begun: bool, anything: bool, exit_status: int | None) -> Problem:
    """Why an answer to `query`, as "lmutil lmstat -a", tells no state: it had only `begun`, or was `anything` else."""
    tool = query.partition(" ")[0]
    if begun:
        message = "The answer ends before the state of the license server: it was cut off. It is asked again."
    elif anything:
        message = f"This is not an answer of {query}. Is LICSTATS_{tool.upper()} the path of {tool}?"
    else:
        message = "The tool printed nothing that tells the state of a license server. Run it by hand to see why."
    status = f" (exit status {exit_status})" if exit_status else ""
    return Problem(ProblemKind.TOOL, message + status)


def quoted(text: str) -> str:
    """The first line of an answer, as evidence; empty where it has none."""
    first = text.partition("\n")[0][:LONGEST_QUOTE]
    return f"It said: {first}" if first else ""
