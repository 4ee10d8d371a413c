"""An SSH server in this process, in front of the simulated fleet: real protocol, real channels, loopback only.

Serves `exec` requests on many channels at once, to one client key that it makes itself. What a command does is decided
by the callable it is given; `Faults` makes it misbehave in the ways real hosts do.
"""

from __future__ import annotations

import contextlib
import io
import os
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import paramiko
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_SUCCEEDED,
)

from bot.sim.commands import Executed, Shell, fleet_commands
from bot.sim.process import serve_process
from bot.sim.wire import GONE, ServerWire

__all__ = ["Executed", "Faults", "Shell", "SimSshd", "fleet_commands"]


@dataclass(frozen=True, slots=True)
class Faults:
    """How the server misbehaves, from the next connection or command on."""

    hang_banner: bool = False
    """Takes the TCP connection and says nothing."""
    changed_host_key: bool = False
    """Shows another host key than `known_hosts_line` names."""
    refuse_login: bool = False
    hang_login: bool = False
    """Never answers a login."""
    no_exec_reply: bool = False
    """Never answers the request to run a command."""
    cut_before_run: bool = False
    """Cuts the connection when a command arrives, before it is run."""
    cut_after_run: bool = False
    """Runs the command, then cuts the connection before any answer."""
    cut_mid_answer: bool = False
    """Sends half of the output and the exit status, then cuts the connection."""
    hang_after_start: bool = False
    """Takes the command, never runs it, never answers."""
    no_exit_status: bool = False
    """Sends the whole output, then neither an exit status nor a close."""


class SimSshd:
    """One host's SSH server. `root` holds its host key and the client key; servers may share it.

    `password`, where given, is taken as well as the client key.
    """

    def __init__(
        self, host: str, run: Callable[[str], Executed | Shell], *, root: Path, password: str | None = None
    ) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self._host = host
        self._run = run
        self._host_key = _key_at(root / f"{host}_host_ed25519")
        self.client_key_file = root / "client_ed25519"
        self._client_key = _key_at(self.client_key_file)
        self._password = password
        self.faults = Faults()
        self.port = 0
        self._listener: socket.socket | None = None
        self._accepting: threading.Thread | None = None
        self._wires: list[ServerWire] = []
        self._silent: list[socket.socket] = []
        self._commands: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._dropped = threading.Event()

    def start(self) -> int:
        """Listen on 127.0.0.1; returns the port (the same one again after a stop)."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        name = f"sshd-{self._host}"
        self._accepting = threading.Thread(target=self._accept, args=(self._listener,), name=name, daemon=True)
        self._accepting.start()
        return self.port

    def stop(self) -> None:
        """Stop listening, cut every connection, end what the commands still run."""
        listener, self._listener = self._listener, None
        if listener is None:
            return
        # closing a socket does not wake a thread that waits in accept(); a connection does
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        if self._accepting:
            self._accepting.join(timeout=5)
        listener.close()
        self.drop_connections()

    def drop_connections(self) -> None:
        """Cut every connection, as a rebooting host does, and wait until their commands are gone."""
        with self._lock:
            wires, self._wires = self._wires, []
            silent, self._silent = self._silent, []
            commands, self._commands = self._commands, []
            self._dropped.set()
            self._dropped = threading.Event()
        for sock in silent:
            sock.close()
        for wire in wires:
            wire.hang_up()
        for thread in (*wires, *commands):
            if thread is not threading.current_thread():
                thread.join(timeout=5)

    def known_hosts_line(self) -> str:
        """The line that pins this server."""
        return f"[127.0.0.1]:{self.port} {self._host_key.get_name()} {self._host_key.get_base64()}"

    def _accept(self, listener: socket.socket) -> None:
        while True:
            sock, _ = listener.accept()
            if self._listener is None:
                sock.close()
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.faults.hang_banner:
                with self._lock:
                    self._silent.append(sock)
            else:
                self._greet(sock)

    def _greet(self, sock: socket.socket) -> None:
        wire = ServerWire(sock, self._begin, answers=lambda: not self.faults.no_exec_reply)
        wire.add_server_key(_new_key() if self.faults.changed_host_key else self._host_key)
        with self._lock:
            self._wires = [w for w in self._wires if w.is_active()] + [wire]
        wire.start_server(event=threading.Event(), server=_Gate(wire, self._admits_key, self._admits_password))

    def _admits_key(self, key: paramiko.PKey) -> bool:
        return self._admits_anybody() and key.asbytes() == self._client_key.asbytes()

    def _admits_password(self, password: str) -> bool:
        return self._admits_anybody() and password == self._password

    def _admits_anybody(self) -> bool:
        if self.faults.hang_login:
            self._dropped.wait()
        return not (self.faults.refuse_login or self.faults.hang_login)

    @property
    def connections(self) -> int:
        """Open ones."""
        with self._lock:
            return sum(wire.is_active() for wire in self._wires)

    def _begin(self, channel: paramiko.Channel, line: bytes) -> None:
        thread = threading.Thread(target=self._execute, args=(channel, line), name=f"exec-{self._host}", daemon=True)
        with self._lock:
            self._commands = [t for t in self._commands if t.is_alive()] + [thread]
            thread.start()

    def _execute(self, channel: paramiko.Channel, line: bytes) -> None:
        faults = self.faults
        # the innermost first: closing a channel sends a message too
        with contextlib.suppress(*GONE), contextlib.closing(channel):
            if faults.cut_before_run:
                _cut(channel)
            elif faults.hang_after_start:
                channel.status_event.wait()
            else:
                self._answer(channel, self._run(line.decode("utf-8", "surrogateescape")), faults)

    def _answer(self, channel: paramiko.Channel, outcome: Executed | Shell, faults: Faults) -> None:
        if faults.cut_after_run:
            _cut(channel)
        elif isinstance(outcome, Shell):
            serve_process(channel, outcome.line)
        else:
            if faults.cut_mid_answer:
                channel.sendall(outcome.stdout[: len(outcome.stdout) // 2])
                channel.send_exit_status(outcome.status)
                _cut(channel)
            channel.sendall(outcome.stdout)
            channel.sendall_stderr(outcome.stderr)
            if faults.no_exit_status:
                channel.shutdown_write()
                channel.status_event.wait()
            channel.send_exit_status(outcome.status)


class _Gate(paramiko.ServerInterface):
    """Lets the admitted in, for `exec` on session channels only."""

    def __init__(
        self, wire: ServerWire, admits_key: Callable[[paramiko.PKey], bool], admits_password: Callable[[str], bool]
    ) -> None:
        self._wire = wire
        self._admits_key = admits_key
        self._admits_password = admits_password

    def get_allowed_auths(self, username: str) -> str:  # noqa: ARG002  # paramiko's signature
        return "publickey,password"

    def check_auth_password(self, username: str, password: str) -> int:  # noqa: ARG002  # paramiko's signature
        return AUTH_SUCCESSFUL if self._admits_password(password) else AUTH_FAILED

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:  # noqa: ARG002  # paramiko's signature
        return AUTH_SUCCESSFUL if self._admits_key(key) else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:  # noqa: ARG002  # paramiko's signature
        if kind == "session":
            return OPEN_SUCCEEDED
        return OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        self._wire.hold(channel, command)
        return True


def _cut(channel: paramiko.Channel) -> None:
    wire = channel.get_transport()
    if isinstance(wire, ServerWire):
        wire.hang_up()


def _new_key() -> paramiko.PKey:
    return paramiko.Ed25519Key.from_private_key(io.StringIO(_new_pem()))


def _key_at(path: Path) -> paramiko.PKey:
    """The key in `path`, made first where there is none."""
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(_new_pem())
    return paramiko.PKey.from_path(path)


def _new_pem() -> str:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
