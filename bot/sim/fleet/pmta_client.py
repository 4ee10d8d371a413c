"""The `pmta` executable of the simulated fleet: forwards its words to the host's socket, prints the answer."""

from __future__ import annotations

import json
import socket
import sys

_DOWN = "Unable to connect to the PowerMTA daemon."
"""Guess, see `bot.sim.fleet.guesses`; this file stands alone, so it cannot import the table."""


def main(socket_path: str, argv: list[str]) -> int:
    """Run one command; its exit status."""
    try:
        with socket.socket(socket.AF_UNIX) as link:
            link.connect(socket_path)
            link.sendall(json.dumps({"argv": argv}).encode() + b"\n")
            data = b"".join(iter(lambda: link.recv(1 << 16), b""))
        answer = json.loads(data)
    except (OSError, ValueError):
        sys.stderr.write(_DOWN + "\n")
        return 1
    sys.stdout.write(answer["stdout"])
    sys.stderr.write(answer["stderr"])
    return int(answer["status"])
