"""A host shell that answers from a table."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from threading import Lock

from bot.errors import AnswerTooLong, CommandFailed, HostError

Argv = tuple[str, ...]
Said = bytes | str | HostError | Callable[[str, Argv], bytes]
"""What a command prints, the error it ends in, or a function of (host, argv) that prints."""


class ScriptedShell:
    """`ports.HostShell`. `calls` are the (host, argv) that were run, in order.

    `ScriptedShell({("pmta", "show", "status"): b"…"})` answers on every host; `answer` adds answers for one
    host, given one after the other, the last for ever. A command without an answer fails as on a real host.
    """

    def __init__(self, answers: Mapping[Argv, Said] | None = None) -> None:
        self.calls: list[tuple[str, Argv]] = []
        self._anywhere: dict[Argv, deque[Said]] = {argv: deque([said]) for argv, said in (answers or {}).items()}
        self._on_host: dict[tuple[str, Argv], deque[Said]] = {}
        self._lock = Lock()

    def answer(self, host: str, argv: Argv, *said: Said) -> None:
        with self._lock:
            self._on_host[host, argv] = deque(said)

    def run(self, host: str, argv: Argv, *, timeout_s: float, limit: int = 8 << 20) -> bytes:
        assert timeout_s > 0
        with self._lock:
            self.calls.append((host, argv))
            said = self._next(host, argv)
        if isinstance(said, HostError):
            raise said
        printed = said(host, argv) if callable(said) else said
        stdout = printed.encode() if isinstance(printed, str) else printed
        if len(stdout) > limit:
            raise AnswerTooLong(host, f"{' '.join(argv)} printed more than {limit} bytes")
        return stdout

    def _next(self, host: str, argv: Argv) -> Said:
        queue = self._on_host.get((host, argv)) or self._anywhere.get(argv)
        if not queue:
            return CommandFailed(host, f"no answer scripted for {argv}", status=127, said="")
        return queue.popleft() if len(queue) > 1 else queue[0]
