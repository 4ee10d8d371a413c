"""The simulated fleet in real time: clocks, the thread that lives it, the socket and the `pmta` executable."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import DeferbotError
from bot.sim.fleet.clock import SimClock, StepClock
from bot.sim.fleet.fleet import Fleet
from bot.sim.fleet.runner import FleetRunner
from bot.sim.fleet.socket import FleetSocket, write_pmta_executable
from tests.fleet_scene import HOUR, MINUTE, NOON, scene


def test_the_simulated_clock_runs_faster() -> None:
    clock = SimClock(NOON, speed=3600)
    first = clock.now()
    second = clock.now()
    assert NOON <= first <= second < NOON + timedelta(days=1)
    assert clock.real_seconds(HOUR) == 1.0
    with pytest.raises(ValueError, match="more than 0 expected"):
        SimClock(NOON, speed=0)


def test_history_is_written_once_and_first(tmp_path: Path) -> None:
    s = scene(tmp_path, backfill=2 * MINUTE)
    with pytest.raises(DeferbotError, match="backfill"):
        s.fleet.backfill(MINUTE)


def test_one_call_catches_up_a_bounded_stretch(tmp_path: Path) -> None:
    clock = StepClock(NOON)
    fleet = Fleet(tmp_path, clock, hosts=("solo",))
    clock.advance(3 * HOUR)
    assert fleet.behind == 3 * HOUR
    fleet.advance()
    assert fleet.behind == HOUR
    fleet.advance()
    assert fleet.behind == timedelta(0)


def test_one_host_has_all_vmtas(tmp_path: Path) -> None:
    clock = StepClock(NOON)
    fleet = Fleet(tmp_path, clock, hosts=("solo",))
    fleet.backfill(10 * MINUTE)
    listed = fleet.pmta("solo", ["show", "queues", "--maxitems=100"]).stdout
    assert "gmail.com/gmail-ip-4" in listed
    assert "outlook.rollup/ms-ip-2" in listed
    with pytest.raises(ValueError, match="one or two different names"):
        Fleet(tmp_path / "none", clock, hosts=())


def test_the_runner_lives_the_fleet_until_it_is_stopped(tmp_path: Path) -> None:
    class Watched(Fleet):
        lived = threading.Semaphore(0)

        def advance(self) -> None:
            super().advance()
            self.lived.release()

    fleet = Watched(tmp_path, SimClock(NOON, speed=60))
    runner = FleetRunner(fleet, tick_s=0.01)
    runner.start()
    assert all(fleet.lived.acquire(timeout=5) for _ in range(3))
    runner.stop()
    runner.stop()
    assert "fleet" not in {thread.name for thread in threading.enumerate()}


def test_commands_and_time_may_come_from_many_threads(tmp_path: Path) -> None:
    s = scene(tmp_path, backfill=MINUTE)
    s.clock.advance(20 * MINUTE)
    answers: list[int] = []

    def ask() -> None:
        answers.extend(s.fleet.pmta("mta1", ["show", "queues"]).status for _ in range(20))

    threads = [threading.Thread(target=ask) for _ in range(3)] + [threading.Thread(target=s.fleet.advance)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert answers == [0] * 60
    assert s.fleet.behind == timedelta(0)


@pytest.fixture
def pmta(tmp_path: Path) -> Iterator[tuple[Path, FleetSocket]]:
    s = scene(tmp_path / "f", backfill=5 * MINUTE)
    sockets = FleetSocket(s.fleet, tmp_path)
    if len(str(sockets.path("mta1"))) > 100:
        pytest.fail("the test folder's path is too long for a Unix socket: set TMPDIR to a shorter one")
    sockets.start()
    yield write_pmta_executable(tmp_path / "bin", sockets.path("mta1")), sockets
    sockets.stop()


def run(executable: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(executable), *words], capture_output=True, text=True, timeout=20, check=False)


def test_the_executable_prints_what_the_fleet_says(pmta: tuple[Path, FleetSocket]) -> None:
    executable, _ = pmta
    paused = run(executable, "pause", "queue", "*/gmail-ip-1")
    assert (paused.returncode, paused.stdout, paused.stderr) == (0, "Queue(s) paused.\n", "")
    assert 'queue[0].name="gmail.com/gmail-ip-1"' in run(executable, "--dom", "show", "queues", "--paused=yes").stdout
    wrong = run(executable, "show", "nonsense")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert wrong.stderr


def test_the_executable_fails_when_the_daemon_is_down(pmta: tuple[Path, FleetSocket]) -> None:
    executable, sockets = pmta
    sockets.stop()
    down = run(executable, "show", "status")
    assert down.returncode == 1
    assert down.stderr
    assert not sockets.path("mta1").exists()


def test_a_client_that_goes_away_harms_nobody(pmta: tuple[Path, FleetSocket]) -> None:
    executable, sockets = pmta
    for data in (b"", b"not json\n"):
        with socket.socket(socket.AF_UNIX) as link:
            link.connect(str(sockets.path("mta1")))
            link.sendall(data)
    assert run(executable, "show", "version").returncode == 0


def test_a_socket_path_too_long_is_refused_with_its_length(tmp_path: Path) -> None:
    s = scene(tmp_path / "f", backfill=MINUTE)
    with pytest.raises(DeferbotError, match="at most 100 characters expected"):
        FleetSocket(s.fleet, tmp_path / ("x" * 120)).start()


def test_a_fleet_that_fails_is_logged_once_and_left(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Fleet):
        def advance(self) -> None:
            raise OSError("disk full")

    runner = FleetRunner(Broken(tmp_path, StepClock(NOON)), tick_s=0.001)
    runner.start()
    thread = next(thread for thread in threading.enumerate() if thread.name == "fleet")
    thread.join(5)
    assert not thread.is_alive()
    runner.stop()
    assert [record.message for record in caplog.records] == ["simulated fleet stopped"]
