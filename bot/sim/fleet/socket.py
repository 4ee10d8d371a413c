"""Lets the `pmta` executable reach the fleet: one Unix socket per host, one JSON line each way."""

from __future__ import annotations

import json
import socketserver
import threading
from pathlib import Path
from typing import Final

from bot.errors import DeferbotError
from bot.sim.fleet.fleet import Fleet

_LONGEST_PATH: Final = 100
"""The kernel takes a little over a hundred bytes for the path of a Unix socket."""
_LONGEST_LINE: Final = 1 << 20


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def __init__(self, path: Path, fleet: Fleet, host: str) -> None:
        self.fleet = fleet
        self.host = host
        super().__init__(str(path), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is its own affair."""


class _Handler(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        line = self.rfile.readline(_LONGEST_LINE)
        if not line:
            return
        answer = self.server.fleet.pmta(self.server.host, [str(word) for word in json.loads(line)["argv"]])
        data = {"stdout": answer.stdout, "stderr": answer.stderr, "status": answer.status}
        self.wfile.write(json.dumps(data).encode() + b"\n")


class FleetSocket:
    """Unix sockets `<root>/<host>.sock` that run `pmta` commands on the fleet."""

    def __init__(self, fleet: Fleet, root: Path) -> None:
        self._fleet = fleet
        self._root = root
        self._servers: list[tuple[_Server, threading.Thread]] = []

    def path(self, host: str) -> Path:
        return self._root / f"{host}.sock"

    def start(self) -> None:
        """Listen for every host.

        Raises: DeferbotError where the path is longer than a Unix socket can have.
        """
        self._root.mkdir(parents=True, exist_ok=True)
        for host in self._fleet.hosts:
            path = self.path(host)
            if len(str(path)) > _LONGEST_PATH:
                raise DeferbotError(
                    f"socket {path}: a path of at most {_LONGEST_PATH} characters expected, found {len(str(path))};"
                    " choose a shorter folder"
                )
            path.unlink(missing_ok=True)
            server = _Server(path, self._fleet, host)
            thread = threading.Thread(target=server.serve_forever, args=(0.05,), name=f"pmta {host}", daemon=True)
            thread.start()
            self._servers.append((server, thread))

    def stop(self) -> None:
        for server, thread in self._servers:
            server.shutdown()
            server.server_close()
            thread.join()
            Path(str(server.server_address)).unlink(missing_ok=True)
        self._servers.clear()


def write_pmta_executable(bin_dir: Path, socket_path: Path) -> Path:
    """Write an executable `pmta` (python3, standard library only) that talks to `socket_path`; its path.

    It is the source of `pmta_client`, so it works where this package is not installed.
    """
    source = Path(__file__).with_name("pmta_client.py").read_text(encoding="utf-8")
    call = f"\n\nsys.exit(main({str(socket_path.resolve())!r}, sys.argv[1:]))\n"
    bin_dir.mkdir(parents=True, exist_ok=True)
    target = bin_dir / "pmta"
    target.write_text(f"#!/usr/bin/env -S python3 -IS\n{source.rstrip()}{call}", encoding="utf-8")
    target.chmod(0o755)
    return target
