"""Opening one SSH connection: TCP or jump host, key exchange, host key check, login; each with its own limit."""

from __future__ import annotations

import contextlib
import socket
from dataclasses import dataclass
from pathlib import Path

import paramiko
from paramiko.packet import Packetizer
from paramiko.ssh_exception import IncompatiblePeer

from bot.errors import HostKeyRefused, HostUnreachable
from bot.pmta.known_hosts import HostKey, read_pins
from bot.pmta.login import HostLogin, log_in

GONE = (paramiko.SSHException, EOFError, OSError)
"""What paramiko raises where the connection has gone; each send may meet it, also that of a window or a close."""

# sshd buffers up to the window and burns CPU on it: at 16 MiB it needs ten times as much as at 4 MiB
_WINDOW = 4 << 20
_CIPHERS = (
    "aes128-gcm@openssh.com",  # twice the speed of paramiko's default, aes128-ctr with a separate MAC
    "aes256-gcm@openssh.com",
    "aes128-ctr",
    "aes192-ctr",
    "aes256-ctr",
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds for each stage of connecting, and between keepalives."""

    connect_s: float = 10.0
    login_s: float = 10.0
    keepalive_s: int = 20

    @property
    def all_s(self) -> float:
        """TCP, key exchange and login, one after the other."""
        return self.connect_s + 2 * self.login_s


class QuietPacketizer(Packetizer):
    """Closes without a fault what has gone already.

    Behind a jump host the socket is a channel, and its close sends something: where the jump host has gone, that
    would end the reader thread before it has told those who wait for it.
    """

    def close(self) -> None:
        with contextlib.suppress(*GONE):
            super().close()


class Wire(paramiko.Transport):
    """paramiko's transport with a calmer reader thread."""

    # paramiko wakes each connection's thread ten times a second: 7.6 % of a core at 500 idle connections
    _active_check_timeout = 2.0

    def hang_up(self) -> None:
        """Close for good, from any thread, without waiting for the reader's next wake-up."""
        # the handshake's watchdog is a non-daemon timer: left running it would hold up the end of the process
        self.packetizer.complete_handshake()
        with contextlib.suppress(*GONE):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.close()
        self.packetizer.close()


def connect(login: HostLogin, known_hosts: Path, limits: Limits, via: paramiko.Transport | None = None) -> Wire:
    """Open a connection on which commands can be run; `via` is an open connection to the login's jump host.

    Raises: HostUnreachable, HostKeyRefused, LoginRefused.
    """
    sock = _tcp(login, limits) if via is None else _through(via, login, limits)
    try:
        wire = Wire(sock, default_window_size=_WINDOW, packetizer_class=QuietPacketizer)
    except (paramiko.SSHException, OSError) as e:
        sock.close()
        raise HostUnreachable(login.name, f"{login.at} cut the connection at once: {e}.") from e
    try:
        _greet(wire, login, known_hosts, limits)
        wire.auth_timeout = limits.login_s
        log_in(wire, login)
    except BaseException:
        wire.hang_up()
        raise
    wire.set_keepalive(limits.keepalive_s)
    return wire


def _tcp(login: HostLogin, limits: Limits) -> socket.socket:
    try:
        sock = socket.create_connection((login.address, login.port), timeout=limits.connect_s)
    except (socket.gaierror, UnicodeError) as e:  # UnicodeError: not a host name by its very form
        raise HostUnreachable(login.name, f"the address {login.address} is not known to DNS ({e}).") from e
    except TimeoutError as e:
        raise HostUnreachable(login.name, f"no answer from {login.at} within {limits.connect_s:g} s.") from e
    except ConnectionRefusedError as e:
        raise HostUnreachable(login.name, f"{login.at} refuses connections: does sshd run there?") from e
    except OSError as e:
        raise HostUnreachable(login.name, f"{login.at} cannot be reached: {e.strerror or e}.") from e
    # Nagle and delayed ACK together cost 40 ms a command; paramiko sets no socket option
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        # a host that fell silent leaves keepalives unacknowledged: without this the kernel waits a quarter of an hour
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 2 * limits.keepalive_s * 1000)
    return sock


def _through(via: paramiko.Transport, login: HostLogin, limits: Limits) -> paramiko.Channel:
    jump = login.jump.at if login.jump else "the jump host"
    try:
        target, origin = (login.address, login.port), ("127.0.0.1", 0)
        return via.open_channel("direct-tcpip", target, origin, timeout=limits.connect_s)
    except GONE as e:
        raise HostUnreachable(login.name, f"{login.at} cannot be reached through {jump}: {e}.") from e


def _greet(wire: Wire, login: HostLogin, known_hosts: Path, limits: Limits) -> None:
    pins = read_pins(known_hosts, login.address, login.port)
    options = wire.get_security_options()
    options.ciphers = _CIPHERS
    options.key_types = pins.prefer(tuple(options.key_types))
    wire.banner_timeout = wire.handshake_timeout = limits.login_s
    try:
        # returns without an error when the time is up: what tells is whether there is a key then
        wire.start_client(timeout=limits.login_s)
        shown = wire.get_remote_server_key()
    except IncompatiblePeer as e:
        error = HostUnreachable(login.name, f"{login.at} and the bot have no SSH algorithm in common: {e}.")
        error.permanent = True
        raise error from e
    except GONE as e:
        raise HostUnreachable(login.name, _no_greeting(wire, login, limits, str(e))) from e
    refusal = pins.refusal(HostKey(shown.get_name(), shown.asbytes()))
    if refusal:
        raise HostKeyRefused(login.name, refusal)


def _no_greeting(wire: Wire, login: HostLogin, limits: Limits, why: str) -> str:
    missing = "finish the key exchange" if wire.remote_version else "send an SSH banner"
    if wire.is_active():
        return f"{login.at} took the connection but did not {missing} within {limits.login_s:g} s."
    return f"{login.at} took the connection but closed it before it could {missing}: {why or 'connection cut'}."
