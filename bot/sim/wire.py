"""The server's side of one SSH connection: starts a command only once the client has been told that it is taken."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable

import paramiko
from paramiko.common import MSG_CHANNEL_REQUEST

GONE = (OSError, EOFError, paramiko.SSHException)
"""What paramiko raises where something is sent to a client that has gone."""

Begin = Callable[[paramiko.Channel, bytes], None]
Table = dict[int, Callable[[paramiko.Channel, paramiko.Message], object]]


class ServerWire(paramiko.Transport):
    """paramiko's transport in server mode.

    `begin` is called with each channel and its command line; while `answers` says no, requests get no reply.
    """

    # paramiko wakes each connection's thread ten times a second
    _active_check_timeout = 2.0

    def __init__(self, sock: socket.socket, begin: Begin, *, answers: Callable[[], bool]) -> None:
        super().__init__(sock)
        self._begin = begin
        self._answers = answers
        self._held: tuple[paramiko.Channel, bytes] | None = None
        self._idle: list[paramiko.Channel] = []
        # A command that is quick could end and close its channel before paramiko has sent the answer to the exec
        # request, and clients take a channel closed that early for a refusal: so start it after the answer.
        table: Table = paramiko.Transport._channel_handler_table  # type: ignore[attr-defined]  # not in the stubs
        self._answer_request = table[MSG_CHANNEL_REQUEST]
        self._channel_handler_table: Table = {**table, MSG_CHANNEL_REQUEST: self._answer_then_begin}

    def hold(self, channel: paramiko.Channel, line: bytes) -> None:
        """Remember a command that is about to be accepted. Called by the transport's own thread."""
        self._held = (channel, line)

    def _answer_then_begin(self, channel: paramiko.Channel, message: paramiko.Message) -> None:
        if not self._answers():
            self._idle.append(channel)
            return
        self._answer_request(channel, message)
        held, self._held = self._held, None
        if held:
            self._take_out(channel)
            self._begin(*held)

    def _take_out(self, begun: paramiko.Channel) -> None:
        """Empty the queue of new channels, which nobody else does.

        That queue holds the only reference to a channel before its command comes, and commands need not come in the
        order of their channels: a channel that is taken out too early is kept here, or it would close itself.
        """
        oldest = self.accept(timeout=0)
        idle = [*self._idle, *([oldest] if oldest else [])]
        self._idle = [channel for channel in idle if channel is not begun and not channel.closed]

    def hang_up(self) -> None:
        """Cut the connection at once."""
        self.packetizer.complete_handshake()
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.close()
        self.sock.close()
