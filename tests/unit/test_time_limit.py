"""One poll of one host ends in time, however little each command takes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from bot.errors import HostUnreachable
from bot.pmta.time_limit import LimitedShell

SHOW = ("pmta", "show", "status")


class SlowShell:
    """Every command takes `takes_s` of the test's seconds; `limits` are the limits that were asked for."""

    def __init__(self) -> None:
        self.at = 100.0
        self.takes_s = 0.0
        self.limits: list[float] = []

    def monotonic(self) -> float:
        return self.at

    def run(self, host: str, argv: tuple[str, ...], *, timeout_s: float, limit: int = 8 << 20) -> bytes:
        del host, argv, limit
        self.limits.append(timeout_s)
        self.at += min(self.takes_s, timeout_s)
        return b"ok"

    @contextmanager
    def stream(
        self, host: str, argv: tuple[str, ...], *, timeout_s: float, limit: int = 8 << 20
    ) -> Iterator[Iterator[bytes]]:
        yield iter([self.run(host, argv, timeout_s=timeout_s, limit=limit)])


@pytest.fixture
def slow() -> SlowShell:
    return SlowShell()


def test_commands_share_the_time_of_their_poll(slow: SlowShell) -> None:
    slow.takes_s = 40.0
    shell = LimitedShell(slow, 100.0, monotonic=slow.monotonic)
    with shell.within("mta1"):
        assert shell.run("mta1", SHOW, timeout_s=50.0) == b"ok"
        with shell.stream("mta1", SHOW, timeout_s=50.0) as output:
            assert b"".join(output) == b"ok"
        shell.run("mta1", SHOW, timeout_s=50.0)
        with pytest.raises(HostUnreachable, match="mta1: reading it took more than 100 s and was cut off"):
            shell.run("mta1", SHOW, timeout_s=50.0)
        with pytest.raises(HostUnreachable), shell.stream("mta1", SHOW, timeout_s=50.0):
            pass
    assert slow.limits == [50.0, 50.0, 20.0]


def test_half_time_is_told(slow: SlowShell) -> None:
    shell = LimitedShell(slow, 100.0, monotonic=slow.monotonic)
    with shell.within("mta1") as late:
        slow.at += 49.0
        assert not late()
        slow.at += 1.0
        assert late()


def test_other_hosts_and_other_work_are_not_limited(slow: SlowShell) -> None:
    shell = LimitedShell(slow, 100.0, monotonic=slow.monotonic)
    with shell.within("mta1"):
        slow.at += 200.0
        shell.run("mta2", SHOW, timeout_s=50.0)
    shell.run("mta1", SHOW, timeout_s=50.0)
    with shell.within("mta1"):  # every poll begins anew
        shell.run("mta1", SHOW, timeout_s=50.0)
    assert slow.limits == [50.0, 50.0, 50.0]


def test_only_so_many_hosts_are_read_at_once_while_others_may_still_be_asked(slow: SlowShell) -> None:
    shell = LimitedShell(slow, 100.0, at_once=2, monotonic=slow.monotonic)

    def read(host: str) -> bytes:
        with shell.stream(host, SHOW, timeout_s=20.0) as output:
            return b"".join(output)

    with ThreadPoolExecutor(1) as pool, shell.stream("mta1", SHOW, timeout_s=20.0):
        with shell.stream("mta2", SHOW, timeout_s=20.0):
            third = pool.submit(read, "mta3")
            shell.run("mta4", SHOW, timeout_s=20.0)
            assert not third.done()
            with pytest.raises(HostUnreachable, match="mta4: it had to wait for 2 others"):
                shell.stream("mta4", SHOW, timeout_s=0.01).__enter__()
        assert third.result(timeout=20) == b"ok"
    assert read("mta1") == b"ok"
