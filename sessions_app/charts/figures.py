"""Plotly figures as plain dictionaries. Colours and fonts are the page's: chart.js sets them by `meta.series`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from html import escape
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from sessions_app.charts.curve import Curve, Figures, Step
from sessions_app.charts.holders import Holders

FIRST_BARS = 40  # what the slider spans at first
ROOM = 12  # bars: fewer are drawn as narrow as if there were so many
FEW = 6  # licenses, up to which Plotly would put marks at halves; chart.js knows it too
LABEL = 16  # letters
LINE = 80  # letters, of a name on hover
DOT = 6  # pixels, of the mark of what is known for so short a time that its line could hardly be seen
PICTURE = 1_000  # pixels, about as wide as a graph is
Figure = dict[str, Any]


def holders_figure(holders: Holders) -> Figure:
    """One bar for each user, most licenses first, split into used and borrowed, with a slider below."""
    from plotly import graph_objects as go  # costs a while to import: only the pages that draw pay for it

    users = [escape(bar.user, quote=False) for bar in holders.bars]
    labels = {bar.user: label for bar in holders.bars if (label := shortened(bar.name)) != bar.user}
    in_all = [bar.used for bar in holders.bars]
    series = {
        "used": ("Used", [bar.used - bar.borrowed for bar in holders.bars]),
        "borrowed": ("Borrowed", [bar.borrowed for bar in holders.bars]),
    }
    figure = go.Figure(
        data=[
            go.Bar(
                name=name,
                x=users,
                y=values,
                customdata=in_all,
                hovertext=[in_lines(bar.name) for bar in holders.bars],
                hovertemplate=f"%{{hovertext}}<br>{name}: %{{y}} of %{{customdata}} licenses<extra></extra>",
                meta={"series": key},
            )
            for key, (name, values) in series.items()
            if key == "used" or any(values)
        ],
        layout={
            "barmode": "stack",
            "bargap": max(0.2, 1 - len(users) / ROOM),
            "showlegend": True,
            "uirevision": "holders",
            "xaxis": {
                "type": "category",
                "title": {"text": "User", "standoff": 4},
                "showgrid": False,
                "labelalias": {escape(user, quote=False): escape(label, quote=False) for user, label in labels.items()},
                "range": [-0.5, min(len(users), FIRST_BARS) - 0.5],
                "rangeslider": {"visible": len(users) > 1, "thickness": 0.12, "yaxis": {"rangemode": "auto"}},
            },
            "yaxis": _licenses(max(in_all, default=0)),
        },
    )
    return dict(figure.to_plotly_json())


def shortened(name: str) -> str:
    """What stands of a name at an axis, where a long one would take the room of the bars."""
    end = LABEL // 2
    return name if len(name) <= LABEL else f"{name[: end - 1]}…{name[-end:]}"


def in_lines(name: str) -> str:
    """The whole name, as markup: one line of it would be wider than the graph."""
    return "<br>".join(escape(name[at : at + LINE], quote=False) for at in range(0, len(name), LINE))


def usage_figure(curve: Curve, zone: ZoneInfo, now: datetime | None = None) -> Figure:
    """Used, borrowed, reserved, total and available over time as steps, with gaps, and a line at `now`.

    What is known between two gaps for so short a time that a dot is wider, be it a single reading, has a dot. Where
    nothing is known there are no points, and the page draws nothing.
    """
    from plotly import graph_objects as go

    points = list(_points(curve)) if curve.known else []
    times = [_local(step.at, zone) for step in points]
    narrow = (curve.end - curve.start) * DOT / PICTURE
    series = list(_series(points))
    figure = go.Figure(
        data=[
            go.Scatter(
                name=name,
                x=times,
                y=values,
                **_drawn(_dots(points, values, narrow)),
                line={"shape": "hv"},
                connectgaps=False,
                visible=True if shown else "legendonly",
                hovertemplate=f"%{{y}} {name.lower()}<extra></extra>",
                meta={"series": key},
            )
            for key, name, values, shown in series
        ],
        layout={
            "hovermode": "x unified",
            "showlegend": True,
            "uirevision": "usage",
            "xaxis": {
                "type": "date",
                "title": {"text": f"Time ({zone.key})"},
                "range": [_local(curve.start, zone), _local(curve.end, zone)],
            },
            "yaxis": _licenses(max((value or 0 for _, _, values, _ in series for value in values), default=0)),
            "shapes": [_line_at(_local(now, zone))] if now else [],
        },
    )
    return dict(figure.to_plotly_json())


def _licenses(most: int) -> dict[str, Any]:
    """The axis of licenses, of which there are no halves."""
    return {
        "title": {"text": "Licenses"},
        "rangemode": "tozero",
        "tickformat": ",d",
        "dtick": 1 if most <= FEW else None,
    }


def _points(curve: Curve) -> Iterable[Step]:
    """The steps, with the end of each line drawn before what is not known any more."""
    last = None
    for step in curve.steps:
        if last is not None and _less_known(last, step.figures):
            yield Step(step.at, last)
        yield step
        last = step.figures


def _less_known(before: Figures, after: Figures | None) -> bool:
    """Whether a line ends: at a gap, or where in use is unknown or the total unlimited from then on."""
    return after is None or any(new is None and old is not None for old, new in zip(before, after, strict=True))


def _dots(points: Sequence[Step], values: Sequence[int | None], narrow: timedelta) -> Sequence[int]:
    """The size of the mark at each point: none but at the first of values that are known for less than `narrow`."""
    sizes = [0] * len(values)
    for known, places in groupby(range(len(values)), key=lambda place: values[place] is not None):
        run = list(places)
        if known and points[run[-1]].at - points[run[0]].at < narrow:
            sizes[run[0]] = DOT
    return sizes


def _drawn(dots: Sequence[int]) -> dict[str, Any]:
    """The line, with the marks where there are any."""
    marker = {"size": dots, "opacity": 1, "line": {"width": 0}}
    return {"mode": "lines+markers", "marker": marker} if any(dots) else {"mode": "lines"}


def _series(points: Sequence[Step]) -> Iterable[tuple[str, str, Sequence[int | None], bool]]:
    """Key, name, values and whether it is drawn at first, which what is all 0 is not."""
    known = [step.figures for step in points]
    used = [figures.used if figures else None for figures in known]
    total = [figures.total if figures else None for figures in known]
    borrowed = [figures.borrowed if figures else None for figures in known]
    reserved = [figures.reserved if figures else None for figures in known]
    available = [figures.available if figures else None for figures in known]
    yield "used", "Used", used, True
    yield "borrowed", "Borrowed", borrowed, any(borrowed)
    yield "reserved", "Reserved", reserved, any(reserved)
    if any(value is not None for value in total):
        yield "total", "Total", total, True
        yield "available", "Available", available, False


def _local(at: datetime, zone: ZoneInfo) -> str:
    """Plotly knows no time zones: the time as a clock on the wall there shows it."""
    return at.astimezone(zone).replace(tzinfo=None).isoformat()


def _line_at(at: str) -> dict[str, Any]:
    return {"type": "line", "xref": "x", "yref": "paper", "x0": at, "x1": at, "y0": 0, "y1": 1, "name": "now"}
