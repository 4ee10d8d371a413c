"""Is an ISP's rise only the good mail of dark hosts that fell out of the window? Asked before anybody is told."""

from __future__ import annotations

from collections.abc import Mapping

from bot.core.classify import Classifier
from bot.core.composition import is_no_news, of_hosts, seen_hosts, windows_before
from bot.core.diagnosis import Diagnosis
from bot.core.judge import Reading, read_replies
from bot.core.model import Dim, Window
from bot.core.tier import Tier
from bot.services.diagnose import Judgement
from bot.services.rated import RatedTallies


class Composition:
    """Compares the seen hosts with themselves. Used by one thread at a time."""

    def __init__(
        self, *, tallies: RatedTallies, classifier: Classifier, judgement: Judgement, alert_from: Tier
    ) -> None:
        self._tallies = tallies
        self._classifier = classifier
        self._judgement = judgement
        self._alert_from = alert_from
        self._answers: dict[str, tuple[tuple[Window, Tier, frozenset[str]], bool]] = {}

    def explains(self, diagnosis: Diagnosis) -> bool:
        """True where the tier of `diagnosis` is that of the hosts seen, and was before the others went dark."""
        seen = seen_hosts(diagnosis.hosts)
        windows = windows_before(diagnosis.window, diagnosis.hosts)
        if not windows:
            self._answers.pop(diagnosis.isp, None)
            return False
        # Asked with every look while it holds, and true for a minute.
        question = (diagnosis.window, diagnosis.tier, seen)
        known = self._answers.get(diagnosis.isp)
        if known is None or known[0] != question:
            known = self._answers[diagnosis.isp] = (question, self._no_news(diagnosis, windows, seen))
        return known[1]

    def _no_news(self, diagnosis: Diagnosis, windows: tuple[Window, ...], seen: frozenset[str]) -> bool:
        isp = diagnosis.isp
        samples = self._tallies.samples(isp)
        before = [self._reading(isp, window, seen, samples) for window in windows]
        return is_no_news(diagnosis.tier, before, self._judgement.rule_of(isp), self._alert_from)

    def _reading(self, isp: str, window: Window, seen: frozenset[str], samples: Mapping[str, str]) -> Reading:
        totals = self._tallies.totals(window, (Dim.HOST, Dim.REPLY), isp=isp)
        by_host = {(host, reply): tally for (host, reply), tally in totals.items()}
        return read_replies(of_hosts(by_host, seen), samples, lambda reply: self._classifier.classify(reply, isp))
