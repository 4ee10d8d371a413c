"""Why a host cannot be read, in two words, and where to look: told by the sentence the SSH side gave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.outage import DarkHost

AGAIN = "The bot tries again at least once a minute, by itself."


@dataclass(frozen=True, slots=True)
class Cause:
    """`signs`: any of them is in the host's error. `look` completes "Do: "."""

    words: str
    look: str
    signs: tuple[str, ...]


CATCHING_UP = Cause("catching up", "nothing: what was logged meanwhile is being read", ("still to be read",))
_CAUSES = (
    Cause("connection refused", "see whether sshd runs there and the port is right", ("refuses connections",)),
    Cause(
        "host key refused",
        "compare the host's key on the host itself before you pin the new one",
        ("host key", "pins no key"),
    ),
    Cause(
        "login refused",
        "see whether the bot's user and key are still accepted there (`deferbot check` tells of missing files)",
        ("did not accept", "no way to log in", "the key /", "the file /", "ssh-agent", "the login of"),
    ),
    Cause("address not found", "see whether the address is still in DNS", ("not known to DNS",)),
    Cause(
        "files not read",
        "see whether its accounting files are there and the bot's user may read them",
        ("accounting file", "permission", "bytes asked for"),
    ),
    Cause("too slow", "see what keeps it or the way to it so busy", ("cut off; what", "was cut off", "did not end")),
    Cause(
        "no answer",
        "see whether the host is up, and whether a firewall stands in between",
        ("no answer", "cannot be reached", "connection", "did not"),
    ),
)
_UNKNOWN = Cause("not read", "log in from the bot's machine and see what it says", ())


def cause_of(host: DarkHost) -> Cause:
    if host.behind:
        return CATCHING_UP
    return next((cause for cause in _CAUSES if any(sign in host.error for sign in cause.signs)), _UNKNOWN)


def by_cause(hosts: Sequence[DarkHost]) -> list[tuple[Cause, list[DarkHost]]]:
    """The hosts of every cause, the most common cause first."""
    counts = Counter(cause_of(host) for host in hosts)
    return [(cause, [host for host in hosts if cause_of(host) is cause]) for cause, _ in counts.most_common()]
