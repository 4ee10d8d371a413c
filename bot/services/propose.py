"""A rule for each kind of reply that is not understood yet, ready but for its meaning."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from difflib import get_close_matches

from bot.core.change import Refusal
from bot.core.proposal import Known, Proposal, propose
from bot.core.unknown import Cluster, Unknown
from bot.services.rule_book import RuleBook
from bot.services.unknowns import Unknowns

DAY = timedelta(hours=24)


class Propose:
    """Reads the store and the rules, writes nothing. Safe to call from any thread."""

    def __init__(self, unknowns: Unknowns, book: RuleBook) -> None:
        self._unknowns = unknowns
        self._book = book

    def unknown(self, length: timedelta = DAY, isp: str | None = None) -> Unknown:
        """Asked with the rules as the file has them by now."""
        self._book.refresh()
        return self._unknowns.unknown(length, isp)

    def proposals(self, unknown: Unknown, most: int) -> tuple[Proposal, ...]:
        """A rule for each of the `most` first clusters."""
        return self._proposed(unknown.clusters[:most], unknown)

    def proposal(self, cluster: str, length: timedelta = DAY) -> Proposal | Refusal:
        """The rule for the cluster with a reply of that id."""
        unknown = self.unknown(length)
        found = unknown.named(cluster)
        return self._proposed((found,), unknown)[0] if found else self._not_there(cluster, unknown)

    def _proposed(self, clusters: tuple[Cluster, ...], unknown: Unknown) -> tuple[Proposal, ...]:
        known = Known([*self._examples(), *unknown.understood], unknown.clusters)
        return tuple(propose(cluster, known, self._book.isps, unknown.clusters) for cluster in clusters)

    def _examples(self) -> Iterator[str]:
        rules = self._book.rules
        for pack in (*rules.packs, rules.local) if rules.local else rules.packs:
            for _, _, _, spec in pack.specs():
                yield from spec.examples

    def _not_there(self, cluster: str, unknown: Unknown) -> Refusal:
        if self._book.has(f"local-{cluster}"):
            return Refusal("adopted", f"local-{cluster} is in {self._book.path} already; nothing more was done.")
        near = get_close_matches(cluster, [each.id for each in unknown.clusters], n=1)
        hint = f"did you mean {near[0]}?" if near else "`deferbot rules unknown` lists them."
        among = f"the {len(unknown.clusters)} kinds of reply that are not understood"
        return Refusal("unknown id", f"{cluster[:40]} is none of {among}; {hint}")
