"""Static files: plotly.js out of its wheel, and addresses that change with the content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.core.files.storage import FileSystemStorage, Storage

PLOTLY = "plotly.min.js"


def plotly_folder() -> Path:
    """Where the wheel keeps plotly.js; found without importing plotly, which takes half a second."""
    spec = find_spec("plotly")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("plotly is not installed; `pip install licstats` brings it.")
    return Path(spec.origin).parent / "package_data"


class PlotlyFinder(finders.BaseFinder):
    """Offers plotly's one script as `plotly/plotly.min.js`, and none of the data sets beside it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.storage = FileSystemStorage(location=plotly_folder())
        self.storage.prefix = "plotly"  # type: ignore[attr-defined]

    def check(self, **kwargs: Any) -> list[Any]:
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        """Its path, or with `find_all` a list of it; an empty list where another file is asked for."""
        if path != f"plotly/{PLOTLY}":
            return []
        return [self.storage.path(PLOTLY)] if find_all else self.storage.path(PLOTLY)

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Storage]]:
        yield PLOTLY, self.storage


@cache
def content_digest(name: str) -> str:
    """Eight digits that change with the file's content; empty where there is no such file."""
    path = finders.find(name)
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:8] if path else ""


class VersionedStaticFiles(StaticFilesStorage):
    """For a checkout, without `collectstatic`: adds `?v=digest`, so that a changed file is asked for again."""

    def url(self, name: str | None) -> str:
        address = super().url(name)
        digest = content_digest(name) if name else ""
        return f"{address}?v={digest}" if digest else address
