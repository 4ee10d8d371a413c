"""One command on one open transport: quoting, wall-clock limit, both output streams, exit status.

An argv tuple becomes a command line here and nowhere else.
"""

from __future__ import annotations

import contextlib
import shlex
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath

import paramiko

from bot.errors import AnswerTooLong, CommandFailed, HostUnreachable
from bot.pmta.connection import GONE, Wire
from bot.pmta.retrying import MayHaveRun, OutOfTime

GUARD = """\
exec 3<&0 </dev/null
{ read -r x <&3; trap '' TERM; kill -TERM 0; sleep 2; kill -KILL 0; } >/dev/null 2>&1 & w=$!
exec 3<&-
(exec "$@"); s=$?
exec 2>/dev/null
kill $w
exit $s"""
"""Runs "$@" and ends it, with all it started, as soon as the client closes the channel or the connection is cut.

OpenSSH does not end a command without a terminal when its channel closes, and sends channel signals only to users
other than root (session.c). What it always does is close the command's stdin, and sshd makes each command the leader
of its own process group: so a reader of stdin kills that group. TERM first, KILL 2 s later. `exec` in a subshell keeps
the shell's built-ins (echo, kill, test) from standing in for the programs.
"""

_KEPT = 4 << 10
"""Last words are looked for here; decoded they may be a quarter of it."""
_CHUNK = 1 << 20
_NO_STATUS = -1


@dataclass(frozen=True, slots=True)
class Order:
    """What to run, and within which bounds. `title` names it in messages."""

    host: str
    argv: tuple[str, ...]
    timeout_s: float
    limit: int

    @property
    def line(self) -> bytes:
        """The command line for the account's login shell, whichever it is."""
        if any("\0" in word for word in self.argv):
            raise ValueError(f"a command argument cannot hold a NUL byte, found one in {self.argv!r}")
        return ("exec " + shlex.join(("/bin/sh", "-c", GUARD, "sh", *self.argv))).encode("utf-8", "surrogateescape")

    @property
    def title(self) -> str:
        text = shlex.join(self.argv).replace("\n", " ")
        return f"`{text if len(text) <= 80 else text[:79] + '…'}`"


class Deadline:
    """A moment on the monotonic clock; the same limit for all steps of one command."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left_s(self) -> float:
        return max(0.0, self._at - time.monotonic())

    @property
    def passed(self) -> bool:
        return self.left_s() == 0.0


@contextmanager
def running(wire: Wire, order: Order) -> Iterator[Iterator[bytes]]:
    """Run a command; what it prints is handed out as it arrives, to its end with status 0.

    Whatever becomes of the output, the command does not outlast the `with`.

    Raises, in the middle of the output too:
        HostUnreachable: the host took no further channel; the command was not run.
        MayHaveRun, OutOfTime: cut or out of time after the command was sent.
        CommandFailed, AnswerTooLong: see `bot.errors`.
    """
    deadline = Deadline(order.timeout_s)
    channel = _open(wire, order, deadline)
    try:
        _start(channel, wire, order, deadline)
        yield _output(channel, order, deadline)
    finally:
        # on every path: this is what ends the command on the host
        _end(channel)


def _output(channel: paramiko.Channel, order: Order, deadline: Deadline) -> Iterator[bytes]:
    said = _Said()
    try:
        yield from _blocks(channel, said, order, deadline)
        # the status comes after the output: some servers never send it
        if not channel.status_event.wait(deadline.left_s()):
            raise OutOfTime(order.host, f"{order.title} ended its output but sent no exit status for {_for(order)}.")
        # a status may overtake the output: without the end of the output, an answer of a cut connection is a part
        if _is_lost(channel) and (channel.exit_status == _NO_STATUS or not channel.eof_received):
            raise MayHaveRun(order.host, _cut(order))
    except GONE as e:
        raise MayHaveRun(order.host, _cut(order)) from e
    _judge(said, channel.exit_status, order)


def _end(channel: paramiko.Channel) -> None:
    with contextlib.suppress(*GONE):
        channel.close()


def _is_lost(channel: paramiko.Channel) -> bool:
    """True where the channel ended with its connection, not by a close of either side.

    The connection itself cannot be asked: paramiko ends the channels before it says that it is no longer active.
    """
    return channel.closed and not channel.eof_sent


def _for(order: Order) -> str:
    return f"{order.timeout_s:g} s"


def _open(wire: Wire, order: Order, deadline: Deadline) -> paramiko.Channel:
    try:
        return wire.open_session(timeout=deadline.left_s())
    except paramiko.ChannelException as e:
        sentence = f"sshd refuses a further session ({e.text}): is MaxSessions below 10, or the account locked?"
        raise HostUnreachable(order.host, sentence) from e
    except GONE as e:
        # a connection may look open and nobody answers on it: the next command would wait as long
        wire.hang_up()
        why = f"does not answer (waited {_for(order)})" if deadline.passed else "is lost"
        raise HostUnreachable(order.host, f"the connection {why}.") from e


def _start(channel: paramiko.Channel, wire: Wire, order: Order, deadline: Deadline) -> None:
    channel.event = _Answered(channel, deadline)
    try:
        channel.settimeout(0.0)
        channel.exec_command(order.line)
    except GONE as e:
        if deadline.passed:
            wire.hang_up()
            raise OutOfTime(order.host, f"no answer to {order.title} within {_for(order)}.") from e
        if channel.eof_sent:
            sentence = f"sshd refused to run {order.title}: the account may run no commands."
            raise CommandFailed(order.host, sentence, status=_NO_STATUS, said="") from e
        raise MayHaveRun(order.host, _cut(order)) from e


class _Answered(threading.Event):
    """Told when the host has answered a request. paramiko waits for that without any limit: past the deadline the
    channel is closed, which ends the wait too."""

    def __init__(self, channel: paramiko.Channel, deadline: Deadline) -> None:
        super().__init__()
        self._channel = channel
        self._deadline = deadline

    def wait(self, timeout: float | None = None) -> bool:
        if not super().wait(self._deadline.left_s()):
            _end(self._channel)
        return super().wait(timeout)


@dataclass(slots=True)
class _Said:
    """How many bytes were printed, and the last ones of both streams."""

    size: int = 0
    out: bytes = b""
    err: bytes = b""


def _blocks(channel: paramiko.Channel, said: _Said, order: Order, deadline: Deadline) -> Iterator[bytes]:
    ready = threading.Event()
    channel.in_buffer.set_event(ready)
    channel.in_stderr_buffer.set_event(ready)
    while True:
        # before looking: news that come after this line end the wait below
        ready.clear()
        ended = channel.eof_received or channel.closed
        # the streams share one window: one left unread would stall the other
        complained = channel.recv_stderr(_CHUNK) if channel.recv_stderr_ready() else b""
        block = channel.recv(_CHUNK) if channel.recv_ready() else b""
        said.err = (said.err + complained)[-_KEPT:]
        if block:
            said.size += len(block)
            said.out = (said.out + block[-_KEPT:])[-_KEPT:]
            _check_length(said, order)
            yield block
        elif ended and not complained:
            return
        if deadline.passed or not (block or complained or ready.wait(deadline.left_s())):
            raise OutOfTime(order.host, f"{order.title} had not ended after {_for(order)} and was stopped on the host.")


def _check_length(said: _Said, order: Order) -> None:
    if said.size > order.limit:
        sentence = f"{order.title} printed more than {order.limit} bytes; it was stopped and its answer is not used."
        raise AnswerTooLong(order.host, sentence)


def _judge(said: _Said, status: int, order: Order) -> None:
    if status == 0:
        return
    words = (said.err.strip() or said.out.strip()).decode("utf-8", "replace")[-500:]
    last = f": {words.splitlines()[-1]}" if words else "."
    if status == _NO_STATUS:
        ending = "ended without an exit status (killed on the host?)"
    else:
        ending = f"ended with status {status}"
    if status == 127 and PurePosixPath(order.argv[0]).name == "pmta":
        last += " (its path is the setting `pmta` of the host)"
    raise CommandFailed(order.host, f"{order.title} {ending}{last}", status=status, said=words)


def _cut(order: Order) -> str:
    return f"the connection was lost while {order.title} ran; whether it took effect is not known."
