"""The server's side of one SSH connection: starts a command only once the client has been told that it is taken."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable

import paramiko
from paramiko.common import MSG_CHANNEL_REQUEST

Begin = Callable[[paramiko.Channel, bytes], None]
Table = dict[int, Callable[[paramiko.Channel, paramiko.Message], object]]


class ServerWire(paramiko.Transport):
    """paramiko's transport in server mode. `begin` is called with each channel and its command line."""

    # paramiko wakes each connection's thread ten times a second
    _active_check_timeout = 2.0

    def __init__(self, sock: socket.socket, begin: Begin) -> None:
        super().__init__(sock)
        self._begin = begin
        self._held: tuple[paramiko.Channel, bytes] | None = None
        # A command that is quick could end and close its channel before paramiko has sent the answer to the exec
        # request, and clients take a channel closed that early for a refusal: so start it after the answer.
        table: Table = paramiko.Transport._channel_handler_table  # type: ignore[attr-defined]  # not in the stubs
        self._answer_request = table[MSG_CHANNEL_REQUEST]
        self._channel_handler_table: Table = {**table, MSG_CHANNEL_REQUEST: self._answer_then_begin}

    def hold(self, channel: paramiko.Channel, line: bytes) -> None:
        """Remember a command that is about to be accepted. Called by the transport's own thread."""
        self._held = (channel, line)

    def _answer_then_begin(self, channel: paramiko.Channel, message: paramiko.Message) -> None:
        self._answer_request(channel, message)
        held, self._held = self._held, None
        # paramiko queues each new channel for accept(); nobody else takes them out
        if held:
            self.accept(timeout=0)
            self._begin(*held)

    def hang_up(self) -> None:
        """Cut the connection at once."""
        self.packetizer.complete_handshake()
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.close()
        self.sock.close()
