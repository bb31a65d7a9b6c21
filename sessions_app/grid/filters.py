"""Filters of grids: one for each kind of column, each with its own error and its own words for the chip.

A filter belongs to a column (`column`), takes one parameter of the query string, and restricts rows. On aggregated
rows a filter of what is added up (`sums` names the sum) restricts the sums; all others restrict the sessions before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date

from licstats.durations import DurationError, format_duration, parse_duration
from licstats.moments import MomentError, parse_moment

LARGEST = 2**63 - 1
A_MINUTE = timedelta(minutes=1)  # under one, durations are shown in seconds
TOO_LARGE, TOO_SMALL = "That number is too large.", "That number is too small."


class DurationField(forms.CharField):
    """`6h`, `90 min`, `1d 4h`."""

    def clean(self, value: Any) -> timedelta | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            return parse_duration(text)
        except DurationError as error:
            raise ValidationError(str(error)) from error


class MomentField(forms.CharField):
    """`2026-11-21 19:05`, ISO 8601, or a day, which begins at midnight; in the viewer's zone where none is given."""

    def clean(self, value: Any) -> datetime | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            return parse_moment(text, timezone.get_current_timezone())
        except MomentError as error:
            raise ValidationError(str(error)) from error


class DayField(forms.CharField):
    """`2026-11-21`."""

    def clean(self, value: Any) -> date | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            day = parse_date(text)
        except ValueError:
            day = None
        if day is None:
            raise ValidationError(f"'{text}' is not a day. Write 2026-11-21.")
        return day


class Filter(django_filters.Filter):  # type: ignore[misc]  # the package has no types
    """One parameter. `{}` in `chip` stands for what was given."""

    field_class: ClassVar[type[forms.Field]] = forms.CharField
    chip: ClassVar[str] = "{}"
    part: ClassVar[str] = ""  # which input of its column's filter: "", "min", "max", "is"
    several: ClassVar[bool] = False  # whether its parameter may be given more than once

    def __init__(
        self, column: str, field_name: str, *, lookup_expr: str = "exact", sums: str = "", **extra: Any
    ) -> None:
        super().__init__(field_name=field_name, lookup_expr=lookup_expr, label=column, **extra)
        self.column = column
        self.sums = sums

    def condition(self, value: Any, path: str) -> Q | None:
        """What rows must satisfy at `path`; None where nothing was given."""
        return None if value in (None, "") else Q(**{f"{path}__{self.lookup_expr}": value})

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        condition = self.condition(value, self.field_name)
        return qs if condition is None else qs.filter(condition)

    def words(self, value: Any) -> str:
        return self.chip.format(value)


class Contains(Filter):
    """Text that contains what was given, whatever the case."""

    chip = "contains “{}”"

    def __init__(self, column: str, field_name: str, **extra: Any) -> None:
        super().__init__(column, field_name, lookup_expr="icontains", max_length=300, **extra)


class Is(Filter):
    """Exactly this text, which may be empty; what the way down from an aggregated row uses."""

    chip = "is {}"
    part = "is"

    def __init__(self, column: str, field_name: str, **extra: Any) -> None:
        super().__init__(column, field_name, strip=False, **extra)

    def condition(self, value: str, path: str) -> Q:
        return Q(**{path: value})

    def words(self, value: str) -> str:
        return super().words(value or "empty")


class IsInPlace(Filter):
    """The one of this number, from 0, where a license manager prints several of one name."""

    field_class = forms.IntegerField
    chip = "is the one in place {}"
    part = "is"

    def __init__(self, column: str, field_name: str, **extra: Any) -> None:
        super().__init__(column, field_name, min_value=0, max_value=LARGEST, **extra)


class AtLeast(Filter):
    field_class = forms.IntegerField
    chip = "from {}"
    part = "min"

    def __init__(self, column: str, field_name: str, **extra: Any) -> None:
        says = {"max_value": TOO_LARGE, "min_value": TOO_SMALL}
        extra |= {"max_value": LARGEST, "min_value": -LARGEST, "error_messages": says}
        super().__init__(column, field_name, lookup_expr="gte", **extra)


class AtMost(AtLeast):
    chip = "to {}"
    part = "max"

    def __init__(self, column: str, field_name: str, **extra: Any) -> None:
        super().__init__(column, field_name, **extra)
        self.lookup_expr = "lte"


class Elapsed(Filter):
    """A duration until now, as a bound of the time that it counts from, so that its index is used."""

    field_class = DurationField

    def words(self, value: timedelta) -> str:
        return self.chip.format(format_duration(value))

    def bound(self, value: timedelta) -> datetime:
        now: datetime = self.parent.now
        return now - value


class LongerThan(Elapsed):
    chip = "from {}"
    part = "min"

    def condition(self, value: timedelta | None, path: str) -> Q | None:
        if value is None:
            return None
        if not value:  # a checkout in the future, by a clock that differs, counts as none at all
            return Q(**{f"{path}__isnull": False})
        return Q(**{f"{path}__lte": self.bound(value)})


class ShorterThan(Elapsed):
    """Up to a duration. Where it equals the lower bound, all that is shown as that duration is meant."""

    chip = "to {}"
    part = "max"

    def __init__(self, column: str, field_name: str, *, lower: str, **extra: Any) -> None:
        super().__init__(column, field_name, **extra)
        self.lower = lower

    def condition(self, value: timedelta | None, path: str) -> Q | None:
        if value is None:
            return None
        if self.parent.form.cleaned_data.get(self.lower) == value:
            shown_by = timedelta(seconds=1) if value < A_MINUTE else A_MINUTE
            return Q(**{f"{path}__gt": self.bound(value + shown_by)})
        return Q(**{f"{path}__gte": self.bound(value)})


class After(Filter):
    """At that time or later."""

    field_class: ClassVar[type[forms.Field]] = MomentField
    chip = "after {}"
    part = "min"

    def __init__(self, column: str, field_name: str, *, lookup_expr: str = "gte", **extra: Any) -> None:
        super().__init__(column, field_name, lookup_expr=lookup_expr, **extra)


class Before(After):
    """Earlier than that time."""

    chip = "before {}"
    part = "max"

    def __init__(self, column: str, field_name: str, **extra: Any) -> None:
        super().__init__(column, field_name, lookup_expr="lt", **extra)


class DayAfter(After):
    field_class = DayField


class DayBefore(Before):
    field_class = DayField


class AnyOf(Filter):
    """One of the chosen words; several may be given."""

    field_class = forms.MultipleChoiceField
    chip = "is {}"
    several = True

    def __init__(self, column: str, field_name: str, *, choices: Sequence[tuple[str, str]], **extra: Any) -> None:
        super().__init__(column, field_name, lookup_expr="in", choices=choices, **extra)
        self.labels = dict(choices)

    def condition(self, value: list[str] | None, path: str) -> Q | None:
        return Q(**{f"{path}__in": value}) if value else None

    def words(self, value: list[str]) -> str:
        return self.chip.format(" or ".join(self.labels.get(each, each) for each in value))


class FlagField(forms.CharField):
    """`1`; nothing else, so that no typing error shows everything."""

    def clean(self, value: Any) -> bool:
        text = super().clean(value)
        if text not in ("", "1"):
            raise ValidationError("It is 1, or left out.")
        return bool(text)


class Flag(Filter):
    """A toggle, by a condition of its own."""

    field_class = FlagField

    def __init__(self, column: str, condition: Q, label: str, **extra: Any) -> None:
        super().__init__(column, "", **extra)
        self.on = condition
        self.chip_words = label

    def condition(self, value: bool | None, path: str) -> Q | None:
        return self.on if value else None

    def words(self, value: Any) -> str:
        return self.chip_words


class GridFilters(django_filters.FilterSet):  # type: ignore[misc]  # the package has no types
    """Declares the filters of a grid by their parameters. `now` is the time that durations count to."""

    base_filters: dict[str, Filter]

    def __init__(self, data: Any, queryset: QuerySet[Any], *, now: datetime) -> None:
        # Of this instance: each one would copy all that are declared, for the few that are given.
        self.base_filters = {name: each for name, each in type(self).base_filters.items() if name in data}
        super().__init__(data, queryset=queryset)
        self.now = now

    def given(self) -> Iterator[tuple[str, Filter, Any]]:
        """(parameter, filter, value) of those that restrict something. Only after `is_valid()`."""
        for name, value in self.form.cleaned_data.items():
            chosen = self.filters[name]
            if chosen.condition(value, chosen.field_name) is not None:
                yield name, chosen, value

    def restrict_rows(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """`rows`, which are not aggregated, by every filter."""
        for _name, chosen, value in self.given():
            rows = chosen.filter(rows, value)
        return rows

    def restrict_before(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """`rows` that are to be aggregated, by the filters that are not about sums."""
        for _name, chosen, value in self.given():
            if not chosen.sums:
                rows = chosen.filter(rows, value)
        return rows

    def restrict_sums(self, groups: QuerySet[Any]) -> QuerySet[Any]:
        """Aggregated `groups` by the filters that are about sums."""
        for _name, chosen, value in self.given():
            if chosen.sums:
                groups = groups.filter(chosen.condition(value, chosen.sums))
        return groups

    def sums_asked(self) -> set[str]:
        """The sums that filters look at."""
        return {chosen.sums for _name, chosen, _value in self.given() if chosen.sums}
