"""A HostShell that runs every command on this machine: the sh scripts under test really run."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.errors import AnswerTooLong, CommandFailed

BLOCK = 32_771


class LocalShell:
    """`ranges.StreamingShell` over local processes. `before` is called with argv ahead of each; `user` is a uid."""

    def __init__(
        self,
        before: Callable[[tuple[str, ...]], None] | None = None,
        path: str = "/usr/bin:/bin",
        user: int | None = None,
    ) -> None:
        self.commands: list[tuple[str, ...]] = []
        self.bytes_out = 0
        self._before = before
        self._path = path
        self._user = user

    def run(self, host: str, argv: tuple[str, ...], *, timeout_s: float, limit: int = 8 << 20) -> bytes:
        if self._before:
            self._before(argv)
        self.commands.append(argv)
        env = {"PATH": self._path}
        done = subprocess.run(argv, capture_output=True, timeout=timeout_s, check=False, env=env, user=self._user)
        if done.returncode:
            said = done.stderr.decode(errors="replace")
            raise CommandFailed(host, f"exit status {done.returncode}: {said}", status=done.returncode, said=said)
        if len(done.stdout) > limit:
            raise AnswerTooLong(host, f"more than {limit} bytes")
        self.bytes_out += len(done.stdout)
        return done.stdout

    @contextmanager
    def stream(
        self, host: str, argv: tuple[str, ...], *, timeout_s: float, limit: int = 8 << 20
    ) -> Iterator[Iterator[bytes]]:
        """What `run` returns, in blocks of odd sizes."""
        answer = self.run(host, argv, timeout_s=timeout_s, limit=limit)
        yield (answer[at : at + BLOCK] for at in range(0, len(answer), BLOCK))
