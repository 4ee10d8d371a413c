"""One simulated host behind the in-process SSH server, with its login, for tests."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.errors import HostError
from bot.pmta.ssh import HostLogin, SshFleet
from bot.sim.sshd import SimSshd, fleet_commands
from tests.sshd import needs_sshd

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


@contextmanager
def simulated_host(tmp_path: Path) -> Iterator[Host]:
    journal = Journal()
    server = SimSshd("mta1", fleet_commands(journal, "mta1"), root=tmp_path / "keys", password="correct horse")
    login = HostLogin("mta1", "127.0.0.1", server.start(), "deferbot", server.client_key_file)
    known_hosts = tmp_path / "known_hosts"
    known_hosts.write_text(f"# the fleet\n{server.known_hosts_line()}\n")
    yield Host(server, journal, login, known_hosts)
    server.stop()


def make_key(path: Path, *, passphrase: str = "", form: str = "OpenSSH") -> None:
    kind = ["-t", "ed25519"] if form == "OpenSSH" else ["-t", "rsa", "-b", "2048", "-m", "PEM"]
    command = ["ssh-keygen", "-q", *kind, "-N", passphrase, "-f", str(path)]
    needs_sshd()
    subprocess.run(command, check=True, timeout=30)
