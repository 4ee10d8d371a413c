"""What has to hold at every look of a month, told from what the hosts sent and people did."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from bot.core.alert_rules import AlertRules
from bot.core.change import ACTIVE
from bot.core.incident import Incident, IncidentState
from bot.core.tier import Tier
from bot.slack.messages import texts
from tests.stories.language import Kind, Seen
from tests.stories.month import BUSY, MINUTE, WINDOW, Month
from tests.stories.stage import names_in

RULES = AlertRules()
FLOORS = {Tier.CLEAR: 0, Tier.THROTTLE: 5, Tier.MIXED: 15, Tier.REPUTATION: 30, Tier.BLOCK: 50}
SLACK = 2
"""Percent, as the response protocol has them."""
WORSE = ("open", "reopen", "rise", "relapse")
LOUD = {
    "reopen": "the same incident goes on",
    "rise": "→ *block*",
    "relapse": "no longer back to normal",
    "repeat": "nobody has taken it",
    "let_go": "nobody has it now",
}
"""What is written into the audit -> the words that the channel hears of it. What is not here is not loud."""
OTHER_LOUD = ("the silence SIL-", "no host is read now", "is dark", "are dark", "still in force")


class Rules:
    """Called after every look."""

    def __init__(self) -> None:
        self._read = 0
        self._lines: set[str] = set()
        self._taken: dict[str, timedelta] = {}
        self._called: dict[str, timedelta] = {}
        self._due: Counter[tuple[str, str]] = Counter()
        """(incident, words) that the channel may hear, and how often."""
        self.met: Counter[str] = Counter()
        """How often each rule was asked, so that none is idle."""

    def __call__(self, month: Month) -> None:
        news, self._read = month.stage.seen[self._read :], len(month.stage.seen)
        for one in sorted(news, key=lambda seen: seen.kind is not Kind.AUDIT):
            self._one(month, one)
        self._one_message_each(month)
        self._changes_end(month)
        if month.bot.idle:
            self._slack_shows_the_store(month)

    # ── each thing that is seen ──

    def _one(self, month: Month, seen: Seen) -> None:
        assert seen.kind is not Kind.SAME, f"an edit that changes nothing: {seen}"
        assert "Something went wrong" not in seen.text, seen
        if seen.kind is Kind.AUDIT and "INC-" in seen.text:
            self._decided(month, seen)
        if seen.kind in (Kind.LINE, Kind.BROADCAST):
            said = f"{seen.about} {seen.text}"
            assert said not in self._lines, f"said twice: {seen}"
            self._lines.add(said)
        if seen.kind is Kind.BROADCAST:
            self._has_a_reason(seen)

    def _decided(self, month: Month, seen: Seen) -> None:
        action, name = seen.text.split()[:2]
        incident = month.incident(int(name.removeprefix("INC-")))
        self.met[action] += 1
        if action in WORSE:
            self._is_so_bad(month, incident, seen)
        if action == "resolve":
            self._is_over(month, incident, seen)
        if action in ("repeat", "let_go"):
            self._nobody_sees_to_it(month, incident, name, seen)
        if action == "acknowledge":
            self._taken[name] = seen.at
        if action in ("open", "reopen", "repeat", "let_go"):
            self._taken.pop(name, None)
            self._called[name] = seen.at
        if action in LOUD:
            self._due[name, LOUD[action]] += 1

    @staticmethod
    def _is_so_bad(month: Month, incident: Incident, seen: Seen) -> None:
        tier = next(tier for tier in Tier if f"'tier': '{tier.name}'" in seen.text)
        highest = month.highest(incident.isp, WINDOW)
        assert highest >= FLOORS[tier] - SLACK, f"the hosts sent at most {highest} %: {seen}"

    @staticmethod
    def _is_over(month: Month, incident: Incident, seen: Seen) -> None:
        """Never within the slack of the mixed tier's floor, and not before it has lasted."""
        highest = month.highest(incident.isp, RULES.fall_after)
        over = highest < FLOORS[Tier.MIXED] - SLACK
        assert over, f"closed while {highest} % were deferred: {seen}"

    def _nobody_sees_to_it(self, month: Month, incident: Incident, name: str, seen: Seen) -> None:
        taken = self._taken.get(name)
        if seen.text.startswith("let_go"):
            assert taken is not None, f"nobody had it: {seen}"
            assert seen.at - taken >= RULES.ack_timeout, f"taken at {taken}: {seen}"
            return
        assert taken is None, f"taken at {taken}: {seen}"
        assert seen.at - self._called[name] >= RULES.repeat_every, f"called at {self._called[name]}: {seen}"
        assert month.highest(incident.isp, WINDOW) >= FLOORS[Tier.REPUTATION] - SLACK, seen

    def _has_a_reason(self, seen: Seen) -> None:
        for words in OTHER_LOUD:
            if words in seen.text:
                self.met[words] += 1
                return
        words = next((words for words in LOUD.values() if words in seen.text), "")
        assert self._due[seen.about, words] > 0, f"no reason to ring: {seen}"
        self._due[seen.about, words] -= 1
        self.met[words] += 1

    # ── what stands ──

    def _one_message_each(self, month: Month) -> None:
        shown = Counter(name for root in month.bot.slack.words_of_roots() for name in names_in(root))
        assert all(times == 1 for times in shown.values()), f"more than one message: {shown}"
        self.met["messages"] = len(shown)

    def _changes_end(self, month: Month) -> None:
        now = month.bot.clock.now()
        for change in month.bot.parts.changes.in_states(ACTIVE):
            self.met["in force"] += 1
            late = change.ends_at is not None and now - change.ends_at > BUSY + MINUTE
            assert not late or month.were_dark(2 * BUSY), f"still in force: {change}"

    def _slack_shows_the_store(self, month: Month) -> None:
        shown = {name: root for root in month.bot.slack.words_of_roots() for name in names_in(root)}
        for incident in month.bot.parts.incidents.unresolved():
            words = shown[f"INC-{incident.id}"]
            diagnosis = incident.diagnosis
            whose = f"<@{incident.owner}>" if incident.owner else "nobody yet"
            assert f"`INC-{incident.id}` · {whose}" in words, f"{whose}: {words}"
            if diagnosis.judged and not diagnosis.blind:
                assert texts.percent(diagnosis.told_rate) in words, words
            self.met["true"] += 1
        for name, words in shown.items():
            if name.startswith("INC-"):
                state = month.incident(int(name.removeprefix("INC-"))).state
                assert (f"`{name}` · resolved" in words) is (state is IncidentState.RESOLVED), words
