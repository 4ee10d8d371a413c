"""Is an ISP's rise only the good mail of dark hosts that is missing from the window? Asked before anybody is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bot.core.composition import UNSEEN, Gone, gone_hosts, is_no_news, missing, windows_before, without_hosts
from bot.core.diagnosis import Diagnosis
from bot.core.judge import Reading, read_replies
from bot.core.model import Dim, Tally, Window
from bot.core.tier import Tier
from bot.ports import Meanings, OutageStore
from bot.services.diagnose import Judgement
from bot.services.rated import RatedTallies


class Composition:
    """Compares the hosts that are seen with themselves. Used by one thread at a time."""

    def __init__(
        self,
        *,
        tallies: RatedTallies,
        outages: OutageStore,
        classifier: Meanings,
        judgement: Judgement,
        alert_from: Tier,
        poll_every: timedelta = timedelta(0),
    ) -> None:
        self._tallies = tallies
        self._outages = outages
        self._classifier = classifier
        self._judgement = judgement
        self._alert_from = alert_from
        # no host that is polled as it should be is ever that old
        self._unseen_after = max(UNSEEN, 3 * poll_every)
        self._answers: dict[str, tuple[tuple[Window, Tier, frozenset[str]], bool]] = {}

    def explains(self, diagnosis: Diagnosis) -> bool:
        """True where the tier of `diagnosis` is that of the hosts seen, and was before the others went dark."""
        gone = gone_hosts(diagnosis.hosts, diagnosis.window, self._outages.newest(), self._unseen_after)
        if not gone:
            self._answers.pop(diagnosis.isp, None)
            return False
        # Asked with every look while it holds, and true for a minute.
        question = (diagnosis.window, diagnosis.tier, frozenset(host.host for host in gone))
        known = self._answers.get(diagnosis.isp)
        if known is None or known[0] != question:
            known = self._answers[diagnosis.isp] = (question, self._no_news(diagnosis, gone))
        return known[1]

    def _no_news(self, diagnosis: Diagnosis, gone: Sequence[Gone]) -> bool:
        isp = diagnosis.isp
        if any(host.back for host in gone):
            before = self._by_host(isp, windows_before(diagnosis.window, gone)[0])
            gone = missing(gone, before, self._by_host(isp, diagnosis.window))
        hosts = {host.host for host in gone}
        readings = [self._reading(isp, window, hosts) for window in windows_before(diagnosis.window, gone)]
        return is_no_news(diagnosis.tier, readings, self._judgement.rule_of(isp), self._alert_from)

    def _by_host(self, isp: str, window: Window) -> dict[str, Tally]:
        return {host: tally for (host,), tally in self._tallies.totals(window, (Dim.HOST,), isp=isp).items()}

    def _reading(self, isp: str, window: Window, gone: set[str]) -> Reading:
        """The headline of the hosts that are not gone."""
        totals = self._tallies.totals(window, (Dim.HOST, Dim.REPLY), isp=isp)
        replies = without_hosts({(host, reply): tally for (host, reply), tally in totals.items()}, gone)
        return read_replies(replies, self._tallies.samples(isp), lambda reply: self._classifier.classify(reply, isp))
