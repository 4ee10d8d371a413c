"""Everything that goes wrong between the bot and a host: the right error, one sentence, bounded time, no second run."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from bot.errors import CommandFailed, HostError, HostKeyRefused, HostUnreachable, LoginRefused
from bot.pmta.ssh import HostLogin, SshFleet
from bot.sim.sshd import Executed, Faults, Shell, SimSshd, fleet_commands
from tests.sshd import needs_sshd, running_sshd

SHOW = ("pmta", "show", "queues")
PAUSE = ("pmta", "pause", "queue", "gmail.com/*")


@dataclass
class Journal:
    """A fleet that writes down what it is told."""

    lines: list[tuple[str, ...]] = field(default_factory=list)

    def pmta(self, host: str, argv: Sequence[str]) -> FleetAnswer:
        self.lines.append((host, *argv))
        return FleetAnswer("Queue(s) paused.\n", "", 0)


@dataclass(frozen=True)
class FleetAnswer:
    stdout: str
    stderr: str
    status: int


@dataclass
class Host:
    """One simulated host and its login."""

    server: SimSshd
    journal: Journal
    login: HostLogin
    known_hosts: Path

    @contextmanager
    def fleet(self, login: HostLogin | None = None, *, limit_s: float = 10) -> Iterator[SshFleet]:
        fleet = SshFleet([login or self.login], self.known_hosts, connect_timeout_s=limit_s, login_timeout_s=limit_s)
        try:
            yield fleet
        finally:
            fleet.close()

    def error(self, kind: type[HostError], login: HostLogin | None = None, *, limit_s: float = 10) -> str:
        """The sentence of the error that a command on a fresh connection ends with."""
        with self.fleet(login, limit_s=limit_s) as fleet, pytest.raises(kind) as caught:
            fleet.run("mta1", SHOW, timeout_s=limit_s)
        assert type(caught.value) is kind
        assert caught.value.host == "mta1"
        assert "\n" not in str(caught.value)
        return str(caught.value)


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    journal = Journal()
    server = SimSshd("mta1", fleet_commands(journal, "mta1"), root=tmp_path / "keys", password="correct horse")
    login = HostLogin("mta1", "127.0.0.1", server.start(), "deferbot", server.client_key_file)
    known_hosts = tmp_path / "known_hosts"
    known_hosts.write_text(f"# the fleet\n{server.known_hosts_line()}\n")
    yield Host(server, journal, login, known_hosts)
    server.stop()


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


# --- host keys


def test_an_unknown_key_is_refused_and_nothing_is_added(host: Host) -> None:
    host.known_hosts.write_text("")
    said = host.error(HostKeyRefused)
    key_type, blob = host.server.known_hosts_line().split()[1:]
    assert f"SHA256:{_fingerprint(host)}" in said
    assert said.endswith(f"add this line to {host.known_hosts}: [127.0.0.1]:{host.login.port} {key_type} {blob}")
    assert host.known_hosts.read_text() == ""


def test_the_offered_line_is_what_makes_it_work(host: Host) -> None:
    """Without a restart: the file is read at each connect."""
    host.known_hosts.unlink()
    with host.fleet() as fleet:
        with pytest.raises(HostKeyRefused, match="does not exist") as caught:
            fleet.run("mta1", SHOW, timeout_s=10)
        host.known_hosts.write_text(str(caught.value).rpartition("known_hosts: ")[2] + "\n")
        assert fleet.run("mta1", SHOW, timeout_s=10)


def test_a_changed_key_is_refused_before_any_login(host: Host) -> None:
    host.server.faults = Faults(changed_host_key=True)
    said = host.error(HostKeyRefused)
    assert f"pins ed25519 SHA256:{_fingerprint(host)} (line 2)" in said
    assert said.count("SHA256:") == 2
    assert host.journal.lines == []


def _fingerprint(host: Host) -> str:
    key = host.known_hosts.parent / "shown.pub"
    key.write_text(host.server.known_hosts_line().partition(" ")[2] + "\n")
    listed = subprocess.run(["ssh-keygen", "-lf", key], capture_output=True, check=True, timeout=10, text=True)
    return listed.stdout.split()[1].removeprefix("SHA256:")


# --- logins


def test_a_refused_login_names_what_was_tried(host: Host) -> None:
    host.server.faults = Faults(refuse_login=True)
    said = host.error(LoginRefused)
    assert f"127.0.0.1:{host.login.port} did not accept deferbot with the key {host.login.key_file}" in said
    assert "authorized_keys" in said


def test_a_password_from_a_file(host: Host, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("correct horse\n")
    secret.chmod(0o600)
    login = replace(host.login, key_file=None, password_file=secret)
    with host.fleet(login) as fleet:
        assert fleet.run("mta1", SHOW, timeout_s=10)
    secret.write_text("wrong\n")
    said = host.error(LoginRefused, login)
    assert f"the password in {secret}" in said
    assert "wrong" not in said.replace(str(secret), "")


def test_the_password_comes_after_a_refused_key(host: Host, tmp_path: Path) -> None:
    secret, key = tmp_path / "password", tmp_path / "stranger"
    secret.write_text("correct horse\n")
    secret.chmod(0o600)
    _make_key(key)
    with host.fleet(replace(host.login, key_file=key, password_file=secret)) as fleet:
        assert fleet.run("mta1", SHOW, timeout_s=10)


def test_keys_of_the_agent(host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    login = replace(host.login, key_file=None, use_agent=True)
    with _agent(tmp_path / "agent", monkeypatch):
        assert "the agent holds no key" in host.error(LoginRefused, login)
        subprocess.run(["ssh-add", "-q", host.server.client_key_file], check=True, timeout=10)
        with host.fleet(login) as fleet:
            assert fleet.run("mta1", SHOW, timeout_s=10)


@contextmanager
def _agent(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    needs_sshd()
    monkeypatch.setenv("SSH_AUTH_SOCK", str(path))
    with subprocess.Popen(["ssh-agent", "-D", "-a", path], stdout=subprocess.PIPE) as agent:
        assert agent.stdout
        agent.stdout.readline()  # it prints its address once it listens
        try:
            yield
        finally:
            agent.terminate()


def test_an_absent_agent_is_told(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    login = replace(host.login, key_file=None, use_agent=True)
    assert "the agent holds no key. Set key_file, or run ssh-add" in host.error(LoginRefused, login)


def test_files_of_secrets_that_cannot_be_used(host: Host, tmp_path: Path) -> None:
    def with_key(path: Path) -> str:
        return host.error(LoginRefused, replace(host.login, key_file=path))

    assert f"the file {tmp_path}/absent does not exist" in with_key(tmp_path / "absent")
    assert f"the file {tmp_path} cannot be read: Is a directory" in with_key(tmp_path)
    _make_key(tmp_path / "open")
    (tmp_path / "open").chmod(0o644)
    assert "has mode 0644: others may read it. Run chmod 600" in with_key(tmp_path / "open")
    (tmp_path / "text").write_text("hello")
    (tmp_path / "text").chmod(0o600)
    assert "is not a private key" in with_key(tmp_path / "text")
    assert "no way to log in as deferbot: set key_file, agent or password_file" in host.error(
        LoginRefused, replace(host.login, key_file=None)
    )


@pytest.mark.parametrize("form", ["OpenSSH", "PEM"])
def test_an_encrypted_key_is_told(host: Host, tmp_path: Path, form: str) -> None:
    key = tmp_path / "encrypted"
    _make_key(key, passphrase="secret words", form=form)
    assert f"the key {key} is encrypted" in host.error(LoginRefused, replace(host.login, key_file=key))


def _make_key(path: Path, *, passphrase: str = "", form: str = "OpenSSH") -> None:
    kind = ["-t", "ed25519"] if form == "OpenSSH" else ["-t", "rsa", "-b", "2048", "-m", "PEM"]
    command = ["ssh-keygen", "-q", *kind, "-N", passphrase, "-f", str(path)]
    needs_sshd()
    subprocess.run(command, check=True, timeout=30)


# --- connecting


def test_a_closed_port(host: Host) -> None:
    host.server.stop()
    said = host.error(HostUnreachable)
    assert f"127.0.0.1:{host.login.port} refuses connections: does sshd run there? (try 3 of 3)" in said


def test_an_address_that_does_not_exist(host: Host) -> None:
    said = host.error(HostUnreachable, replace(host.login, address="no such name"))
    assert "the address no such name is not known to DNS" in said


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


# --- running


@pytest.mark.parametrize(("argv", "runs"), [(PAUSE, 1), (SHOW, 3)])
def test_cut_after_it_ran_is_repeated_only_where_it_reads(host: Host, argv: tuple[str, ...], runs: int) -> None:
    host.server.faults = Faults(cut_after_run=True)
    with host.fleet() as fleet, pytest.raises(HostUnreachable, match="whether it took effect is not known"):
        fleet.run("mta1", argv, timeout_s=10)
    assert len(host.journal.lines) == runs


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


# --- real OpenSSH


@pytest.mark.sshd
@pytest.mark.parametrize("pinned", ["ed25519", "ecdsa", "rsa"])
def test_openssh_shows_the_pinned_one_of_its_keys(tmp_path: Path, pinned: str) -> None:
    known_hosts = tmp_path / "known_hosts"
    with running_sshd(tmp_path / "sshd", key_types=("ed25519", "ecdsa", "rsa")) as sshd:
        lines = [line for line in sshd.known_hosts_lines().splitlines() if pinned in line]
        known_hosts.write_text("\n".join(lines) + "\n")
        # a hashed file is what Debian's ssh writes by default
        subprocess.run(["ssh-keygen", "-q", "-H", "-f", known_hosts], check=True, timeout=10, capture_output=True)
        assert "127.0.0.1" not in known_hosts.read_text()
        fleet = SshFleet([sshd.login("mta1")], known_hosts)
        assert fleet.run("mta1", ("echo", pinned), timeout_s=10) == f"{pinned}\n".encode()
        fleet.close()


@pytest.mark.sshd
def test_openssh_with_another_key_than_pinned_is_refused(tmp_path: Path) -> None:
    known_hosts = tmp_path / "known_hosts"
    with running_sshd(tmp_path / "one") as one, running_sshd(tmp_path / "two") as two:
        known_hosts.write_text(two.known_hosts_lines().replace(f":{two.port}", f":{one.port}"))
        fleet = SshFleet([one.login("mta1")], known_hosts)
        with pytest.raises(HostKeyRefused, match=r"SHA256:.*nothing was sent"):
            fleet.run("mta1", ("echo", "no"), timeout_s=10)
        fleet.close()


@pytest.mark.sshd
def test_openssh_refuses_a_strange_key(tmp_path: Path) -> None:
    known_hosts = tmp_path / "known_hosts"
    _make_key(tmp_path / "stranger")
    with running_sshd(tmp_path / "sshd") as sshd:
        known_hosts.write_text(sshd.known_hosts_lines())
        fleet = SshFleet([replace(sshd.login("mta1"), key_file=tmp_path / "stranger")], known_hosts)
        with pytest.raises(LoginRefused, match="did not accept"):
            fleet.run("mta1", ("echo", "no"), timeout_s=10)
        fleet.close()


@pytest.mark.sshd
def test_a_jump_host_is_pinned_shared_and_named(tmp_path: Path) -> None:
    known_hosts = tmp_path / "known_hosts"
    with running_sshd(tmp_path / "jump") as jump, running_sshd(tmp_path / "inner") as inner:
        known_hosts.write_text(jump.known_hosts_lines() + inner.known_hosts_lines())
        through = jump.login("bastion")
        logins = [inner.login(name, jump=through) for name in ("mta1", "mta2")]
        fleet = SshFleet([*logins, replace(logins[0], name="gone", port=1)], known_hosts)
        for name in ("mta1", "mta2"):
            assert fleet.run(name, ("echo", name), timeout_s=10) == f"{name}\n".encode()
        assert jump.connections == 1
        with pytest.raises(HostUnreachable, match=r"127\.0\.0\.1:1 cannot be reached through bastion"):
            fleet.run("gone", ("echo", "no"), timeout_s=5)
        jump.drop_connections()
        assert fleet.run("mta1", ("echo", "again"), timeout_s=10) == b"again\n"
        fleet.close()
        known_hosts.write_text(inner.known_hosts_lines())
        fleet = SshFleet(logins, known_hosts)
        with pytest.raises(HostKeyRefused, match=r"^mta1: its jump host bastion: .* SHA256:"):
            fleet.run("mta1", ("echo", "no"), timeout_s=10)
        fleet.close()
