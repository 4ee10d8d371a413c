"""Silences: what they cover, what an incident under one tells, how they are asked for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.alert_rules import AlertRules
from bot.core.change import Refusal
from bot.core.diagnosis import Share
from bot.core.incident import IncidentState, Move
from bot.core.model import Tally
from bot.core.silence import About, Silence, hush_over
from bot.core.tier import Tier, TierRule
from bot.services.silences import Silences
from bot.slack.silence_words import WORDS, All, End, Start, Wrong, nearest_order, order_in
from tests.diagnoses import NOW, diagnosis
from tests.watch_rig import MINUTE, WatchRig

HOUR = timedelta(hours=1)
POLL = timedelta(seconds=10)


def silence(about: About, name: str, number: int = 1, lasts: timedelta = HOUR) -> Silence:
    return Silence(number, about, name, "U1", "list cleaning", NOW, NOW + lasts)


BAD, GOOD, ALSO_BAD = Tally(100, 900), Tally(990, 10), Tally(500, 500)
TWO_IPS = diagnosis(
    now=BAD + GOOD,
    ips=(Share("192.0.2.1", BAD), Share("192.0.2.2", GOOD), Share("192.0.2.3", Tally(9))),
    vmtas=(Share("V1", BAD), Share("v2", GOOD)),
)
ALL_IPS = diagnosis(
    now=BAD + ALSO_BAD,
    ips=(Share("192.0.2.1", BAD), Share("192.0.2.2", ALSO_BAD)),
    vmtas=(Share("v1", BAD),),
    per_host=(Share("mta1", BAD + ALSO_BAD),),
)


@pytest.mark.parametrize(
    ("found", "silences", "expected"),
    [
        (TWO_IPS, [], None),
        (TWO_IPS, [silence(About.ISP, "gmail")], 1),
        (TWO_IPS, [silence(About.ISP, "yahoo")], None),
        (TWO_IPS, [silence(About.IP, "192.0.2.1")], 1),
        (
            TWO_IPS,
            [silence(About.IP, "192.0.2.1", 1, 2 * HOUR), silence(About.IP, "192.0.2.3", 2)],
            1,
        ),  # 3 has no trouble
        (TWO_IPS, [silence(About.IP, "192.0.2.2")], None),  # the other one is bad all the same
        (TWO_IPS, [silence(About.VMTA, "v1")], 1),  # PMTA takes VMTA names in any case
        (ALL_IPS, [silence(About.IP, "192.0.2.1")], None),
        (ALL_IPS, [silence(About.IP, "192.0.2.1"), silence(About.IP, "192.0.2.2", 2, 2 * HOUR)], 1),  # ends first
        (ALL_IPS, [silence(About.HOST, "mta1")], 1),  # all there is
        (ALL_IPS, [silence(About.HOST, "mta2")], None),
        (ALL_IPS, [silence(About.VMTA, "v1")], None),  # what goes by no VMTA's name is bad too
        (TWO_IPS, [silence(About.ISP, "gmail"), silence(About.ISP, "gmail", 2, 2 * HOUR)], 2),
    ],
)
def test_what_a_silence_covers(found: object, silences: list[Silence], expected: int | None) -> None:
    hush = hush_over(found, silences, TierRule(), Tier.MIXED)  # type: ignore[arg-type]  # diagnosis() is one
    assert (hush.silence if hush else None) == expected


class Rig(WatchRig):
    """With the holds that people live with, and the use case."""

    def __init__(self) -> None:
        super().__init__(rules=AlertRules())
        self.case = Silences(silences=self.silences, incidents=self.incidents, audit=self.audit, clock=self.clock)

    def silence(self, lasts: timedelta = HOUR, about: About = About.ISP, name: str = "gmail") -> Silence:
        made = self.case.start(about, name, lasts, by="U1", reason="list <!channel> cleaning")
        assert isinstance(made, Silence)
        return made

    def looks(self, span: timedelta) -> list[Move]:
        """A look every ten seconds with fresh data; what was said or done."""
        moves = []
        for _ in range(span // POLL):
            self.clock.advance(POLL)
            self.see()
            moves += list(self.watch.tick().values())
        return [move for move in moves if move not in (Move.HOLD, Move.REFRESH)]

    def said(self) -> list[str]:
        return [note.text for note in self.incidents.notes]


def test_what_is_silenced_opens_nothing_until_it_is_over() -> None:
    rig = Rig()
    rig.silence(10 * MINUTE)
    rig.count(700, 300)
    assert rig.looks(9 * MINUTE) == []
    assert rig.looks(2 * MINUTE) == [Move.OPEN]


def test_an_open_incident_is_only_kept_true_and_both_ends_are_told() -> None:
    rig = Rig()
    rig.count(700, 300)
    rig.looks(MINUTE)
    made = rig.silence(10 * MINUTE)
    rig.looks(MINUTE)
    assert rig.incident().life.hush == made.hush
    assert rig.said()[-1] == "<@U1> silenced this for 10 min (SIL-1): list &lt;!channel&gt; cleaning"
    before = len(rig.said())
    rig.count(0, 3_000)
    assert rig.looks(5 * MINUTE) == [Move.RISE]
    assert len(rig.said()) == before
    rig.looks(5 * MINUTE)
    over = rig.incidents.notes[-1]
    assert (over.text, over.broadcast) == ("the silence SIL-1 is over, tier *block* still stands", True)
    assert rig.incident().life.hush is None


def test_its_end_by_somebody_is_told_and_audited() -> None:
    rig = Rig()
    rig.count(700, 300)
    rig.looks(MINUTE)
    rig.silence()
    rig.looks(MINUTE)
    ended = rig.case.end(1, by="U2")
    assert isinstance(ended, Silence)
    assert rig.said()[-1] == "<@U2> ended the silence SIL-1 early"
    rig.looks(MINUTE)
    assert rig.said()[-1].startswith("the silence SIL-1 is over")
    again = rig.case.end(1, by="U2")
    assert isinstance(again, Refusal)
    assert again.sentence == "SIL-1 is over already; nothing was done."
    unknown = rig.case.end(9, by="U2")
    assert isinstance(unknown, Refusal)
    assert "There is no SIL-9" in unknown.sentence
    acts = [(entry.actor, entry.action, entry.subject) for entry in rig.audit.entries()]
    assert acts[-2:] == [("U1", "silence", "SIL-1"), ("U2", "unsilence", "SIL-1")]


def test_one_that_recovers_in_silence_ends_quietly() -> None:
    rig = Rig()
    rig.count(700, 300)
    rig.looks(MINUTE)
    rig.silence(3 * HOUR)
    rig.clock.advance(HOUR)
    rig.see()
    rig.count(900, 3)
    assert rig.looks(6 * MINUTE) == [Move.RECOVER, Move.RESOLVE]
    assert rig.incident().state is IncidentState.RESOLVED
    assert not any(note.broadcast for note in rig.incidents.notes)


def test_a_silence_lasts_a_week_at_most_and_those_that_end_first_are_listed_first() -> None:
    rig = Rig()
    refused = rig.case.start(About.ISP, "gmail", timedelta(days=7, seconds=1), by="U1", reason="for ever")
    assert isinstance(refused, Refusal)
    assert rig.case.standing() == ()
    late, soon = rig.silence(2 * HOUR), rig.silence(HOUR, About.HOST, "mta1")
    assert rig.case.standing() == (soon, late)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gmail 24h", None),
        ("", None),
        ("silences", All()),
        ("silence", All()),
        ("silence gmail 2h planned list cleaning", Start(None, "gmail", 2 * HOUR, "planned list cleaning")),
        ("Silence Gmail 1h30m “new warm-up plan”", Start(None, "Gmail", 1.5 * HOUR, "new warm-up plan")),
        ("silence ip 192.0.2.1 7d moving &lt;soon&gt;", Start(About.IP, "192.0.2.1", 168 * HOUR, "moving <soon>")),
        ("silence host mta1 30m new kernel", Start(About.HOST, "mta1", HOUR / 2, "new kernel")),
        ("silence isp libero it 2h their outage", Start(About.ISP, "libero it", 2 * HOUR, "their outage")),
        ("unsilence 3", End(3)),
        ("unsilence SIL-3", End(3)),
    ],
)
def test_what_is_asked_for(text: str, expected: object) -> None:
    assert order_in(text) == expected


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("silence gmail", "after gmail; found nothing."),
        ("silence gmail 2hours reason", "after gmail; found '2hours'."),
        ("silence ip", "after ip; found nothing."),
        ("silence gmail 30s too short", "Expected between 1m and 7d; found '30s'."),
        ("silence gmail 8d too long", "Expected between 1m and 7d; found '8d'."),
        ("silence gmail 2h1d wrong order", "found '2h1d'."),
        ("silence gmail 2h", "Say why"),
        ("unsilence", "found none."),
        ("unsilence gmail", "found 'gmail'."),
    ],
)
def test_what_is_wrong_is_said_in_one_line(text: str, part: str) -> None:
    order = order_in(text)
    assert isinstance(order, Wrong)
    assert part in order.sentence
    assert "\n" not in order.sentence


@pytest.mark.parametrize(
    ("text", "expected"),
    [("slience gmail 2h x", "silence"), ("unsilense 3", "unsilence"), ("gmail", None), ("silence x", None), ("", None)],
)
def test_a_misspelt_word_is_met_with_the_nearest(text: str, expected: str | None) -> None:
    assert nearest_order(text) == expected


@given(st.sampled_from(WORDS), st.text(max_size=60))
def test_whatever_is_typed_gets_an_order(word: str, rest: str) -> None:
    order = order_in(f"{word} {rest}")
    assert order is not None
    if isinstance(order, Start):
        assert order.name
        assert MINUTE <= order.length <= timedelta(days=7)
