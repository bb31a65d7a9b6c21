from __future__ import annotations

import stat
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.polling.reports import lmstat


class Tool:
    """A stand-in for lmutil: prints what the test puts there, and notes how often it was asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "lmutil"
        self.calls = folder / "calls"
        self.calls.touch()
        self.behave("")
        self.catalogue("")
        self.path.write_text(
            f"#!{sys.executable}\n"
            "import pathlib, sys\n"
            f"folder = pathlib.Path({str(folder)!r})\n"
            "with open(folder / 'calls', 'a') as calls: calls.write(' '.join(sys.argv[1:]) + '\\n')\n"
            "name = 'catalogue' if '-i' in sys.argv else 'status'\n"
            "exec((folder / (name + '.py')).read_text())\n"
            "sys.stdout.write((folder / (name + '.txt')).read_text())\n"
        )
        self.path.chmod(stat.S_IRWXU)

    def says(self, text: str) -> None:
        (self.folder / "status.txt").write_text(text)

    def catalogue(self, text: str, code: str = "") -> None:
        (self.folder / "catalogue.txt").write_text(text)
        (self.folder / "catalogue.py").write_text(code)

    def behave(self, code: str) -> None:
        """Python that it runs before it prints."""
        (self.folder / "status.py").write_text(code)

    def asked(self) -> list[str]:
        return self.calls.read_text().splitlines()


@pytest.fixture
def tool(tmp_path: Path, settings: Settings) -> Tool:
    made = Tool(tmp_path)
    made.says(lmstat(datetime(2026, 3, 16, 12, 0), {"solver": (10, ["ada 101", "bob 102"])}))
    settings.LICSTATS_TOOLS = {**settings.LICSTATS_TOOLS, "lmutil": str(made.path)}
    return made


Says = Callable[[str], None]
