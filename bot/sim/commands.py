"""What a simulated host does with a command line: `pmta` is the fleet's, all else is a process of this machine."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Executed:
    """A command's complete answer."""

    stdout: bytes = b""
    stderr: bytes = b""
    status: int = 0


@dataclass(frozen=True, slots=True)
class Shell:
    """A command line for `/bin/sh -c`, run as a process of this machine."""

    line: str


class PmtaAnswer(Protocol):
    @property
    def stdout(self) -> str: ...
    @property
    def stderr(self) -> str: ...
    @property
    def status(self) -> int: ...


class PmtaFleet(Protocol):
    """The part of the simulated fleet that answers the `pmta` command."""

    def pmta(self, host: str, argv: Sequence[str]) -> PmtaAnswer: ...


def fleet_commands(fleet: PmtaFleet, host: str) -> Callable[[str], Executed | Shell]:
    """What a simulated host does with a command line: `pmta` is the fleet's, all else is a real process."""

    def run(line: str) -> Executed | Shell:
        words = _program_and_arguments(line)
        if not words or PurePosixPath(words[0]).name != "pmta":
            return Shell(line)
        answer = fleet.pmta(host, words[1:])
        return Executed(answer.stdout.encode(), answer.stderr.encode(), answer.status)

    return run


def _program_and_arguments(line: str) -> list[str]:
    """The words of a plain command, seen through `exec` and through a `sh -c` script that execs its arguments."""
    if "pmta" not in line:
        return []
    try:
        words = shlex.split(line)
    except ValueError:
        return []
    words = words[words[:1] == ["exec"] :]
    if words[:2] == ["/bin/sh", "-c"] and len(words) > 4 and 'exec "$@"' in words[2]:
        return words[4:]
    return words
