"""A real OpenSSH server on loopback for tests: own configuration, own keys, own port, ended by its own pid."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from bot.pmta.ssh import HostLogin

SSHD = "/usr/sbin/sshd"
START_LIMIT_S = 10.0


def needs_sshd() -> None:
    """Skip the calling test where no OpenSSH server is installed."""
    for program in (SSHD, "ssh-keygen"):
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed (Debian: apt-get install openssh-server)")


class Sshd:
    """One running sshd. Commands find what lies in `bin_dir` first on their PATH, and with `bare` nothing else."""

    def __init__(
        self,
        root: Path,
        bin_dir: Path | None = None,
        *,
        key_types: tuple[str, ...] = ("ed25519",),
        bare: bool = False,
    ) -> None:
        self.root = root
        self._path = ":".join([*([str(bin_dir)] if bin_dir else []), *([] if bare else ["/usr/bin", "/bin"])])
        self._key_types = key_types
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None
        self.client_key = root / "client"

    def start(self) -> None:
        """Make keys and configuration where they are missing, and serve; raises where it does not within 10 s."""
        self.root.mkdir(parents=True, exist_ok=True)
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd as root insists on its chroot directory
        for name, key_type in ((self.client_key.name, "ed25519"), *((f"host_{t}", t) for t in self._key_types)):
            self._make_key(self.root / name, key_type)
        shutil.copy(self.root / "client.pub", self.root / "authorized_keys")
        self.port = self.port or _free_port()
        self._write_config()
        with (self.root / "log").open("ab") as log:
            self._process = subprocess.Popen([SSHD, "-D", "-e", "-f", self.root / "config"], stderr=log)
        self._wait_until_served()

    def stop(self) -> None:
        """End the listening process and every connection."""
        if self._process:
            self.drop_connections()
            self._process.terminate()
            self._process.wait(timeout=10)
            self._process = None

    def drop_connections(self) -> None:
        """Kill the server's side of every connection, as a rebooting host or a firewall does."""
        self._signal_connections(signal.SIGKILL)

    def freeze_connections(self) -> None:
        """Stop the server's side of every connection without closing it, as a host out of memory does."""
        self._signal_connections(signal.SIGSTOP)

    def _signal_connections(self, number: signal.Signals) -> None:
        assert self._process
        for pid in _children(self._process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    @property
    def connections(self) -> int:
        """Open ones."""
        assert self._process
        return len(_children(self._process.pid))

    def known_hosts_lines(self) -> str:
        keys = ((self.root / f"host_{key_type}.pub").read_text() for key_type in self._key_types)
        return "".join(f"[127.0.0.1]:{self.port} {' '.join(key.split()[:2])}\n" for key in keys)

    def login(self, name: str, *, pmta: str = "pmta", jump: HostLogin | None = None) -> HostLogin:
        user = _user()
        return HostLogin(name, "127.0.0.1", self.port, user, self.client_key, None, False, jump, pmta)

    def _make_key(self, path: Path, key_type: str) -> None:
        if not path.exists():
            command = ["ssh-keygen", "-q", "-t", key_type, "-N", "", "-f", str(path)]
            subprocess.run(command, check=True, timeout=30)

    def _write_config(self) -> None:
        host_keys = "".join(f"HostKey {self.root}/host_{key_type}\n" for key_type in self._key_types)
        # an empty home: the login shell's rc files would be measured along with the command
        (self.root / "config").write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\n{host_keys}PidFile {self.root}/pid\n"
            f"AuthorizedKeysFile {self.root}/authorized_keys\nStrictModes no\nUsePAM no\nPermitRootLogin yes\n"
            f"PasswordAuthentication no\nKbdInteractiveAuthentication no\nAllowTcpForwarding yes\n"
            f'SetEnv PATH="{self._path}" HOME="{self.root}"\nMaxStartups 100\nLogLevel ERROR\n'
        )

    def _wait_until_served(self) -> None:
        assert self._process
        limit = time.monotonic() + START_LIMIT_S
        while time.monotonic() < limit:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1) as sock:
                    if sock.recv(4) == b"SSH-":
                        return
            except OSError:
                try:
                    self._process.wait(timeout=0.02)
                except subprocess.TimeoutExpired:
                    continue
                break
        raise RuntimeError(f"sshd does not serve on port {self.port}: {(self.root / 'log').read_text()}")


@contextmanager
def running_sshd(
    root: Path, bin_dir: Path | None = None, *, key_types: tuple[str, ...] = ("ed25519",), bare: bool = False
) -> Iterator[Sshd]:
    """A served OpenSSH server; skips the test where none is installed."""
    needs_sshd()
    server = Sshd(root, bin_dir, key_types=key_types, bare=bare)
    try:
        server.start()
        yield server
    finally:
        server.stop()


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def _user() -> str:
    return pwd.getpwuid(os.getuid()).pw_name


def _children(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [int(word) for word in text.split()]
