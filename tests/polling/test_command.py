from __future__ import annotations

import os
import stat
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pytest_django import Settings

from sessions_app.polling.command import run

MB = 1024 * 1024


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1][:3]


def wait_until_dead(pid: int) -> bool:
    deadline = time.monotonic() + 5
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not is_alive(pid)


def test_it_returns_what_the_tool_printed_and_its_exit_status() -> None:
    output = run(python("import sys; print('Feature usage info:'); sys.exit(3)"), 10, MB)
    assert (output.text, output.exit_status, output.failure) == ("Feature usage info:\n", 3, "")


def test_no_shell_looks_at_the_arguments() -> None:
    output = run(["/bin/echo", "$(id)", "; touch /tmp/pwned", "*"], 10, MB)
    assert output.text == "$(id) ; touch /tmp/pwned *\n"


def test_the_tool_prints_in_english_and_sees_little_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    monkeypatch.setenv("LICSTATS_SECRET_KEY", "secret")
    names = run(python("import os; print(sorted(os.environ.items()))"), 10, MB).text
    assert "('LANG', 'C')" in names
    assert "('LC_ALL', 'C')" in names
    assert "secret" not in names


def test_it_gets_what_the_caller_adds_to_the_environment() -> None:
    output = run(python("import os; print(os.environ['PASSWORD'])"), 10, MB, {"PASSWORD": "sesame"})
    assert output.text == "sesame\n"


def test_the_tool_has_nothing_to_read() -> None:
    assert run(python("import sys; print(repr(sys.stdin.read()))"), 10, MB).text == "''\n"


def test_errors_follow_the_output_of_a_tool_that_failed() -> None:
    output = run(python("import sys; print('seen'); sys.stderr.write('lost\\n'); sys.exit(1)"), 10, MB)
    assert output.text == "seen\nlost\n"


def test_warnings_of_a_tool_that_did_its_work_do_not_get_into_its_output() -> None:
    assert run(python("import sys; sys.stderr.write('old library\\n'); print('seen')"), 10, MB).text == "seen\n"


def test_bytes_of_any_encoding_are_kept() -> None:
    code = "import sys; sys.stdout.buffer.write(b'Fj\\xe4ll\\xff\\x00x\\n')"
    assert run(python(code), 10, MB).text == "Fjäll\xff\N{REPLACEMENT CHARACTER}x\n"


def test_a_hanging_tool_is_killed_with_its_children_and_grandchildren(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    sleeper = f"import os,time; open({str(pids)!r},'a').write(f'{{os.getpid()}}\\n'); time.sleep(60)"
    child = f"import subprocess,sys; subprocess.Popen([sys.executable,'-c',{sleeper!r}]); {sleeper}"
    parent = "print('begin',flush=True); " + child.replace(repr(sleeper), repr(child))
    began = time.monotonic()
    output = run(python(parent), 1.5, MB)
    assert time.monotonic() - began < 3
    assert output.failure.startswith("time-out after 1.5 s")
    assert (output.text, output.exit_status) == ("begin\n", None)
    started = [int(line) for line in pids.read_text().split()]
    assert len(started) == 3
    assert all(wait_until_dead(pid) for pid in started)


def test_a_tool_that_closes_its_output_and_hangs_is_killed() -> None:
    began = time.monotonic()
    output = run(python("import os,time; os.close(1); os.close(2); time.sleep(60)"), 0.5, MB)
    assert time.monotonic() - began < 2
    assert output.failure.startswith("time-out")


def test_a_child_left_behind_does_not_hold_the_poll_up_and_is_ended(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    code = f"import subprocess; child = subprocess.Popen(['sleep', '60']); open({str(pid)!r}, 'w')"
    code += ".write(str(child.pid)); print('done')"
    began = time.monotonic()
    output = run(python(code), 10, MB)
    assert time.monotonic() - began < 3
    assert (output.text, output.exit_status, output.failure) == ("done\n", 0, "")
    assert wait_until_dead(int(pid.read_text()))


def test_a_tool_that_floods_is_stopped_at_the_limit() -> None:
    began = time.monotonic()
    output = run(python("import sys\nwhile True: sys.stdout.write('x' * 65536)"), 60, 2 * MB)
    assert time.monotonic() - began < 10
    assert output.failure.startswith("more than 2 MB")
    assert "LICSTATS_OUTPUT_LIMIT" in output.failure
    assert len(output.text) == 2 * MB


def test_errors_count_to_the_limit_as_well() -> None:
    output = run(python("import sys\nwhile True: sys.stderr.write('x' * 65536)"), 60, MB)
    assert output.failure.startswith("more than 1 MB")


def test_a_missing_tool_says_which_setting_names_it(settings: Settings) -> None:
    settings.LICSTATS_TOOLS = {"lmutil": "/opt/none/lmutil"}
    output = run(["/opt/none/lmutil", "lmstat"], 5, MB)
    assert output.failure == "not found: /opt/none/lmutil; set LICSTATS_LMUTIL to the path of the vendor's program"
    assert output.exit_status is None


def test_a_tool_without_its_loader_is_told_apart_from_a_missing_one(tmp_path: Path) -> None:
    tool = tmp_path / "lmutil"
    tool.write_text("#!/lib64/ld-lsb-x86-64.so.3\n")
    tool.chmod(0o755)
    assert "ld-lsb-x86-64.so.3" in run([str(tool)], 5, MB).failure


@pytest.mark.parametrize("mode", [stat.S_IRUSR, stat.S_IRUSR | stat.S_IWUSR])
def test_a_tool_that_may_not_be_run_is_named(tmp_path: Path, mode: int) -> None:
    tool = tmp_path / "lmutil"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(mode)
    assert run([str(tool)], 5, MB).failure.startswith(f"no permission to run {tool}; make it executable")


def test_a_program_for_another_machine_is_named(tmp_path: Path) -> None:
    tool = tmp_path / "lmutil"
    tool.write_bytes(b"\x7fELF garbage")
    tool.chmod(0o755)
    assert run([str(tool)], 5, MB).failure.startswith(f"cannot be started: {tool}")


def test_an_argument_with_a_nul_is_refused_without_raising() -> None:
    assert run(["/bin/echo", "a\0b"], 5, MB).failure.startswith("cannot be started: /bin/echo")


def test_tools_run_at_the_same_time_in_threads() -> None:
    began = time.monotonic()
    with ThreadPoolExecutor(10) as threads:
        outputs = list(threads.map(lambda n: run(["/bin/sh", "-c", f"sleep 1; echo {n}"], 10, MB), range(10)))
    assert time.monotonic() - began < 4
    assert [output.text for output in outputs] == [f"{n}\n" for n in range(10)]


def test_nothing_stays_open_and_nothing_stays_behind() -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        run(["/bin/true"], 5, MB)
    assert len(os.listdir("/proc/self/fd")) == before
