"""A shell command run as a process of this machine, connected to one SSH channel."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable
from typing import IO

import paramiko

from bot.sim.wire import GONE

_CHUNK = 64 << 10


def serve_process(channel: paramiko.Channel, line: str) -> None:
    """Run `/bin/sh -c line`, pass on both outputs and the exit status; end it when the channel closes first.

    Its stdin stays open and empty as long as the channel does, as with OpenSSH.
    """
    command: list[str | bytes] = ["/bin/sh", "-c", line.encode("utf-8", "surrogateescape")]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True) as process:
        ended = threading.Event()
        finisher = threading.Thread(target=_finish, args=(process, channel, ended), daemon=True)
        finisher.start()
        # paramiko's server side sets this event when, and only when, the channel has been closed
        channel.status_event.wait()
        if not ended.is_set():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        finisher.join()


def _finish(process: subprocess.Popen[bytes], channel: paramiko.Channel, ended: threading.Event) -> None:
    errors = threading.Thread(target=_pump, args=(process.stderr, channel.sendall_stderr), daemon=True)
    errors.start()
    _pump(process.stdout, channel.sendall)
    errors.join()
    status = process.wait()
    ended.set()
    with contextlib.suppress(*GONE):
        # a shell reports death by signal n as 128 + n
        channel.send_exit_status(status if status >= 0 else 128 - status)
        channel.close()


def _pump(source: IO[bytes] | None, send: Callable[[bytes], object]) -> None:
    if source is None:
        return
    with contextlib.suppress(*GONE):
        while chunk := os.read(source.fileno(), _CHUNK):
            send(chunk)
