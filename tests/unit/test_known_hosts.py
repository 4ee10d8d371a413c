"""The known_hosts file: which lines name a server, and what a refusal says."""

from __future__ import annotations

import base64
import hashlib
import hmac
from pathlib import Path

import pytest

from bot.pmta.known_hosts import HostKey, read_pins

# ssh-keygen -t ed25519; the fingerprint is what `ssh-keygen -lf` prints for it
BLOB = "AAAAC3NzaC1lZDI1NTE5AAAAILNcxLNCmTg6TM6R07sasAJ3G4PLxAVQnBRsL/KAhiln"
FINGERPRINT = "SHA256:/GssTq863/IbSmeyTh1cA4rzbtvH3QAjYljwY3j+s7w"
KEY = HostKey("ssh-ed25519", base64.b64decode(BLOB))
OTHER = HostKey("ssh-ed25519", b"\0\0\0\x0bssh-ed25519\0\0\0 " + b"x" * 32)
RSA = HostKey("ssh-rsa", b"rsa")


def hashed(name: str) -> str:
    salt = b"0123456789abcdef0123"
    digest = hmac.new(salt, name.encode(), hashlib.sha1).digest()
    return f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"


@pytest.mark.parametrize(
    ("names", "port", "pinned"),
    [
        ("mta1.example.com", 22, True),
        ("MTA1.Example.com", 22, True),  # names have no case
        ("mta1.example.com", 2222, False),  # a line without a port is for port 22
        ("[mta1.example.com]:2222", 2222, True),
        ("[mta1.example.com]:2222", 22, False),
        ("mta1,mta1.example.com,192.0.2.1", 22, True),
        ("*.example.com", 22, True),
        ("mta?.example.com", 22, True),
        ("[*.example.com]:2222", 2222, True),
        ("[mta1.example.com]:*", 2222, True),
        ("*.example.com,!mta1.example.com", 22, False),  # a matching negation overrules
        ("!mta1.example.com,*.example.com", 22, False),
        ("!mta2.example.com,*.example.com", 22, True),
        ("mta1xexample.com", 22, False),  # the dot is a dot
        (hashed("mta1.example.com"), 22, True),
        (hashed("[mta1.example.com]:2222"), 2222, True),
        (hashed("mta2.example.com"), 22, False),
        ("|1|broken", 22, False),
        ("# mta1.example.com", 22, False),
        ("@cert-authority mta1.example.com", 22, False),  # a CA signs keys; it is not one
    ],
)
def test_which_lines_name_a_server(tmp_path: Path, names: str, port: int, pinned: bool) -> None:
    file = tmp_path / "known_hosts"
    file.write_text(f"# the fleet\n\n{names} {KEY.text} a comment\n")
    pins = read_pins(file, "mta1.example.com", port)
    assert [pin.line for pin in pins.lines] == ([3] if pinned else [])
    assert (pins.refusal(KEY) is None) == pinned


def test_the_fingerprint_is_that_of_ssh_keygen() -> None:
    assert KEY.fingerprint == FINGERPRINT


def test_an_unknown_host_is_refused_with_fingerprint_file_and_line_to_add(tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    file.write_text(f"mta2.example.com {KEY.text}\n")
    said = read_pins(file, "mta1.example.com", 2222).refusal(KEY)
    assert said is not None
    assert f"[mta1.example.com]:2222 shows the ed25519 host key {KEY.fingerprint}" in said
    assert f"{file} pins no key for it" in said
    assert "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub" in said
    assert said.endswith(f"add this line to {file}: [mta1.example.com]:2222 ssh-ed25519 {BLOB}")
    assert "\n" not in said


def test_a_changed_key_is_refused_with_both_fingerprints(tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    file.write_text(f"mta1.example.com {OTHER.text}\n")
    said = read_pins(file, "mta1.example.com", 22).refusal(KEY)
    assert said is not None
    assert KEY.fingerprint in said
    assert f"{file} pins ed25519 {OTHER.fingerprint} (line 1)" in said
    assert said.endswith(f"in place of the old line: mta1.example.com {KEY.text}")


def test_any_of_several_pinned_keys_is_good(tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    file.write_text(f"mta1.example.com {OTHER.text}\nmta1.example.com {RSA.text}\nmta1.example.com {KEY.text}\n")
    pins = read_pins(file, "mta1.example.com", 22)
    assert pins.refusal(KEY) is None
    assert pins.refusal(RSA) is None
    assert pins.refusal(HostKey("ssh-rsa", b"another")) is not None


def test_a_revoked_key_is_refused_even_where_it_is_pinned_too(tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    file.write_text(f"mta1.example.com {KEY.text}\n@revoked * {KEY.text}\n")
    said = read_pins(file, "mta1.example.com", 22).refusal(KEY)
    assert said is not None
    assert f"line 2 of {file} marks as revoked" in said


def test_a_missing_or_unreadable_file_pins_nothing_and_says_so(tmp_path: Path) -> None:
    said = read_pins(tmp_path / "absent", "mta1.example.com", 22).refusal(KEY)
    assert said is not None
    assert f"{tmp_path / 'absent'} does not exist" in said
    said = read_pins(tmp_path, "mta1.example.com", 22).refusal(KEY)
    assert said is not None
    assert "could not be read (Is a directory)" in said


def test_pinned_key_types_are_negotiated_first(tmp_path: Path) -> None:
    """A server with an Ed25519 and an RSA key would show the one that is not pinned."""
    file = tmp_path / "known_hosts"
    all_types = ("ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512", "rsa-sha2-256")
    assert read_pins(file, "mta1.example.com", 22).prefer(all_types) == all_types
    file.write_text(f"mta1.example.com {RSA.text}\n@revoked mta1.example.com ecdsa-sha2-nistp256 AAAA\n")
    preferred = read_pins(file, "mta1.example.com", 22).prefer(all_types)
    assert preferred == ("rsa-sha2-512", "rsa-sha2-256", "ssh-ed25519", "ecdsa-sha2-nistp256")
