"""What every SSH server must see and give: one contract over the in-process server and real OpenSSH."""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.errors import AnswerTooLong, CommandFailed, HostUnreachable
from bot.pmta.ssh import COMMANDS_AT_ONCE, HostLogin, SshFleet
from bot.ports import HostShell
from bot.sim.sshd import Shell, SimSshd
from tests.sshd import Sshd, running_sshd

LIMIT_S = 20.0
PMTA = '#!/bin/sh\nprintf "pmta:%s\\n" "$*"\n'


@dataclass(frozen=True, slots=True)
class Rig:
    """A server, how to enter it, and a fleet of one host named mta1."""

    server: SimSshd | Sshd
    login: HostLogin
    known_hosts: Path
    fleet: SshFleet


@pytest.fixture(scope="module", params=["in-process", pytest.param("openssh", marks=pytest.mark.sshd)])
def rig(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    root = tmp_path_factory.mktemp("host")
    pmta = root / "pmta"
    pmta.write_text(PMTA)
    pmta.chmod(0o755)
    if request.param == "openssh":
        with running_sshd(root / "sshd", root) as sshd:
            yield from _rig(root, sshd, sshd.login("mta1"), sshd.known_hosts_lines())
    else:
        sim = SimSshd("mta1", Shell, root=root / "keys")
        login = HostLogin("mta1", "127.0.0.1", sim.start(), "deferbot", sim.client_key_file, pmta=str(pmta))
        yield from _rig(root, sim, login, sim.known_hosts_line())
        sim.stop()


def _rig(root: Path, server: SimSshd | Sshd, login: HostLogin, pinned: str) -> Iterator[Rig]:
    known_hosts = root / "known_hosts"
    known_hosts.write_text(pinned)
    fleet = SshFleet([login], known_hosts)
    yield Rig(server, login, known_hosts, fleet)
    fleet.close()


def run(shell: HostShell, *argv: str, timeout_s: float = LIMIT_S, limit: int = 8 << 20) -> bytes:
    return shell.run("mta1", argv, timeout_s=timeout_s, limit=limit)


def ended_within(pid: int, seconds: float) -> bool:
    """True once the process has ended (a zombie has), waiting without polling."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([fd], [], [], seconds)[0])
    finally:
        os.close(fd)


WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)


@settings(max_examples=40)
@given(words=st.lists(WORDS, min_size=1, max_size=6))
@example(
    words=["'", '"', "a'b\"c", "$(id)", "`id`", "$HOME", "${x}", "*", "?", "[a-z]*", "~", "!!", "#", "&", ";", "|"]
)
@example(
    words=["line\nline", "tab\there", "cr\r", "back\\slash\\", "-n", "--help", "-", "--", "", " ", "ünïcödé 漢字 🙂"]
)
@example(words=["*/gmail-ip-1", "gmail.com/{default}", "exec", "a=b", "%s%n", "\x1b[31m"])
def test_every_argument_arrives_as_it_was(rig: Rig, words: list[str]) -> None:
    answer = run(rig.fleet, "printf", "%s\\0", *words)
    assert answer.decode().split("\0")[:-1] == words


def test_bytes_that_are_not_utf8_arrive_as_they_were(rig: Rig) -> None:
    name = b"caf\xe9".decode("utf-8", "surrogateescape")
    assert run(rig.fleet, "printf", "%s", name) == b"caf\xe9"


def test_programs_run_not_shell_builtins(rig: Rig) -> None:
    """/bin/echo prints backslashes, the echo that is built into dash interprets them."""
    assert run(rig.fleet, "echo", "a\\nb") == b"a\\nb\n"


def test_pmta_is_replaced_by_the_configured_path(rig: Rig) -> None:
    assert run(rig.fleet, "pmta", "show", "queues", "*/*") == b"pmta:show queues */*\n"


def test_stdin_is_empty(rig: Rig) -> None:
    assert run(rig.fleet, "cat") == b""


def test_a_big_answer_arrives_whole(rig: Rig) -> None:
    answer = run(rig.fleet, "sh", "-c", "yes 0123456789abcde | head -c 20000000", limit=20_000_000)
    assert len(answer) == 20_000_000
    assert answer == (b"0123456789abcde\n" * 1_250_000)


def test_both_streams_beyond_the_window_do_not_stall(rig: Rig) -> None:
    """The streams share one flow-control window: an unread stderr would stop stdout."""
    script = "head -c 9000000 /dev/zero >&2 & head -c 8000000 /dev/zero; wait"
    assert len(run(rig.fleet, "sh", "-c", script)) == 8_000_000


def test_an_answer_beyond_the_limit_is_an_error_and_ends_the_command(rig: Rig, tmp_path: Path) -> None:
    with pytest.raises(AnswerTooLong, match="more than 1000000 bytes"):
        run(rig.fleet, "sh", "-c", f"echo $$ >{tmp_path}/pid; exec head -c 50000000 /dev/zero", limit=1_000_000)
    assert ended_within(int((tmp_path / "pid").read_text()), LIMIT_S)
    assert run(rig.fleet, "echo", "next") == b"next\n"


def stream(rig: Rig, script: str, *, limit: int = 8 << 20) -> AbstractContextManager[Iterator[bytes]]:
    return rig.fleet.stream("mta1", ("sh", "-c", script), timeout_s=LIMIT_S, limit=limit)


def test_a_stream_is_handed_out_while_the_command_runs(rig: Rig, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "gate")
    with stream(rig, f"echo first; head -c 1 {tmp_path}/gate; echo second") as output:
        assert next(output) == b"first\n"
        with _opened(tmp_path / "gate") as gate:
            os.write(gate, b"g")
            assert b"".join(output) == b"gsecond\n"


def test_leaving_a_stream_ends_the_command_and_frees_its_place(rig: Rig) -> None:
    for _ in range(COMMANDS_AT_ONCE + 1):
        with stream(rig, "echo $$; exec cat /dev/zero", limit=1 << 40) as output:
            pid = int(next(output).split(b"\n")[0])
        assert ended_within(pid, LIMIT_S)


def test_an_error_of_who_reads_a_stream_is_theirs_and_ends_the_command(rig: Rig) -> None:
    with pytest.raises(OSError, match="disk full here"), stream(rig, "echo $$; exec sleep 300") as output:
        pid = int(next(output))
        raise OSError("disk full here")
    assert ended_within(pid, LIMIT_S)


def test_a_stream_of_a_command_that_fails_ends_in_its_error(rig: Rig) -> None:
    with stream(rig, "echo part; echo why >&2; exit 3") as output:
        assert next(output) == b"part\n"
        with pytest.raises(CommandFailed, match="ended with status 3: why"):
            next(output)


def test_a_stream_beyond_the_limit_ends_in_an_error(rig: Rig) -> None:
    with stream(rig, "exec cat /dev/zero", limit=100_000) as output, pytest.raises(AnswerTooLong):
        assert len(b"".join(output)) <= 100_000


def test_exactly_the_limit_is_not_too_long(rig: Rig) -> None:
    assert len(run(rig.fleet, "head", "-c", "1000", "/dev/zero", limit=1000)) == 1000
    with pytest.raises(AnswerTooLong):
        run(rig.fleet, "head", "-c", "1001", "/dev/zero", limit=1000)


def test_exit_status_and_last_words(rig: Rig) -> None:
    with pytest.raises(CommandFailed, match=r"^mta1: .* ended with status 3: second$") as caught:
        run(rig.fleet, "sh", "-c", "echo out; echo first >&2; echo second >&2; exit 3")
    assert caught.value.status == 3
    assert caught.value.said == "first\nsecond"


def test_last_words_are_bounded_and_fall_back_to_stdout(rig: Rig) -> None:
    with pytest.raises(CommandFailed) as flood:
        run(rig.fleet, "sh", "-c", "head -c 2000000 /dev/zero | tr '\\0' x >&2; exit 1")
    assert flood.value.said == "x" * 500
    with pytest.raises(CommandFailed, match="status 1: only on stdout"):
        run(rig.fleet, "sh", "-c", "echo only on stdout; exit 1")


def test_a_missing_program_is_named(rig: Rig) -> None:
    with pytest.raises(CommandFailed, match=r"no-such-program.*not found") as caught:
        run(rig.fleet, "no-such-program")
    assert caught.value.status == 127


def test_death_by_signal_is_a_failure(rig: Rig) -> None:
    with pytest.raises(CommandFailed) as caught:
        run(rig.fleet, "sh", "-c", "kill -9 $$")
    assert caught.value.status == 137


@pytest.mark.parametrize("ignores_term", [False, True])
def test_time_out_ends_the_command_and_its_children_on_the_host(rig: Rig, tmp_path: Path, ignores_term: bool) -> None:
    trap = "trap '' TERM;" if ignores_term else ""
    with pytest.raises(HostUnreachable, match=r"had not ended after 0\.5 s and was stopped"):
        run(rig.fleet, "sh", "-c", f"{trap} sleep 300 & echo $$ $! >{tmp_path}/pids; wait", timeout_s=0.5)
    for pid in (tmp_path / "pids").read_text().split():
        assert ended_within(int(pid), LIMIT_S)
    assert run(rig.fleet, "echo", "next") == b"next\n"


def test_endless_output_does_not_outlast_the_limit(rig: Rig) -> None:
    """stderr is cut silently, so only the clock can end this."""
    with pytest.raises(HostUnreachable, match=r"had not ended after 0\.5 s"):
        run(rig.fleet, "sh", "-c", "yes >&2", timeout_s=0.5)


def test_a_lost_connection_ends_the_command_on_the_host(rig: Rig, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pid")
    with ThreadPoolExecutor(1) as pool, _opened(tmp_path / "pid") as pids:
        lost = pool.submit(run, rig.fleet, "sh", "-c", f"echo $$ >{tmp_path}/pid; exec sleep 300")
        pid = int(_lines(pids, 1)[0])
        rig.server.drop_connections()
        with pytest.raises(HostUnreachable, match="whether it took effect is not known"):
            lost.result(LIMIT_S)
    assert ended_within(pid, LIMIT_S)


def test_eight_commands_run_at_once_and_a_ninth_waits(rig: Rig, tmp_path: Path) -> None:
    for name in ("started", "gate"):
        os.mkfifo(tmp_path / name)
    script = f"echo x >{tmp_path}/started; head -c 1 {tmp_path}/gate"
    with ThreadPoolExecutor(COMMANDS_AT_ONCE) as pool, _opened(tmp_path / "started") as started:
        running = [pool.submit(run, rig.fleet, "sh", "-c", script) for _ in range(COMMANDS_AT_ONCE)]
        assert len(_lines(started, COMMANDS_AT_ONCE)) == COMMANDS_AT_ONCE
        with pytest.raises(HostUnreachable, match="8 commands were still running"):
            run(rig.fleet, "echo", "ninth", timeout_s=0.2)
        with _opened(tmp_path / "gate") as gate:
            os.write(gate, b"g" * COMMANDS_AT_ONCE)
            assert [future.result(LIMIT_S) for future in running] == [b"g"] * COMMANDS_AT_ONCE
    assert run(rig.fleet, "echo", "free again") == b"free again\n"


def test_a_dropped_connection_is_opened_anew(rig: Rig) -> None:
    """Also for a command that changes something: it had not been sent yet."""
    assert run(rig.fleet, "pmta", "show", "version")
    rig.server.drop_connections()
    assert run(rig.fleet, "pmta", "pause", "queue", "a/b") == b"pmta:pause queue a/b\n"


def test_all_who_come_first_share_one_connection(rig: Rig) -> None:
    before = rig.server.connections
    fleet = SshFleet([rig.login], rig.known_hosts)
    together = threading.Barrier(6)

    def first() -> bytes:
        together.wait(LIMIT_S)
        return run(fleet, "echo", "hello")

    with ThreadPoolExecutor(6) as pool:
        futures = [pool.submit(first) for _ in range(6)]
        assert [future.result(LIMIT_S) for future in futures] == [b"hello\n"] * 6
    assert rig.server.connections == before + 1
    fleet.close()


def test_close_ends_what_runs_and_refuses_what_comes(rig: Rig, tmp_path: Path) -> None:
    fleet = SshFleet([rig.login], rig.known_hosts)
    os.mkfifo(tmp_path / "pid")
    with ThreadPoolExecutor(1) as pool, _opened(tmp_path / "pid") as pids:
        running = pool.submit(run, fleet, "sh", "-c", f"echo $$ >{tmp_path}/pid; exec sleep 300")
        pid = int(_lines(pids, 1)[0])
        fleet.close()
        with pytest.raises(HostUnreachable):
            running.result(LIMIT_S)
    assert ended_within(pid, LIMIT_S)
    with pytest.raises(HostUnreachable, match="the bot is stopping"):
        run(fleet, "echo", "late")


def test_one_host_does_not_block_another(rig: Rig, tmp_path: Path) -> None:
    """mta2 is held by a command; mta1 answers meanwhile."""
    os.mkfifo(tmp_path / "gate")
    fleet = SshFleet([rig.login, replace(rig.login, name="mta2")], rig.known_hosts)
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(fleet.run, "mta2", ("cat", str(tmp_path / "gate")), timeout_s=LIMIT_S)
        assert run(fleet, "echo", "free") == b"free\n"
        run(fleet, "sh", "-c", f"echo done >{tmp_path}/gate")
        assert held.result(LIMIT_S) == b"done\n"
    fleet.close()


class _opened:
    """A FIFO opened for both directions, so that opening never blocks."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> int:
        self._fd = os.open(self._path, os.O_RDWR)
        return self._fd

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)


def _lines(fd: int, count: int) -> list[str]:
    text = b""
    while text.count(b"\n") < count:
        if not select.select([fd], [], [], LIMIT_S)[0]:
            raise AssertionError(f"{count} lines expected within {LIMIT_S:g} s, found {text!r}")
        text += os.read(fd, 4096)
    return text.decode().split()
