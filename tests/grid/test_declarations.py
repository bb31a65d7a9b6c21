"""What holds for every grid, taken from its declaration, so that no column can be forgotten."""

from __future__ import annotations

import pytest
from django import forms

from sessions_app.grid.columns import Kind
from sessions_app.grid.filters import DayField, DurationField, MomentField
from sessions_app.grid.grids import Grid
from sessions_app.views.preferences import GRIDS

FIELDS = {
    Kind.TEXT: [("", forms.CharField)],
    Kind.CHOICE: [("", forms.MultipleChoiceField)],
    Kind.NUMBER: [("min", forms.IntegerField), ("max", forms.IntegerField)],
    Kind.DURATION: [("min", DurationField), ("max", DurationField)],
    Kind.DATETIME: [("min", MomentField), ("max", MomentField)],
    Kind.DATE: [("min", DayField), ("max", DayField)],
}


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
def test_every_column_has_a_filter_of_its_kind(grid: Grid) -> None:
    for name, column in grid.columns.items():
        filters = [each for each in grid.filters.base_filters.values() if each.column == name and each.part != "is"]
        expected = FIELDS[column.kind] if column.sortable else []  # buttons have none

        assert [(each.part, each.field_class) for each in filters] == expected, name
