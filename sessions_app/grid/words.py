"""What a grid shows, in words: for titles and captions of pages, and for the files that leave them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from licstats.moments import Tell, minute_here
from sessions_app.charts.periods import Period
from sessions_app.gaps import told
from sessions_app.grid.past import PastGrid, PastScope
from sessions_app.grid.state import GridState


def feature_words(scope: Any) -> str:
    """The chosen feature so that no other is meant: one name has several versions, and types."""
    parts = (getattr(scope, name, "") for name in ("feature", "version", "type"))
    return " ".join(part for part in parts if part)


def whose(scope: Any) -> str:
    """` of solver 2026.1 of PL`, for a sentence; nothing where all is meant."""
    chosen = [feature_words(scope), scope.label if scope.params() else ""]
    return "".join(f" of {word}" for word in chosen if word)


def shown_period(state: GridState) -> Period | None:
    """The period that its rows are of, if they are of one."""
    grid, scope = state.grid, state.scope
    of_one = isinstance(grid, PastGrid) and grid.of_period and isinstance(scope, PastScope)
    return scope.period if of_one else None


def time_words(state: GridState, tell: Tell = minute_here) -> str:
    """Which time the rows are of; nothing where it is now."""
    if state.at is not None:
        return f"as it was at {tell(state.at)}"
    period = shown_period(state)
    return period.during(tell) if period else ""


def about(state: GridState, tell: Tell = minute_here) -> str:
    """The scope, the feature and the time."""
    words = (getattr(state.scope, "label", ""), feature_words(state.scope), time_words(state, tell))
    return ", ".join(word for word in words if word)


def described(state: GridState, tell: Tell = minute_here) -> str:
    """The same with the filters and the aggregation."""
    words = [about(state, tell), *(chip.text for chip in state.chips_told(tell))]
    if state.aggregation is not None:
        words.append(f"by {state.aggregation.label.lower()}")
    return ", ".join(word for word in words if word)


def kept_words(state: GridState) -> Iterable[str]:
    """What leaves the page is about, part by part: the days of a period, as "today" is another one tomorrow."""
    yield getattr(state.scope, "label", "")
    if feature := feature_words(state.scope):
        yield f"Feature {feature}"
    period = shown_period(state)
    yield f"Period {period.covered}" if period else time_words(state).capitalize()


def in_words(state: GridState) -> Iterable[str]:
    """The same with the filters, the aggregation and what is not known, for the head of a document."""
    yield from kept_words(state)
    if state.aggregation is not None:
        yield f"Aggregated by {state.aggregation.label.lower()}"
    yield from (chip.text for chip in state.chips)
    yield from (text.removesuffix(".") for text in told(state.gaps))


def time_in_name(state: GridState) -> Iterable[str]:
    """For the name of a file: when it was saved, and the days of a period before that; or which past time it shows."""
    period = shown_period(state)
    if period:
        yield f"of {period.covered.replace(':', '')} saved"
    elif state.at is not None:
        yield "at"
    yield f"{state.moment.now.astimezone(state.moment.zone):%Y-%m-%d-%H%M}"
