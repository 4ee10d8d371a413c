"""The headline of one ISP or of many: what was counted, the part aimed at us, the commonest cause."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from bot.core.causes import tries
from bot.core.judge import Reading, read_replies
from bot.core.model import Dim, Tally, Window
from bot.core.refused import Refused, is_much
from bot.core.tier import TierRule
from bot.ports import Meanings
from bot.services.rated import RatedTallies

MANY = 100
"""From so many ISPs on all are asked for at once: that costs as much as asking for two hundred of them singly."""
TEXTS_KEPT = 100_000
"""Replies remembered, of all ISPs together: some 50 MB."""
REFUSING = 20
"""Of the ISPs with many bounces so many are asked why, those with the most of them."""


class Headlines:
    """Safe to call from any thread: two at once do the same work twice, no more."""

    def __init__(self, tallies: RatedTallies, classifier: Meanings, texts_kept: int = TEXTS_KEPT) -> None:
        self._tallies = tallies
        self._classifier = classifier
        self._texts: dict[str, dict[str, str]] = {}
        self._held = 0
        self._kept = texts_kept

    def one(self, isp: str, window: Window) -> Reading:
        return self._read(isp, self._by_reply(isp, window))

    def each(self, isps: Collection[str], window: Window) -> dict[str, Reading]:
        """ISP -> headline."""
        if len(isps) < MANY:
            return {isp: self.one(isp, window) for isp in isps}
        by_isp: dict[str, dict[str, Tally]] = {isp: {} for isp in isps}
        for (isp, reply), tally in self._tallies.totals(window, (Dim.ISP, Dim.REPLY)).items():
            if isp in by_isp:
                by_isp[isp][reply] = tally
        return {isp: self._read(isp, found) for isp, found in by_isp.items()}

    def refused(
        self,
        whole: Mapping[str, Tally],
        window: Window,
        title_of: Callable[[str], str],
        rule_of: Callable[[str], TierRule],
    ) -> tuple[Refused, ...]:
        """Who refuses much mail for good, most of it first. `whole`: ISP -> counts in the window."""
        many = [isp for isp, tally in whole.items() if is_much(tally.bounced, tries(tally), rule_of(isp))]
        many.sort(key=lambda isp: (-whole[isp].bounced, isp))
        found = (self._refused(isp, title_of(isp), window, rule_of(isp)) for isp in many[:REFUSING])
        return tuple(sorted(filter(None, found), key=lambda one: -one.count))

    def _refused(self, isp: str, title: str, window: Window, rule: TierRule) -> Refused | None:
        reading = self.one(isp, window)
        found, tried = reading.refusals, tries(reading.now)
        if found.cause is None or not is_much(found.count, tried, rule):
            return None
        return Refused(isp, title, found.count, tried, found.cause, found.code)

    def _by_reply(self, isp: str, window: Window) -> dict[str, Tally]:
        return {reply: tally for (reply,), tally in self._tallies.totals(window, (Dim.REPLY,), isp=isp).items()}

    def _read(self, isp: str, by_reply: Mapping[str, Tally]) -> Reading:
        return read_replies(by_reply, self._told(isp, by_reply), lambda reply: self._classifier.classify(reply, isp))

    def _told(self, isp: str, templates: Collection[str]) -> Mapping[str, str]:
        """Template -> a reply seen with it. It never changes, so it is asked for once."""
        known = self._texts.get(isp, {})
        if unknown := [template for template in templates if template not in known]:
            samples = self._tallies.samples(isp)
            known = known | {template: samples.get(template, template) for template in unknown}
            self._held += len(unknown)
            if self._held > self._kept:
                self._texts, self._held = {}, len(known)
            self._texts[isp] = known
        return known
