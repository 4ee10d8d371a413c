"""Which queue names, VMTA names and IPs may stand in a command. They come from files and answers of far-away hosts."""

from __future__ import annotations

import ipaddress
import re

_LABEL = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,200}"
_VMTA = re.compile(rf"{_LABEL}|\{{default\}}")
_DOMAIN = re.compile(rf"{_LABEL}|\*")
_SHOWN = 60


def safe_queue(text: str) -> bool:
    """True for `domain/vmta`, `*/vmta` and `domain/{default}`: plain characters, nothing an option could start with."""
    domain, slash, vmta = text.partition("/")
    return bool(slash and _DOMAIN.fullmatch(domain) and safe_vmta(vmta))


def safe_vmta(text: str) -> bool:
    """True for a VMTA name of PMTA's plain characters, or its own `{default}`."""
    return _VMTA.fullmatch(text) is not None


def safe_ip(text: str) -> bool:
    """True for one IPv4 or IPv6 address in its usual form; a scope (`%eth0`) is no part of it."""
    if "%" in text:
        return False
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def shown(text: str) -> str:
    """`text` fit to be quoted to a person: ASCII, capped, and nothing that Slack reads as markup."""
    return ascii(text[:_SHOWN]).translate(str.maketrans("<>&`*_~@", "????????"))
