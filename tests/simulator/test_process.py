"""The simulator as a process, and its stand-ins as programs, as a poller meets them."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from licstats.simulator.client import Simulator, SimulatorError
from licstats.simulator.folder import socket_path
from licstats.simulator.process import launch, running, wait_until_ready

REFUSED = 'Cannot connect to license server system. (-15,570:111 "Connection refused")\n'


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with running(tmp_path_factory.mktemp("simulator"), "--fleet", "small", "--lmx-password", "orchid-17") as simulator:
        simulator.do("add_server", name="L1", manager="lmx", hosts=["l1"], port=6200)
        simulator.do("add_feature", server="L1", feature="Mesh", count=10)
        yield simulator


def run(
    *arguments: str, environment: dict[str, str] | None = None, timeout: float = 20
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(arguments, capture_output=True, timeout=timeout, env=environment, check=False)


def test_lmstat_prints_what_the_simulator_holds(simulator: Simulator) -> None:
    simulator.trouble("PL")
    session = simulator.add_session("PL", "WXPF", "ann", "ws1", display=":0.0", handle=7001)
    answer = run(simulator.lmutil, "lmstat", "-a", "-c", "27000@pl")
    held = simulator.state("PL")
    assert answer.returncode == 0
    assert answer.stdout.count(b", start ") == len(held)
    assert b"    ann ws1 :0.0 (v5.1) (pl/27000 7001), start " in answer.stdout
    assert session in held
    simulator.do("end_session", server="PL", handle=7001)
    assert session not in simulator.state("PL")


def test_lmremove_returns_the_license_to_the_pool(simulator: Simulator) -> None:
    simulator.add_session("US", "WXPF", "ann", "ws1", display=":0.0", handle=7002)
    before = next(f for f in simulator.do("figures", server="US"))["used"]
    answer = run(simulator.lmutil, "lmremove", "-c", "27000@us", "-h", "WXPF", "us", "27000", "7002")
    assert answer.returncode == 0
    assert answer.stdout.count(b"\n") == 1  # the banner, and no word of success
    assert simulator.do("figures", server="US")[0]["used"] == before - 1
    assert simulator.removals()[-1]["removed"][0]["user"] == "ann"


def test_a_removed_user_of_lmx_needs_the_password_of_the_environment(simulator: Simulator) -> None:
    simulator.add_session("L1", "Mesh", "ann", "ws1", ip="10.0.0.1")
    command = (
        simulator.lmxendutil,
        "-removeuser",
        "-clientuser",
        "ann",
        "-clienthost",
        "ws1",
        "-host",
        "l1",
        "-port",
        "6200",
    )
    assert run(*command).returncode == 1
    assert len(simulator.state("L1")) == 1
    assert run(*command, environment={**os.environ, "LMX_ADMIN_PASSWORD": "orchid-17"}).returncode == 0
    assert simulator.state("L1") == []


def test_exit_status_and_text_of_an_unknown_address(simulator: Simulator) -> None:
    answer = run(simulator.lmutil, "lmstat", "-a", "-c", "1@nowhere")
    assert answer.returncode == 241
    assert answer.stdout.decode().endswith(f"Error getting status: {REFUSED}")


def test_the_locale_changes_nothing(simulator: Simulator) -> None:
    for locale in ("C", "de_DE.UTF-8", "ja_JP.eucJP"):
        environment = {**os.environ, "LC_ALL": locale, "LANG": locale}
        assert (
            b"license server UP (MASTER)"
            in run(simulator.lmutil, "lmstat", "-c", "27000@dk", environment=environment).stdout
        )


def test_bytes_that_are_no_text_go_through(simulator: Simulator) -> None:
    answer = run(simulator.lmutil, "lmremove", "-c", "27000@dk", "WXPF", os.fsdecode(b"B\xf6b"), "żółw 🐢\n", "--")
    assert answer.returncode == 215
    assert simulator.removals()[-1]["arguments"][-3:] == ["B\udcf6b", "żółw 🐢\n", "--"]


def test_a_slow_license_server_delays_no_other(simulator: Simulator) -> None:
    simulator.trouble("PL", slow=3)
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(run, simulator.lmutil, "lmstat", "-a", "-c", "27000@pl")
        begin = time.monotonic()
        for _ in range(3):
            assert run(simulator.lmutil, "lmstat", "-a", "-c", "27000@us").returncode == 0
        assert not slow.done()
        assert slow.result().returncode == 0
    assert time.monotonic() - begin >= 2.5
    simulator.trouble("PL")


def test_a_hanging_license_server_never_answers(simulator: Simulator) -> None:
    simulator.trouble("PL", hang=True)
    with pytest.raises(subprocess.TimeoutExpired):
        run(simulator.lmutil, "lmstat", "-a", "-c", "27000@pl", timeout=1)
    simulator.trouble("PL")
    assert run(simulator.lmutil, "lmstat", "-a", "-c", "27000@pl").returncode == 0


def test_an_endless_answer_is_as_long_as_was_asked_for(simulator: Simulator) -> None:
    simulator.trouble("PL", huge=12)
    process = subprocess.Popen([simulator.lmutil, "lmstat", "-a", "-c", "27000@pl"], stdout=subprocess.PIPE)
    assert process.stdout
    size = 0
    while chunk := process.stdout.read(1 << 20):
        size += len(chunk)
    process.stdout.close()
    assert process.wait() == 0
    assert size > 12_000_000
    simulator.trouble("PL")


def test_whoever_stops_reading_harms_nobody(simulator: Simulator) -> None:
    simulator.trouble("PL", huge=50)
    process = subprocess.Popen([simulator.lmutil, "lmstat", "-a", "-c", "27000@pl"], stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.read(1000)
    process.stdout.close()
    assert process.wait(timeout=20) == 241
    simulator.trouble("PL")
    assert run(simulator.lmutil, "lmstat", "-a", "-c", "27000@pl").returncode == 0


def test_many_ask_at_once(simulator: Simulator) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: run(simulator.lmutil, "lmstat", "-a", "-c", "27000@us"), range(64)))
    assert {answer.returncode for answer in answers} == {0}
    assert len({answer.stdout.partition(b"License server status")[2] for answer in answers}) == 1


def test_a_program_takes_its_license_again(simulator: Simulator) -> None:
    simulator.trouble("DK", again=60)
    simulator.add_session("DK", "WXPF", "eve", "ws5", display=":0.0", handle=7005)
    run(simulator.lmutil, "lmremove", "-c", "27000@dk", "-h", "WXPF", "dk", "27000", "7005")
    assert "eve" not in [session["user"] for session in simulator.state("DK")]
    simulator.advance(61)
    assert "eve" in [session["user"] for session in simulator.state("DK")]
    simulator.trouble("DK")


def test_a_handle_can_be_given_to_somebody_else(simulator: Simulator) -> None:
    simulator.add_session("DK", "WXPF", "ann", "ws1", display=":0.0", handle=7010)
    simulator.do("end_session", server="DK", handle=7010)
    simulator.add_session("DK", "WXPF", "bob", "ws2", display=":0.0", handle=7010)
    assert [s["user"] for s in simulator.state("DK") if s["handle"] == 7010] == ["bob"]
    with pytest.raises(SimulatorError, match="handle 7010 is taken"):
        simulator.add_session("DK", "WXPF", "eve", "ws3", handle=7010)
    simulator.do("end_session", server="DK", handle=7010)


def test_a_control_that_cannot_be_done_says_why(simulator: Simulator) -> None:
    for control, arguments in (
        ("no_such_control", {}),
        ("_server", {"name": "PL"}),
        ("trouble", {"server": "XX"}),
        ("trouble", {"server": "PL", "refuse": "nonsense"}),
        ("trouble", {"server": "PL", "speed": 3}),
        ("add_session", {"server": "PL", "feature": "NONE", "user": "a", "host": "b"}),
        ("end_session", {"server": "PL", "handle": -1}),
    ):
        with pytest.raises(SimulatorError):
            simulator.do(control, **arguments)
    assert run(simulator.lmutil, "lmstat", "-a", "-c", "27000@pl").returncode == 0


def test_a_stand_in_takes_little_time(simulator: Simulator) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(10):
        run(simulator.lmutil, "lmstat", "-a", "-c", "27000@us")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / 10 < 0.2


def test_the_fleet_file_lists_the_license_servers_and_their_group(simulator: Simulator) -> None:
    fleet = tomllib.loads(simulator.fleet.read_text())
    assert [(server["name"], server["address"]) for server in fleet["server"]] == [
        ("PL", "27000@pl"),
        ("US", "27000@us"),
        ("DK", "27000@dk"),
    ]
    assert fleet["group"] == [{"name": "XF", "servers": ["PL", "US", "DK"]}]


def test_a_term_signal_ends_it_and_removes_the_socket(tmp_path: Path) -> None:
    process = launch(tmp_path, ["--fleet", "small"])
    wait_until_ready(process)
    assert socket_path(tmp_path).exists()
    lmutil = str(tmp_path / "bin" / "lmutil")
    hanging = Simulator(tmp_path)
    hanging.trouble("PL", hang=True)
    waiting = subprocess.Popen([lmutil, "lmstat", "-a", "-c", "27000@pl"], stdout=subprocess.PIPE)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 0
    waiting.communicate(timeout=10)
    assert not socket_path(tmp_path).exists()
    if process.stdout:
        process.stdout.close()
    answer = run(lmutil, "lmstat", "-a", "-c", "27000@us")
    assert answer.returncode == 241
    assert answer.stdout.decode() == REFUSED
    assert b"No simulator answers at" in answer.stderr


def test_it_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    starter = (
        "import sys\nfrom pathlib import Path\nfrom licstats.simulator.process import launch, wait_until_ready\n"
        "wait_until_ready(launch(Path(sys.argv[1]), ['--fleet', 'small']))\n"
    )
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", starter, str(tmp_path)], check=True, cwd=root)
    end = time.monotonic() + 10
    while socket_path(tmp_path).exists() and time.monotonic() < end:
        time.sleep(0.1)
    assert not socket_path(tmp_path).exists()


def test_a_folder_with_a_long_name_and_blanks_will_do(tmp_path: Path) -> None:
    folder = tmp_path / "a folder's name" / ("x" * 120)
    with running(folder, "--fleet", "small") as simulator:
        assert run(simulator.lmutil, "lmstat", "-a", "-c", "27000@pl").returncode == 0


def test_a_fleet_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(SimulatorError, match="'3 servers' is not demo, small, or SERVERSxSESSIONS"),
        running(tmp_path, "--fleet", "3 servers"),
    ):
        pass


def test_a_second_one_in_the_same_folder_is_refused_and_the_first_goes_on(simulator: Simulator) -> None:
    with (
        pytest.raises(SimulatorError, match="Another simulator already serves"),
        running(simulator.folder, "--fleet", "small"),
    ):
        pass
    assert run(simulator.lmutil, "lmstat", "-a", "-c", "27000@us").returncode == 0


def test_what_a_killed_one_left_is_no_obstacle(tmp_path: Path) -> None:
    process = launch(tmp_path, ["--fleet", "small"])
    wait_until_ready(process)
    process.kill()
    process.communicate()
    assert socket_path(tmp_path).exists()
    with running(tmp_path, "--fleet", "small") as simulator:
        assert run(simulator.lmutil, "lmstat", "-a", "-c", "27000@pl").returncode == 0


def test_time_can_run_faster(tmp_path: Path) -> None:
    with running(tmp_path, "--fleet", "2x50", "--speed", "3000", "--start", "2026-03-18T09:30+00:00") as simulator:
        before = {session["handle"] for session in simulator.state("uniform-0001")}
        end = time.monotonic() + 15
        while simulator.do("now") < "2026-03-18T10:10" and time.monotonic() < end:
            time.sleep(0.2)
        assert simulator.do("now") >= "2026-03-18T10:10"
        assert len(simulator.state("uniform-0001")) == 50
        assert {session["handle"] for session in simulator.state("uniform-0001")} != before
