"""What breaks between the bot and a host: the right error, one sentence, bounded time, no second run."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bot.errors import CommandFailed, HostError, HostUnreachable
from bot.sim.sshd import Executed, Faults, Shell, SimSshd, fleet_commands
from tests.ssh_host import PAUSE, SHOW, Host, Journal, simulated_host


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with simulated_host(tmp_path) as host:
        yield host


def test_pmta_reaches_the_fleet_with_its_words(host: Host) -> None:
    with host.fleet() as fleet:
        assert fleet.run("mta1", PAUSE, timeout_s=10) == b"Queue(s) paused.\n"
        assert fleet.run("mta1", ("echo", "pmta"), timeout_s=10) == b"pmta\n"
    assert host.journal.lines == [("mta1", "pause", "queue", "gmail.com/*")]


@pytest.mark.parametrize(
    ("line", "for_fleet"),
    [
        ("pmta show 'queues'", ("h", "show", "queues")),
        ("/usr/sbin/pmta show queues", ("h", "show", "queues")),
        ("exec /opt/pmta/bin/pmta show queues", ("h", "show", "queues")),
        ("echo pmta", None),
        ("echo 'pmta", None),  # not a command line at all: the shell says so
        ("/bin/sh -c 'echo pmta' sh pmta", None),  # its arguments are not what it runs
        ("tail -c +1 acct.csv", None),
    ],
)
def test_which_command_lines_are_the_fleets(line: str, for_fleet: tuple[str, ...] | None) -> None:
    journal = Journal()
    outcome = fleet_commands(journal, "h")(line)
    if for_fleet:
        assert isinstance(outcome, Executed)
        assert journal.lines == [for_fleet]
    else:
        assert outcome == Shell(line)
        assert journal.lines == []


def test_a_closed_port(host: Host) -> None:
    host.server.stop()
    said = host.error(HostUnreachable)
    assert f"127.0.0.1:{host.login.port} refuses connections: does sshd run there? (try 3 of 3)" in said


@pytest.mark.parametrize("address", ["fe80::1%none", "x" * 64 + ".example"])  # neither reaches a name server
def test_an_address_that_does_not_exist(host: Host, address: str) -> None:
    said = host.error(HostUnreachable, replace(host.login, address=address))
    assert f"the address {address} is not known to DNS" in said


def test_a_black_hole_ends_with_the_connect_limit(host: Host) -> None:
    with _black_hole() as port:
        said = host.error(HostUnreachable, replace(host.login, port=port), limit_s=0.3)
    assert f"no answer from 127.0.0.1:{port} within 0.3 s" in said


@contextmanager
def _black_hole() -> Iterator[int]:
    """A port that answers no SYN: its queue of one is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port = listener.getsockname()[1]
        fillers = []
        for _ in range(3):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
            fillers.append(filler)
        yield port
        for filler in fillers:
            filler.close()


def test_a_banner_that_never_comes(host: Host) -> None:
    host.server.faults = Faults(hang_banner=True)
    said = host.error(HostUnreachable, limit_s=0.3)
    assert "took the connection but did not send an SSH banner within 0.3 s" in said


def test_something_that_is_no_sshd(host: Host) -> None:
    with _answering(b"220 smtp.example ESMTP\r\n" * 200) as port:
        said = host.error(HostUnreachable, replace(host.login, port=port))
    assert "took the connection but closed it before it could send an SSH banner" in said


def test_a_key_exchange_that_never_ends(host: Host) -> None:
    with _answering(b"SSH-2.0-silent\r\n", close=False) as port:
        said = host.error(HostUnreachable, replace(host.login, port=port), limit_s=0.3)
    assert "took the connection but did not finish the key exchange within 0.3 s" in said


@contextmanager
def _answering(text: bytes, *, close: bool = True) -> Iterator[int]:
    """A port where every connection is told `text`."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    over = threading.Event()
    taken: list[socket.socket] = []

    def serve() -> None:
        while True:
            sock, _ = listener.accept()
            taken.append(sock)
            if over.is_set():
                return
            sock.sendall(text)
            if close:
                sock.close()

    server = threading.Thread(target=serve, daemon=True)
    server.start()
    try:
        yield port
    finally:
        over.set()
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        server.join(timeout=5)
        for sock in (*taken, listener):
            sock.close()


def test_those_who_wait_for_a_failing_connect_share_its_error(host: Host) -> None:
    """Six threads against a black hole need one connect limit, not six."""
    with _black_hole() as port, host.fleet(replace(host.login, port=port), limit_s=0.5) as fleet:
        errors: list[HostError] = []

        def run() -> None:
            with pytest.raises(HostUnreachable) as caught:
                fleet.run("mta1", SHOW, timeout_s=0.5)
            errors.append(caught.value)

        threads = [threading.Thread(target=run) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=2.4)
        assert len(errors) == 6


@pytest.mark.parametrize(("argv", "runs"), [(PAUSE, 1), (SHOW, 3)])
def test_cut_after_it_ran_is_repeated_only_where_it_reads(host: Host, argv: tuple[str, ...], runs: int) -> None:
    host.server.faults = Faults(cut_after_run=True)
    with host.fleet() as fleet, pytest.raises(HostUnreachable, match="whether it took effect is not known"):
        fleet.run("mta1", argv, timeout_s=10)
    assert len(host.journal.lines) == runs


def test_half_an_answer_is_no_answer(host: Host) -> None:
    """Also where the exit status came through: it may overtake the output."""
    host.server.faults = Faults(cut_mid_answer=True)
    with host.fleet() as fleet, pytest.raises(HostUnreachable, match="whether it took effect is not known"):
        fleet.run("mta1", PAUSE, timeout_s=10)


def test_cut_before_it_ran_cannot_be_told_from_after(host: Host) -> None:
    host.server.faults = Faults(cut_before_run=True)
    with host.fleet() as fleet, pytest.raises(HostUnreachable, match="whether it took effect is not known"):
        fleet.run("mta1", PAUSE, timeout_s=10)
    assert host.journal.lines == []


def test_a_fault_that_passes_is_not_seen(host: Host) -> None:
    """The first connection is cut under a reading command; the second try answers."""
    runs: list[str] = []

    def heal(line: str) -> Executed | Shell:
        runs.append(line)
        host.server.faults = Faults()
        return fleet_commands(host.journal, "mta1")(line)

    server = SimSshd("mta1", heal, root=host.known_hosts.parent / "keys")
    host.server.stop()
    host.server = server
    server.faults = Faults(cut_after_run=True)
    server.port = host.login.port
    server.start()
    with host.fleet() as fleet:
        assert fleet.run("mta1", SHOW, timeout_s=10) == b"Queue(s) paused.\n"
    assert len(runs) == 2


def test_a_command_that_hangs_ends_with_its_limit(host: Host) -> None:
    host.server.faults = Faults(hang_after_start=True)
    with host.fleet() as fleet:
        with pytest.raises(
            HostUnreachable, match=r"`/usr/sbin/pmta pause queue 'gmail.com/\*'` had not ended after 0\.3 s"
        ):
            fleet.run("mta1", PAUSE, timeout_s=0.3)
        host.server.faults = Faults()
        assert fleet.run("mta1", PAUSE, timeout_s=10)
    assert len(host.journal.lines) == 1


def test_a_request_that_is_never_answered(host: Host) -> None:
    """paramiko alone would wait for ever. The connection is given up: the next command has a new one."""
    host.server.faults = Faults(no_exec_reply=True)
    with host.fleet() as fleet:
        with pytest.raises(HostUnreachable, match=r"no answer to `/usr/sbin/pmta .*` within 0\.3 s"):
            fleet.run("mta1", PAUSE, timeout_s=0.3)
        host.server.faults = Faults()
        assert fleet.run("mta1", PAUSE, timeout_s=10)
    assert len(host.journal.lines) == 1


def test_an_exit_status_that_never_comes(host: Host) -> None:
    host.server.faults = Faults(no_exit_status=True)
    with host.fleet() as fleet, pytest.raises(HostUnreachable, match=r"sent no exit status for 0\.3 s"):
        fleet.run("mta1", PAUSE, timeout_s=0.3)
    assert len(host.journal.lines) == 1


def test_a_command_killed_with_its_shell(host: Host) -> None:
    with host.fleet() as fleet, pytest.raises(CommandFailed) as caught:
        fleet.run("mta1", ("sh", "-c", "kill -9 $PPID"), timeout_s=10)
    assert caught.value.status != 0


def test_an_unknown_host_names_the_known(host: Host) -> None:
    with host.fleet() as fleet, pytest.raises(HostUnreachable, match="no such host; configured are mta1"):
        fleet.run("mta9", SHOW, timeout_s=1)


def test_a_nul_byte_is_a_mistake_of_the_caller(host: Host) -> None:
    with host.fleet() as fleet, pytest.raises(ValueError, match="cannot hold a NUL byte"):
        fleet.run("mta1", ("echo", "a\0b"), timeout_s=1)
