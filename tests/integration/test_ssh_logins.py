"""Who the bot is on a host: key file, agent, password file; and what it says when that fails."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bot.errors import HostUnreachable, LoginRefused
from bot.pmta.ssh import SshFleet
from bot.sim.sshd import Faults
from tests.ssh_host import SHOW, Host, make_key, simulated_host
from tests.sshd import needs_sshd, running_sshd


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with simulated_host(tmp_path) as host:
        yield host


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
    make_key(key)
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
    make_key(tmp_path / "open")
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
    make_key(key, passphrase="secret words", form=form)
    assert f"the key {key} is encrypted" in host.error(LoginRefused, replace(host.login, key_file=key))


@pytest.mark.sshd
def test_openssh_refuses_a_strange_key(tmp_path: Path) -> None:
    known_hosts = tmp_path / "known_hosts"
    make_key(tmp_path / "stranger")
    with running_sshd(tmp_path / "sshd") as sshd:
        known_hosts.write_text(sshd.known_hosts_lines())
        fleet = SshFleet([replace(sshd.login("mta1"), key_file=tmp_path / "stranger")], known_hosts)
        with pytest.raises(LoginRefused, match="did not accept"):
            fleet.run("mta1", ("echo", "no"), timeout_s=10)
        fleet.close()


def test_a_login_that_is_never_answered(host: Host) -> None:
    host.server.faults = Faults(hang_login=True)
    said = host.error(HostUnreachable, limit_s=0.3)
    assert f"127.0.0.1:{host.login.port} did not answer the login of deferbot within 0.3 s" in said
