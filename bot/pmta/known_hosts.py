"""Pinned host keys: reads an OpenSSH known_hosts file and says why a shown key is refused. Never writes."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_RSA_ALGORITHMS = ("rsa-sha2-512", "rsa-sha2-256")


@dataclass(frozen=True, slots=True)
class HostKey:
    """A public host key. `blob` is the SSH wire form, as base64 in known_hosts."""

    type: str
    blob: bytes

    @property
    def fingerprint(self) -> str:
        """`SHA256:…` exactly as `ssh-keygen -l` prints it."""
        digest = hashlib.sha256(self.blob).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")

    @property
    def text(self) -> str:
        """`<type> <base64>`: the key's part of a known_hosts line."""
        return f"{self.type} {base64.b64encode(self.blob).decode()}"

    @property
    def short_type(self) -> str:
        """`ed25519`, `ecdsa` or `rsa`, as in the file names under /etc/ssh."""
        return self.type.removeprefix("ssh-").split("-")[0]


@dataclass(frozen=True, slots=True)
class Pin:
    """One line of the file that names the host."""

    line: int
    key: HostKey
    revoked: bool


@dataclass(frozen=True, slots=True)
class Pins:
    """What `path` says about the server `name` (`host`, or `[host]:port` where the port is not 22)."""

    path: Path
    name: str
    lines: tuple[Pin, ...]
    fault: str = ""
    """Why the file could not be read at all; "" where it could."""

    def prefer(self, algorithms: tuple[str, ...]) -> tuple[str, ...]:
        """Put the signature algorithms of pinned keys first: a server with several keys then shows the pinned one."""
        wanted: list[str] = []
        for pin in self.lines:
            if not pin.revoked:
                wanted += _RSA_ALGORITHMS if pin.key.type == "ssh-rsa" else (pin.key.type,)
        first = [a for a in dict.fromkeys(wanted) if a in algorithms]
        return (*first, *(a for a in algorithms if a not in first))

    def refusal(self, shown: HostKey) -> str | None:
        """Say in one sentence why `shown` is refused and what to do; None where it is pinned."""
        matching = [pin for pin in self.lines if pin.key.blob == shown.blob]
        head = f"{self.name} shows the {shown.short_type} host key {shown.fingerprint}"
        revoked = [pin for pin in matching if pin.revoked]
        if revoked:
            return f"{head}, which line {revoked[0].line} of {self.path} marks as revoked. Nothing was sent to it."
        if matching:
            return None
        compare = (
            f"Compare it with `ssh-keygen -lf /etc/ssh/ssh_host_{shown.short_type}_key.pub` run on the host itself"
        )
        entry = f"{self.name} {shown.text}"
        pinned = [pin for pin in self.lines if not pin.revoked]
        if pinned:
            known = ", ".join(f"{pin.key.short_type} {pin.key.fingerprint} (line {pin.line})" for pin in pinned)
            return (
                f"{head}, but {self.path} pins {known}. The host was set up anew, or somebody stands in between; "
                f"nothing was sent. {compare}; only if it is the same, put this in place of the old line: {entry}"
            )
        where = f"{self.path} {self.fault}" if self.fault else f"{self.path} pins no key for it"
        return f"{head}, but {where}. {compare}; if it is the same, add this line to {self.path}: {entry}"


def read_pins(path: Path, address: str, port: int) -> Pins:
    """Read what `path` pins for a server. Read anew at each connect, so an added line needs no restart.

    A file that is absent or unreadable pins nothing. Lines that OpenSSH would skip are skipped.
    """
    name = address.lower() if port == 22 else f"[{address.lower()}]:{port}"
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return Pins(path, name, (), "does not exist")
    except OSError as e:
        return Pins(path, name, (), f"could not be read ({e.strerror})")
    return Pins(path, name, tuple(_pins_for(name, text)))


def _pins_for(name: str, text: str) -> Iterator[Pin]:
    for number, line in enumerate(text.splitlines(), start=1):
        fields = line.split()
        marker = fields.pop(0) if fields and fields[0].startswith("@") else ""
        # a certificate authority signs keys, it is no host's own key: certificates are not taken
        if len(fields) < 3 or fields[0].startswith("#") or marker not in ("", "@revoked"):
            continue
        blob = _decoded(fields[2])
        if blob and _names(fields[0], name):
            yield Pin(number, HostKey(fields[1], blob), revoked=marker == "@revoked")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""


def _names(patterns: str, name: str) -> bool:
    """OpenSSH's rule: any pattern may match, and a matching `!pattern` overrules all others."""
    found = False
    for pattern in patterns.split(","):
        if pattern.startswith("|1|"):
            found = found or _hash_matches(pattern, name)
        elif pattern.startswith("!"):
            if _glob(pattern[1:]).fullmatch(name):
                return False
        else:
            found = found or _glob(pattern).fullmatch(name) is not None
    return found


def _hash_matches(pattern: str, name: str) -> bool:
    parts = pattern.split("|")
    if len(parts) != 4:
        return False
    salt, digest = _decoded(parts[2]), _decoded(parts[3])
    # HMAC-SHA1 is the file format (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT), not our choice
    return bool(digest) and hmac.compare_digest(hmac.new(salt, name.encode(), hashlib.sha1).digest(), digest)


def _glob(pattern: str) -> re.Pattern[str]:
    # not fnmatch: there "[host]:22" would be a character class
    parts = re.split(r"([*?])", pattern.lower())
    return re.compile("".join({"*": ".*", "?": "."}.get(part, re.escape(part)) for part in parts))
