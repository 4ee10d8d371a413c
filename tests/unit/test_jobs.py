"""What runs when, on the real scheduler with short times: jobs outlive faults, dead hosts hold up nobody, stop ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest

from bot.core.model import FilePosition, RollUp
from bot.errors import HostUnreachable
from bot.jobs import Jobs
from bot.ports import NewRecords
from bot.services.poll import Poll
from tests.change_rig import Rig
from tests.fakes import MemoryFleetStore, MemoryTallyStore, ScriptedShell
from tests.watch_rig import WatchRig

LONG_S = 20.0


class Files:
    """`ports.AccountingReader` that counts how often each host was asked; `mood` may raise or hang."""

    def __init__(self, mood: Callable[[str, int], None]) -> None:
        self.asked: dict[str, int] = {}
        self._mood = mood

    def read_new(
        self,
        host: str,
        positions: Sequence[FilePosition],
        *,
        utc_offset: timedelta = timedelta(),
        skew: timedelta = timedelta(),
        since: datetime | None = None,
    ) -> NewRecords:
        del utc_offset, skew, since
        self.asked[host] = self.asked.get(host, 0) + 1
        self._mood(host, self.asked[host])
        return NewRecords(RollUp(), tuple(positions))


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + LONG_S
    while not true():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.01)


@contextmanager
def running(
    files: Files,
    hosts: Sequence[str],
    clean_up: Callable[[], int] = lambda: 0,
    woken: Callable[[], None] = lambda: None,
    poll_every: timedelta = timedelta(seconds=0.05),
) -> Iterator[Jobs]:
    changes = Rig()
    poll = Poll(
        shell=ScriptedShell(),
        reader=files,
        tallies=MemoryTallyStore(),
        fleet=MemoryFleetStore(),
        clock=changes.clock,
    )
    looks = WatchRig()
    jobs = Jobs(
        hosts=hosts,
        poll=poll,
        outages=looks.look_at_hosts,
        watch=looks.watch,
        apply=changes.apply,
        undo=changes.undo,
        clean_up=clean_up,
        tend_socket=lambda: None,
        wake=woken,
        poll_every=poll_every,
    )
    jobs.start()
    try:
        yield jobs
    finally:
        jobs.stop()


def test_a_job_that_fails_runs_again(caplog: pytest.LogCaptureFixture) -> None:
    def bad_at_first(_host: str, times: int) -> None:
        if times < 3:
            raise RuntimeError("a fault of ours")

    files, looks = Files(bad_at_first), threading.Semaphore(0)
    with running(files, ["mta1"], woken=looks.release):
        assert looks.acquire(timeout=LONG_S)  # a look follows the first poll that ends well
    assert files.asked["mta1"] >= 3
    assert [record.message for record in caplog.records].count("job failed") == 2


def test_hosts_that_hang_hold_up_nobody() -> None:
    over = threading.Event()

    def hang(host: str, _times: int) -> None:
        if host != "alive":
            over.wait(LONG_S)
            raise HostUnreachable(host, "no answer within 10 s.")

    files = Files(hang)
    try:
        with running(files, [*(f"dead{n}" for n in range(30)), "alive"]):
            until(lambda: files.asked.get("alive", 0) >= 5)
            over.set()
    finally:
        over.set()
    assert all(files.asked[f"dead{n}"] <= 2 for n in range(30))  # one poll of a host at a time


def test_looks_go_on_while_every_poll_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """That no host is seen must be told before the last of them has run into its time limit."""
    monkeypatch.setattr("bot.jobs.LOOK_AT_LEAST_S", 0.01)
    over, looks = threading.Event(), threading.Semaphore(0)

    def hang(_host: str, _times: int) -> None:
        over.wait(LONG_S)

    try:
        with running(Files(hang), ["mta1"], woken=looks.release):
            assert looks.acquire(timeout=LONG_S / 2)
            over.set()
    finally:
        over.set()


def test_100_dead_hosts_of_500_delay_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """All the dead ones hang at once, as on the first poll after a network went down."""
    monkeypatch.setattr("bot.core.beat.WAVES_APART", timedelta(seconds=0.005))
    hosts = [f"dead{n}" if n % 5 == 0 else f"alive{n}" for n in range(500)]
    over = threading.Event()

    def hang(host: str, _times: int) -> None:
        if host.startswith("dead"):
            over.wait(LONG_S)
            raise HostUnreachable(host, "no answer within 10 s.")

    files = Files(hang)
    alive = [host for host in hosts if host.startswith("alive")]
    try:
        with running(files, hosts, poll_every=timedelta(seconds=1)):
            until(lambda: all(files.asked.get(host, 0) >= 2 for host in alive))
            assert sum(host.startswith("dead") for host in files.asked) == 100
            over.set()
    finally:
        over.set()
    assert all(files.asked[host] <= 2 for host in hosts if host.startswith("dead"))


def test_nothing_runs_after_the_stop() -> None:
    files = Files(lambda _host, _times: None)
    with running(files, ["mta1"]) as jobs:
        until(lambda: files.asked.get("mta1", 0) >= 2)
        jobs.stop()
        asked = files.asked["mta1"]
        time.sleep(0.15)
        assert files.asked["mta1"] == asked


def test_old_tallies_are_cleaned_away_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.jobs.CLEAN_UP_EVERY_S", 0.05)
    left = 40

    def piece() -> int:
        nonlocal left
        left -= min(left, 10)
        return left

    with running(Files(lambda _host, _times: None), ["mta1"], clean_up=piece):
        until(lambda: left == 0)
