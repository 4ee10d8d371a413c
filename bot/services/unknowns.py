"""What no rule understands, and which rules nothing meets: answered from the stored replies, never over SSH."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from heapq import nlargest

from bot.core.answers import last_hours
from bot.core.classify import Rule
from bot.core.model import Dim, Window
from bot.core.templates import OTHER_TEMPLATE
from bot.core.unknown import MOST, Seen, Unknown, clusters, why_unknown
from bot.ports import Clock, TallyStore
from bot.services.rule_book import RuleBook

LOOKED_AT = 20_000
"""Templates that are classified for one answer, the most frequent ones: about a second."""


class Unknowns:
    """Whole hours are looked at, the running one with them. Safe to call from any thread."""

    def __init__(self, tallies: TallyStore, book: RuleBook, clock: Clock) -> None:
        self._tallies = tallies
        self._book = book
        self._clock = clock

    def unknown(self, length: timedelta, isp: str | None = None) -> Unknown:
        """Replies without a rule of their own in the last `length`, of one ISP or of all."""
        now, classifier = self._clock.now(), self._book.rules.classifier
        window = last_hours(now, length)
        why_of = why_unknown(classifier.rules)
        found = list(self._seen(window, isp))
        unknown, known = list[Seen](), list[Seen]()
        for seen in nlargest(LOOKED_AT, found, key=_frequent):
            if seen.template == OTHER_TEMPLATE:
                continue
            verdict = classifier.decide(seen.text, seen.isp)
            why = why_of(verdict, seen.text)
            if why is None:
                known.append(seen)
            else:
                unknown.append(Seen(seen.isp, seen.template, seen.count, seen.sample, why, verdict.category))
        replies, kinds = sum(seen.count for seen in found), clusters(unknown)
        return Unknown(
            at=now,
            window=window,
            isp=isp or "",
            clusters=kinds,
            replies=replies,
            not_kept=replies - sum(kind.count for kind in kinds) - sum(one.count for one in known),
            understood=tuple(one.text for one in known[:MOST]),
        )

    def unused(self, length: timedelta) -> tuple[tuple[Rule, ...], int]:
        """(rules that no reply of the last `length` met, in their order; how many replies there were)."""
        classifier = self._book.rules.classifier
        met, replies = set[str](), 0
        for seen in self._seen(last_hours(self._clock.now(), length), None):
            replies += seen.count
            met.add(classifier.decide(seen.text, seen.isp).rule_id)
        return tuple(rule for rule in classifier.rules if rule.id not in met), replies

    def _seen(self, window: Window, isp: str | None) -> Iterator[Seen]:
        """Every template with a reply in `window`, deferrals and bounces counted."""
        by_isp: dict[str, dict[str, int]] = defaultdict(dict)
        for (name, template), tally in self._tallies.hours(window, (Dim.ISP, Dim.REPLY), isp=isp).items():
            if template and (count := tally.deferred + tally.bounced):
                by_isp[name][template] = count
        for name, counts in by_isp.items():
            samples = self._tallies.samples(name)
            for template, count in counts.items():
                yield Seen(name, template, count, samples.get(template, ""))


def _frequent(seen: Seen) -> tuple[int, str, str]:
    return seen.count, seen.isp, seen.template
