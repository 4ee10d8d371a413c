"""Real OpenSSH where the in-process server cannot stand in: jump hosts, and a host that freezes."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from bot.errors import HostKeyRefused, HostUnreachable
from bot.pmta.ssh import SshFleet
from tests.sshd import running_sshd


@pytest.mark.sshd
def test_a_jump_host_is_pinned_shared_and_named(tmp_path: Path) -> None:
    known_hosts = tmp_path / "known_hosts"
    with running_sshd(tmp_path / "jump") as jump, running_sshd(tmp_path / "inner") as inner:
        known_hosts.write_text(jump.known_hosts_lines() + inner.known_hosts_lines())
        # two hosts may name it differently and still share one connection
        logins = [inner.login(name, jump=jump.login(f"jump of {name}")) for name in ("mta1", "mta2")]
        bastion = re.escape(f"127.0.0.1:{jump.port}")
        fleet = SshFleet([*logins, replace(logins[0], name="gone", port=1)], known_hosts)
        for name in ("mta1", "mta2"):
            assert fleet.run(name, ("echo", name), timeout_s=10) == f"{name}\n".encode()
        assert jump.connections == 1
        with pytest.raises(HostUnreachable, match=rf"127\.0\.0\.1:1 cannot be reached through {bastion}"):
            fleet.run("gone", ("echo", "no"), timeout_s=5)
        jump.drop_connections()
        assert fleet.run("mta1", ("echo", "again"), timeout_s=10) == b"again\n"
        fleet.close()
        known_hosts.write_text(inner.known_hosts_lines())
        fleet = SshFleet(logins, known_hosts)
        with pytest.raises(HostKeyRefused, match=rf"^mta1: its jump host {bastion}: .* SHA256:"):
            fleet.run("mta1", ("echo", "no"), timeout_s=10)
        fleet.close()


@pytest.mark.sshd
def test_a_frozen_host_costs_one_limit_and_the_next_command_connects_anew(tmp_path: Path) -> None:
    """Its TCP connection looks open, nobody answers on it: without a new connection every command would wait."""
    known_hosts = tmp_path / "known_hosts"
    with running_sshd(tmp_path / "sshd") as sshd:
        known_hosts.write_text(sshd.known_hosts_lines())
        fleet = SshFleet([sshd.login("mta1")], known_hosts)
        assert fleet.run("mta1", ("echo", "well"), timeout_s=10) == b"well\n"
        sshd.freeze_connections()
        with pytest.raises(HostUnreachable, match=r"the connection does not answer \(waited 0\.3 s\)"):
            fleet.run("mta1", ("echo", "frozen"), timeout_s=0.3)
        assert fleet.run("mta1", ("echo", "again"), timeout_s=10) == b"again\n"
        fleet.close()
