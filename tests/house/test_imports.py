from __future__ import annotations

from pathlib import Path

from importlinter import cli

ROOT = Path(__file__).parents[2]


def test_imports_run_one_way() -> None:
    """The contracts are in pyproject.toml: what happens -> what is combined -> what exists -> how managers speak."""
    assert cli.lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0
