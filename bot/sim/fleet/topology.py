"""Who sends what from where: hosts' VMTAs and source IPs, providers' domains and MX hosts, how mail is spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One recipient domain: its provider (ISP key), best MX with address, share of the provider's mail."""

    domain: str
    isp: str
    mx: str
    address: str
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Vmta:
    """One virtual MTA of one host (by number) with its source IPs."""

    name: str
    host: int
    sources: tuple[str, ...]
    pool: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """`per_minute` new recipients of one group of domains over one VMTA."""

    group: str
    vmta: str
    host: int
    per_minute: float


VMTAS: Final = (
    Vmta("gmail-ip-1", 0, ("192.0.2.10",), "gmail-pool"),
    Vmta("gmail-ip-2", 0, ("192.0.2.11",), "gmail-pool"),
    Vmta("gmail-ip-3", 1, ("192.0.2.12",), "gmail-pool"),
    Vmta("gmail-ip-4", 1, ("192.0.2.13",), "gmail-pool"),
    Vmta("ms-ip-1", 0, ("192.0.2.41",)),
    Vmta("ms-ip-2", 1, ("192.0.2.42",)),
    Vmta("yahoo-ip-1", 0, ("192.0.2.21",)),
    Vmta("general-1", 0, ("192.0.2.31",), "general"),
    Vmta("general-2", 1, ("192.0.2.32", "192.0.2.33"), "general"),
)
DEFAULT_SOURCES: Final = ("192.0.2.2", "192.0.2.3")
"""The hosts' own addresses, which `{default}` sends from."""

_GOOGLE_MX: Final = "aspmx.l.google.com"
_PROTECTION_MX: Final = "{}.mail.protection.outlook.com"
_AT_GOOGLE: Final = (
    "brightpine.example", "cedarworks.example", "deltafreight.example", "eastgate.example",
    "fernhill.example", "goldenrod.example", "hollowayfoods.example", "islandcare.example",
    "juniperlane.example", "kingsbridge.example",
)  # fmt: skip
_AT_MICROSOFT: Final = (
    "harborline.example", "ironwood.example", "junipertech.example", "kestrel.example", "larkspur.example",
    "millstone.example", "northfield.example", "oakhollow.example", "pinecrest.example",
    "quarrystone.example",
)  # fmt: skip


def _hosted() -> tuple[Mailbox, ...]:
    google = [Mailbox(domain, "gmail", _GOOGLE_MX, "198.51.100.26") for domain in _AT_GOOGLE]
    microsoft = [
        Mailbox(domain, "microsoft", _PROTECTION_MX.format(domain.replace(".", "-")), f"203.0.113.{40 + number}")
        for number, domain in enumerate(_AT_MICROSOFT)
    ]
    return (*google, *microsoft)


_OLC = "{}-com.olc.protection.outlook.com"
GROUPS: Final[dict[str, tuple[Mailbox, ...]]] = {
    "gmail": (Mailbox("gmail.com", "gmail", "gmail-smtp-in.l.google.com", "198.51.100.27"),),
    "microsoft": (
        Mailbox("outlook.com", "microsoft", _OLC.format("outlook"), "203.0.113.21", 0.42),
        Mailbox("hotmail.com", "microsoft", _OLC.format("hotmail"), "203.0.113.22", 0.42),
        Mailbox("live.com", "microsoft", _OLC.format("live"), "203.0.113.23", 0.12),
        Mailbox("msn.com", "microsoft", _OLC.format("msn"), "203.0.113.24", 0.04),
    ),
    "yahoo": (
        Mailbox("yahoo.com", "yahoo", "mta5.am0.yahoodns.net", "198.51.100.94", 0.74),
        Mailbox("ymail.com", "yahoo", "mta7.am0.yahoodns.net", "198.51.100.97", 0.06),
        Mailbox("aol.com", "yahoo", "mx-aol.mail.gm0.yahoodns.net", "198.51.100.98", 0.20),
    ),
    "apple": (
        Mailbox("icloud.com", "apple", "mx01.mail.icloud.com", "203.0.113.71", 0.84),
        Mailbox("me.com", "apple", "mx02.mail.icloud.com", "203.0.113.72", 0.12),
        Mailbox("mac.com", "apple", "mx02.mail.icloud.com", "203.0.113.72", 0.04),
    ),
    "comcast": (Mailbox("comcast.net", "comcast", "mx1a1.comcast.net", "203.0.113.91"),),
    "hosted": _hosted(),
}
"""The six ISPs; the hosted mix is custom domains whose MX belongs to Google or Microsoft."""

_ROUTES: Final = (
    Route("gmail", "gmail-ip-1", 0, 21.0),
    Route("gmail", "gmail-ip-2", 0, 27.0),
    Route("gmail", "gmail-ip-3", 1, 21.0),
    Route("gmail", "gmail-ip-4", 1, 27.0),
    Route("microsoft", "ms-ip-1", 0, 22.0),
    Route("microsoft", "ms-ip-2", 1, 18.0),
    Route("microsoft", "general-1", 0, 5.0),
    Route("yahoo", "yahoo-ip-1", 0, 21.0),
    Route("yahoo", "general-2", 1, 8.0),
    Route("yahoo", "{default}", 0, 0.2),
    Route("apple", "general-1", 0, 9.0),
    Route("apple", "general-2", 1, 6.0),
    Route("comcast", "general-1", 0, 7.0),
    Route("comcast", "general-2", 1, 5.0),
    Route("hosted", "general-1", 0, 9.0),
    Route("hosted", "general-2", 1, 9.0),
)


def vmtas_of(host: int, hosts: int) -> tuple[Vmta, ...]:
    """The VMTAs of one of `hosts` hosts; with one host it has them all."""
    return tuple(vmta for vmta in VMTAS if vmta.host % hosts == host)


def routes_of(host: int, hosts: int) -> tuple[Route, ...]:
    return tuple(route for route in _ROUTES if route.host % hosts == host)


def default_source(host: int) -> str:
    return DEFAULT_SOURCES[host % len(DEFAULT_SOURCES)]


def checked(hosts: Sequence[str]) -> tuple[str, ...]:
    """The host names, one or two.

    Raises: ValueError for any other number, or for a name twice.
    """
    names = tuple(hosts)
    if not 1 <= len(names) <= 2 or len(set(names)) != len(names):
        raise ValueError(f"hosts of the simulated fleet: one or two different names expected, found {names}")
    return names
