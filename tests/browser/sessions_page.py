"""The Realtime Sessions page: where it is, and what a viewer reads on it."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

PATH = "/features/realtime/sessions/"


def rows(page: Page) -> list[str]:
    return page.locator("#sessions tbody tr").all_inner_texts()


def status(page: Page, text: str) -> None:
    expect(page.locator("#sessions .rows")).to_have_text(text)


def edges(thing: Locator) -> tuple[float, float]:
    """Where it begins and ends, from the top."""
    box = thing.bounding_box()
    assert box is not None
    return box["y"], box["y"] + box["height"]
