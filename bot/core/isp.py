"""Which mailbox provider a record is about. Pure look-ups over the lists of `playbooks/isps.yaml`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NamedTuple

ROLLUP = ".rollup"
_MEMO_LIMIT = 200_000
_COUNTRY = re.compile(r"[a-z]{2,3}(\.[a-z]{2})?\Z")


@dataclass(frozen=True, slots=True)
class IspEntry:
    """One provider. All texts but `title` and `reply_signatures` are lower case.

    A domain is written out (`gmail.com`), or ends in `.*` for any country (`hotmail.*` is hotmail.fr and
    hotmail.co.uk), or begins with `*.` for everything below (`*.rr.com`).
    """

    key: str
    title: str
    aliases: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    mx_suffixes: tuple[str, ...] = ()
    rollups: tuple[str, ...] = ()
    reply_signatures: tuple[str, ...] = ()


class Told(NamedTuple):
    """The provider of a record. `hosted`: only the MX told it, the recipient's domain is not one of its own."""

    key: str
    hosted: bool


class IspCatalog:
    """Answers which provider; unknown domains are their own provider."""

    def __init__(self, entries: Sequence[IspEntry]) -> None:
        self._entries = {entry.key: entry for entry in entries}
        self._domains = {domain: e.key for e in entries for domain in e.domains}
        self._mx = {suffix: e.key for e in entries for suffix in e.mx_suffixes}
        self._rollups = {name: e.key for e in entries for name in e.rollups}
        self._signatures = [(text.lower(), e.key) for e in entries for text in e.reply_signatures]
        self._words = _words(entries)
        self._memo: dict[tuple[str, str, str], Told] = {}

    def keys(self) -> tuple[str, ...]:
        return tuple(self._entries)

    def title(self, key: str) -> str:
        """The name for people; an unknown key is its own title."""
        entry = self._entries.get(key)
        return entry.title if entry else key

    def of_record(self, *, queue: str, mx: str, rcpt_domain: str, reply: str = "") -> str:
        """The provider of one accounting record.

        In this order: rollup name of the queue, MX host (`dsnMta`, a trailing " (ip)" is dropped; the longest
        suffix on a label boundary), recipient's domain, signature in the reply. The MX goes before the
        domain because hosted domains and providers that moved (cox.net to Yahoo) are known by nothing else.

        Returns:
            A key; else the rollup's own name, the recipient's or the queue's domain in lower case, or "unknown".
        """
        key = self.told((queue, mx, rcpt_domain)).key
        if reply and key not in self._entries and not key.endswith(ROLLUP):
            return self._by_reply(reply) or key
        return key

    def told(self, asked: tuple[str, str, str]) -> Told:
        """`of_record` of a (queue, MX, recipient's domain), and whether it is hosted mail."""
        told = self._memo.get(asked)
        if told is None:
            if len(self._memo) >= _MEMO_LIMIT:
                self._memo.clear()
            told = self._memo[asked] = self._of(*asked)
        return told

    def told_all(self, asked: Iterable[tuple[str, str, str]]) -> list[Told]:
        """`told` for many at once."""
        known = self._memo.get
        return [known(key) or self.told(key) for key in asked]

    def of_queue(self, queue: str) -> str:
        """The provider of a queue `domain/vmta`, by its rollup or domain part."""
        return self.of_record(queue=queue, mx="", rcpt_domain="")

    def resolve(self, word: str, known: Collection[str] = ()) -> str | None:
        """The key meant by a usual name, title or domain in any case; `known` are further valid keys."""
        asked = word.strip().lower()
        if asked in known:
            return asked
        return self._words.get(asked) or self._by_domain(asked)

    def nearest(self, word: str, known: Collection[str] = ()) -> str | None:
        """The key whose name is most like `word`, None where nothing is."""
        names = {**{key: key for key in known}, **self._words}
        close = get_close_matches(word.strip().lower(), names, n=1, cutoff=0.6)
        return names[close[0]] if close else None

    def _of(self, queue: str, mx: str, rcpt_domain: str) -> Told:
        place = queue.partition("/")[0].strip().lower()
        if place.endswith(ROLLUP):
            own = self._rollups.get(place) or self._words.get(place.removesuffix(ROLLUP)) or place[:253]
            return Told(own, hosted=False)
        domain = rcpt_domain.strip().lower().rstrip(".") or place
        by_mx, by_domain = self._by_mx(mx), self._by_domain(domain)
        hosted = by_mx is not None and by_domain is None and domain != ""
        return Told(by_mx or by_domain or domain[:253] or "unknown", hosted)

    def _by_mx(self, mx: str) -> str | None:
        host = mx.partition(" (")[0].strip().lower().rstrip(".")[:253]
        return next((self._mx[suffix] for suffix in _suffixes(host) if suffix in self._mx), None)

    def _by_domain(self, domain: str) -> str | None:
        exact = self._domains.get(domain)
        if exact:
            return exact
        first, _, rest = domain.partition(".")
        if _COUNTRY.match(rest) and f"{first}.*" in self._domains:
            return self._domains[f"{first}.*"]
        below = (f"*.{suffix}" for suffix in _suffixes(rest[:253]))
        return next((self._domains[name] for name in below if name in self._domains), None)

    def _by_reply(self, reply: str) -> str | None:
        text = reply.lower()
        return next((key for signature, key in self._signatures if signature in text), None)


def _suffixes(host: str) -> Iterable[str]:
    """`a.b.c` as a.b.c, b.c, c."""
    while host:
        yield host
        host = host.partition(".")[2]


def _words(entries: Sequence[IspEntry]) -> dict[str, str]:
    """Every word that means a provider; a key beats an alias, an alias beats a domain."""
    words: dict[str, str] = {}
    for entry in entries:
        words.update({domain: entry.key for domain in entry.domains if "*" not in domain})
    for entry in entries:
        words.update({name.lower(): entry.key for name in (entry.title, *entry.aliases)})
    words.update({entry.key: entry.key for entry in entries})
    return words
