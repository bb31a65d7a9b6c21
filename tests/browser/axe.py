"""What axe says of a page."""

from __future__ import annotations

from collections.abc import Iterator

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page


def serious_faults(page: Page, context: str | None = None) -> Iterator[str]:
    """Each fault that is serious or worse, with the elements that have it; of the part `context` where one is given."""
    for fault in Axe().run(page, context=context).response["violations"]:
        if fault["impact"] in ("serious", "critical"):
            yield f"{fault['id']}: {[node['html'][:200] for node in fault['nodes'][:3]]}"
