"""The README says what is there, and no more."""

from __future__ import annotations

import re
from pathlib import Path

from licstats.management.commands.worker import Command

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
SETTINGS = (ROOT / "licstats" / "settings.py").read_text()
VARIABLE = r"(?:LICSTATS_[A-Z_]+|DATABASE_URL|REDIS_URL)"


def test_the_table_of_settings_lists_every_variable_that_is_read_and_no_other() -> None:
    read = set(re.findall(rf'env\.\w+\(\s*"({VARIABLE})"', SETTINGS))
    listed = re.findall(rf"^\| `({VARIABLE})` \|", README, re.MULTILINE)
    assert len(read) > 25
    assert sorted(listed) == sorted(read)


def test_it_names_every_command_and_no_other() -> None:
    there = {path.stem for path in ROOT.glob("*/management/commands/*.py") if not path.stem.startswith("_")}
    listed = set(re.findall(r"^\| `licstats (\w+)", README, re.MULTILINE))
    assert listed == there


def test_no_worker_of_the_installation_polls_or_closes_what_belongs_to_another_site() -> None:
    section = README.partition("## An installation")[2].partition("\n## ")[0]
    parser = Command().create_parser("licstats", "worker")
    workers = [parser.parse_args(words.split()) for words in re.findall(r"licstats worker([^`\n]*)", section)]
    assert [worker.site for worker in workers] == [["main"], ["krakow"]]


def test_every_folder_and_file_that_it_names_is_there() -> None:
    names = re.findall(r"`((?:licstats|groups_app|sessions_app|templates|static|tests)/[\w/.]*)`", README)
    assert len(names) > 8
    assert [name for name in names if not (ROOT / name).exists() and not (ROOT / f"{name}.py").exists()] == []


def test_every_make_target_that_is_named_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    texts = README + (ROOT / "CONTRIBUTING.md").read_text()
    named = set(re.findall(r"^    make ([a-z]+)", texts, re.MULTILINE))
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    assert {"demo", "test", "check", "setup"} <= named <= targets
