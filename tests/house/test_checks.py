from __future__ import annotations

from pathlib import Path

import pytest
from django.core import checks
from django.test.utils import override_settings

from licstats.checks import check_database


def found(number: str, *, deploy: bool = False) -> list[checks.CheckMessage]:
    messages = checks.run_checks(include_deployment_checks=deploy)
    return [message for message in messages if message.id == f"licstats.{number}"]


def test_the_settings_of_this_run_are_well() -> None:
    assert [message for message in checks.run_checks() if str(message.id).startswith("licstats.")] == []


@pytest.mark.parametrize(
    ("number", "changes", "sentence"),
    [
        ("E001", {"DATABASE_URL": "postgres://h/n", "REDIS_URL": ""}, "DATABASE_URL is set, and REDIS_URL is not."),
        ("E001", {"DATABASE_URL": "", "REDIS_URL": "redis://h"}, "REDIS_URL is set, and DATABASE_URL is not."),
        ("E002", {"SECRET_KEY": ""}, "LICSTATS_SECRET_KEY is not set."),
        ("E002", {"SECRET_KEY": "short"}, "LICSTATS_SECRET_KEY is shorter than 32 characters."),
        ("E004", {"LICSTATS_LMX_REMOVE": "removeuser"}, "LICSTATS_LMX_REMOVE is 'removeuser'"),
        ("E004", {"LICSTATS_LMX_REMOVE": "-remove 'open"}, "LICSTATS_LMX_REMOVE is '-remove 'open'"),
        ("W001", {"LICSTATS_TOOLS": {"lmutil": "/opt/none/lmutil"}}, "LICSTATS_LMUTIL names /opt/none/lmutil"),
        ("W002", {"STATIC_ROOT": "/opt/none"}, "no static files were collected there"),
    ],
)
def test_each_misconfiguration_has_a_number_a_sentence_and_a_hint(
    number: str, changes: dict[str, object], sentence: str
) -> None:
    with override_settings(**changes):
        (message,) = found(number)
    assert sentence in message.msg
    assert message.hint


@pytest.mark.parametrize(
    ("number", "changes"),
    [
        ("W003", {"HTTPS": False}),
        ("W004", {"ALLOWED_HOSTS": ["*"]}),
        ("W005", {"HTTPS": True, "LICSTATS_PROXY": False}),
    ],
)
def test_deployment_cautions(number: str, changes: dict[str, object]) -> None:
    with override_settings(**changes):
        (message,) = found(number, deploy=True)
    assert message.hint


def test_a_tool_that_is_there_is_not_cautioned_about(tmp_path: Path) -> None:
    tool = tmp_path / "lmutil"
    tool.write_text("#!/bin/sh\n")
    with override_settings(LICSTATS_TOOLS={"lmutil": str(tool)}):
        assert len(found("W001")) == 1  # not executable yet
        tool.chmod(0o755)
        assert found("W001") == []


@pytest.mark.django_db
def test_an_old_postgresql_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(check_database(None, databases=["default"])) == []
    monkeypatch.setattr("licstats.checks.OLDEST_POSTGRESQL", 990000)
    (message,) = check_database(None, databases=["default"])
    assert message.id == "licstats.E003"
    assert "version 18" in message.msg
