"""The headline of one ISP or of many: what was counted, the part aimed at us, the commonest cause."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bot.core.judge import Reading, read_replies
from bot.core.model import Dim, Tally, Window
from bot.ports import Meanings
from bot.services.rated import RatedTallies

MANY = 100
"""From so many ISPs on all are asked for at once: that costs as much as asking for two hundred of them singly."""
ISPS_KEPT = 4_000


class Headlines:
    """Safe to call from any thread: two at once do the same work twice, no more."""

    def __init__(self, tallies: RatedTallies, classifier: Meanings) -> None:
        self._tallies = tallies
        self._classifier = classifier
        self._texts: dict[str, dict[str, str]] = {}

    def one(self, isp: str, window: Window) -> Reading:
        totals = self._tallies.totals(window, (Dim.REPLY,), isp=isp)
        return self._read(isp, {reply: tally for (reply,), tally in totals.items()})

    def each(self, isps: Collection[str], window: Window) -> dict[str, Reading]:
        """ISP -> headline."""
        if len(isps) < MANY:
            return {isp: self.one(isp, window) for isp in isps}
        by_isp: dict[str, dict[str, Tally]] = {isp: {} for isp in isps}
        for (isp, reply), tally in self._tallies.totals(window, (Dim.ISP, Dim.REPLY)).items():
            if isp in by_isp:
                by_isp[isp][reply] = tally
        return {isp: self._read(isp, found) for isp, found in by_isp.items()}

    def _read(self, isp: str, by_reply: Mapping[str, Tally]) -> Reading:
        return read_replies(by_reply, self._told(isp, by_reply), lambda reply: self._classifier.classify(reply, isp))

    def _told(self, isp: str, templates: Collection[str]) -> Mapping[str, str]:
        """Template -> a reply seen with it. It never changes, so it is asked for once."""
        known = self._texts.get(isp, {})
        if unknown := [template for template in templates if template not in known]:
            samples = self._tallies.samples(isp)
            known = known | {template: samples.get(template, template) for template in unknown}
            if len(self._texts) >= ISPS_KEPT:
                self._texts = {}
            self._texts[isp] = known
        return known
