"""Pinned host keys: only what the file names gets in, and a refusal says how to pin."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.errors import HostKeyRefused
from bot.pmta.ssh import SshFleet
from bot.sim.sshd import Faults
from tests.ssh_host import SHOW, Host, simulated_host
from tests.sshd import running_sshd


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with simulated_host(tmp_path) as host:
        yield host


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
