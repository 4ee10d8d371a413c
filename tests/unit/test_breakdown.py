"""An ISP's IPs, VMTAs and queues, and one IP, VMTA or campaign at every ISP, as values."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.breakdown import lines, named, queued, there
from bot.core.diagnosis import QueueTrend, ReplyLine
from bot.core.model import QueueState, Tally
from tests.diagnoses import reply


def answers(by_reply: Mapping[str, Tally]) -> tuple[ReplyLine, ...]:
    return tuple(reply(template, count=tally.deferred) for template, tally in by_reply.items() if tally.deferred)


CELLS = {
    ("192.0.2.1", "v1", ""): Tally(delivered=40),
    ("192.0.2.1", "v1", "421 slow"): Tally(deferred=60),
    ("192.0.2.1", "v2", ""): Tally(delivered=900),
    ("192.0.2.2", "v2", ""): Tally(delivered=100),
    ("", "v2", ""): Tally(delivered=5),
}


def test_a_line_has_its_counts_its_commonest_reply_and_its_other_names() -> None:
    first, second = lines(CELLS, answers)
    assert (first.key, first.tally, first.beside) == ("192.0.2.1", Tally(940, 60), ("v2", "v1"))
    assert first.reply is not None and first.reply.template == "421 slow"
    assert (second.key, second.reply) == ("192.0.2.2", None)


def test_a_vmta_that_only_waits_is_listed_too() -> None:
    waiting = QueueState("mta1", "gmail.com/idle", 7, 0, paused=False, mode="normal")
    (line,) = lines({}, answers, [waiting])
    assert (line.key, line.tally, line.queues) == ("idle", Tally(), (waiting,))


counts = st.builds(Tally, st.integers(0, 99), st.integers(0, 99), st.integers(0, 99))


@given(st.dictionaries(st.tuples(*[st.sampled_from(["", "a", "b", "c"])] * 3), counts))
def test_nothing_with_a_name_is_lost(cells: dict[tuple[str, str, str], Tally]) -> None:
    shown = sum((line.tally for line in lines(cells, answers)), Tally())
    assert shown == sum((tally for key, tally in cells.items() if key[0]), Tally())


def test_one_part_is_told_beside_all_other_mail_to_the_same_isp() -> None:
    own = {"gmail": Tally(40, 60), "yahoo": Tally(99, 1)}
    found = there(own, {"gmail": Tally(1000, 100), "yahoo": Tally(98, 1)}, str.title)
    assert [(line.title, line.tally, line.rest) for line in found] == [
        ("Gmail", Tally(40, 60), Tally(960, 40)),
        ("Yahoo", Tally(99, 1), Tally()),  # counted a moment later: never less than nothing
    ]


def test_growing_queues_come_first_then_the_longest() -> None:
    def one(name: str, waiting: int, hour: int | None) -> tuple[str, QueueState, QueueTrend]:
        state = QueueState("mta1", name, waiting, 0, paused=False, mode="normal")
        return "gmail", state, QueueTrend("mta1", name, waiting, None, hour)

    found = queued([one("long", 9_000, 9_000), one("longer", 12_000, None), one("grown", 800, 100)])
    assert [line.state.name for line in found] == ["grown", "longer", "long"]


@pytest.mark.parametrize(
    ("asked", "names", "found"),
    [
        ("v1", ["v1", "V1"], ("v1", "")),
        ("V1", ["v1", ""], ("v1", "")),
        ("2001:DB8:0:0::1", ["2001:db8::1", "2001:db8::2"], ("2001:db8::1", "")),
        ("192.0.2.9", ["192.0.2.10", "198.51.100.1"], ("", "192.0.2.10")),
        ("gmail-ip-11", ["gmail-ip-1", "yahoo-1"], ("", "gmail-ip-1")),
        ("nothing", ["xyz"], ("", "")),
        ("", ["", "a"], ("", "")),
        ("2001:db8::9", [":odd:", "x"], ("", "")),
    ],
)
def test_a_name_is_found_in_any_case_and_spelling_or_the_nearest_is_told(
    asked: str, names: list[str], found: tuple[str, str]
) -> None:
    assert named(asked, names) == found
