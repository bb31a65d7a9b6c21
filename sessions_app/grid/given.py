"""What of a query string is meant for a grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from django.http import QueryDict

if TYPE_CHECKING:
    from sessions_app.grid.grids import Grid


def given_in(params: QueryDict, grid: Grid) -> dict[str, tuple[str, ...]]:
    """What `params` say to `grid`, without what is empty."""
    given = {
        name: tuple(text for text in params.getlist(name) if text.strip() or name in grid.may_be_empty)
        for name in params
        if name in grid.parameters
    }
    return {name: texts for name, texts in given.items() if texts}


def scope_params(grid: Grid, given: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """What `read_scope` of `grid` reads. Names are taken as they were given: a stored one may end in a space."""
    return {name: given[name][0] for name in grid.scope_fields if name in given}
