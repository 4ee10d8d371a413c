"""Who the bot is on a host, and how it proves it: key file, agent, password file, in this order."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import paramiko
from paramiko.pkey import UnknownKeyType

from bot.errors import HostUnreachable, LoginRefused


@dataclass(frozen=True, slots=True)
class HostLogin:
    """How to reach and enter one host. `pmta` is the path of the command there."""

    name: str
    address: str
    port: int = 22
    user: str = "deferbot"
    key_file: Path | None = None
    password_file: Path | None = None
    use_agent: bool = False
    jump: HostLogin | None = None
    pmta: str = "/usr/sbin/pmta"

    @property
    def at(self) -> str:
        """`address:port`, for messages."""
        return f"{self.address}:{self.port}"

    @property
    def hops(self) -> int:
        """Connections to open on the way: 1, and one for each jump host."""
        return 1 + (self.jump.hops if self.jump else 0)


@dataclass(frozen=True, slots=True)
class _Proof:
    title: str
    offer: Callable[[], object]


def log_in(transport: paramiko.Transport, login: HostLogin) -> None:
    """Authenticate on a transport whose host key has been checked.

    Raises:
        LoginRefused: a file is missing or wrong, or the host took none of the proofs.
        HostUnreachable: connection cut, or no answer within `transport.auth_timeout`.
    """
    tried: list[str] = []
    allowed: list[str] = []
    with closing(_Agent(login)) as agent:
        for proof in _proofs(transport, login, agent):
            tried.append(proof.title)
            try:
                proof.offer()
            except paramiko.BadAuthenticationType as e:
                allowed = e.allowed_types
            except paramiko.AuthenticationException as e:
                # a host that hangs up after a refusal (MaxAuthTries) has refused
                if str(e) == "Authentication timeout.":
                    raise HostUnreachable(login.name, _slow(transport, login)) from e
                if not transport.is_active():
                    break
            except (paramiko.SSHException, EOFError, OSError) as e:
                raise HostUnreachable(login.name, f"{login.at} cut the connection during the login.") from e
            if transport.is_authenticated():
                return
    raise LoginRefused(login.name, _refused(login, tried, allowed))


def _slow(transport: paramiko.Transport, login: HostLogin) -> str:
    return f"{login.at} did not answer the login of {login.user} within {transport.auth_timeout:g} s."


def _refused(login: HostLogin, tried: list[str], allowed: list[str]) -> str:
    if not tried:
        return f"no way to log in as {login.user} is left: the agent holds no key. Set key_file, or run ssh-add."
    takes = f"; it takes {', '.join(allowed)}" if allowed else ""
    return (
        f"{login.at} did not accept {login.user} with {', '.join(tried)}{takes}. "
        f"Check the user name and ~{login.user}/.ssh/authorized_keys on the host."
    )


def _proofs(transport: paramiko.Transport, login: HostLogin, agent: _Agent) -> Iterator[_Proof]:
    if not (login.key_file or login.use_agent or login.password_file):
        raise LoginRefused(login.name, f"no way to log in as {login.user}: set key_file, agent or password_file.")
    if login.key_file:
        yield _key_proof(transport, login, _private_key(login, login.key_file), f"the key {login.key_file}")
    for key in agent.held():
        yield _key_proof(transport, login, key, f"the agent's key {key.fingerprint}")
    if login.password_file:
        password = _secret(login, login.password_file).rstrip("\r\n")
        title = f"the password in {login.password_file}"
        yield _Proof(title, lambda: transport.auth_password(login.user, password))


def _key_proof(transport: paramiko.Transport, login: HostLogin, key: paramiko.PKey, title: str) -> _Proof:
    return _Proof(title, lambda: transport.auth_publickey(login.user, key))


class _Agent:
    """The running ssh-agent, opened only where the login wants it."""

    def __init__(self, login: HostLogin) -> None:
        try:
            self._agent = paramiko.Agent() if login.use_agent else None
        except (paramiko.SSHException, OSError) as e:
            raise LoginRefused(login.name, f"the ssh-agent at $SSH_AUTH_SOCK does not answer: {e}.") from e

    def held(self) -> tuple[paramiko.PKey, ...]:
        return tuple(self._agent.get_keys()) if self._agent else ()

    def close(self) -> None:
        if self._agent:
            self._agent.close()


def _private_key(login: HostLogin, path: Path) -> paramiko.PKey:
    _secret(login, path)
    try:
        return paramiko.PKey.from_path(path)
    except (paramiko.PasswordRequiredException, TypeError) as e:
        fault = "is encrypted and the bot has no passphrase. Load it with ssh-add and set agent, or use a key without"
        raise LoginRefused(login.name, f"the key {path} {fault}.") from e
    except (paramiko.SSHException, UnknownKeyType, ValueError, OSError) as e:
        fault = "is not a private key that can be read: expected an OpenSSH or PEM key (ed25519, ecdsa, rsa)"
        raise LoginRefused(login.name, f"the file {path} {fault}.") from e


def _secret(login: HostLogin, path: Path) -> str:
    """Text of a secret's file; refused where it is readable for others, as OpenSSH does it."""
    try:
        state = path.stat()
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as e:
        raise LoginRefused(login.name, f"the file {path} does not exist (needed to log in as {login.user}).") from e
    except (OSError, UnicodeDecodeError) as e:
        fault = e.strerror if isinstance(e, OSError) else "not a text file"
        raise LoginRefused(login.name, f"the file {path} cannot be read: {fault}.") from e
    mode = stat.S_IMODE(state.st_mode)
    # somebody else's file (a mounted secret) has the mode its owner chose: not ours to judge
    if state.st_uid == os.getuid() and mode & 0o077:
        raise LoginRefused(login.name, f"the file {path} has mode {mode:04o}: others may read it. Run chmod 600 {path}")
    return text
