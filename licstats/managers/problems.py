"""Problems of an output, bounded: a reader may be given megabytes of anything."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from licstats.managers.reading import Problem, ProblemKind

MOST_LINES = 10_000  # problems about single lines that are kept
LONGEST_TEXT = 1_000  # characters of a line that are kept


def line_problem(line: int, text: str, message: str, vendor: str = "", feature: str = "") -> Problem:
    return Problem(ProblemKind.LINE, message, line, text[:LONGEST_TEXT], vendor, feature)


def moved(problems: list[Problem], by: int) -> list[Problem]:
    """The same problems, where the text that they are about stands `by` lines further down."""
    if not by:
        return problems
    return [replace(problem, line=problem.line and problem.line + by) for problem in problems]


@dataclass(slots=True)
class Problems:
    """Collects problems; of those about single lines that are more than MOST_LINES only the number is kept."""

    found: list[Problem] = field(default_factory=list)
    lines: int = 0
    last_line: int = 0

    def add(self, problem: Problem) -> None:
        if problem.kind is ProblemKind.LINE:
            self.lines += 1
            self.last_line = problem.line or 0
            if self.lines > MOST_LINES:
                return
        self.found.append(problem)

    def all(self) -> list[Problem]:
        if self.lines <= MOST_LINES:
            return self.found
        more = self.lines - MOST_LINES
        which = f"{more} more lines were" if more > 1 else "1 more line was"
        message = f"{which} not understood, the last of them line {self.last_line}."
        return [*self.found, Problem(ProblemKind.LINE, message, self.last_line)]
