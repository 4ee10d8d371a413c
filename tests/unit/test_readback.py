"""Whether a step took effect, decided on answers in PMTA's own forms."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.change import Expect, Outcome, Step
from bot.playbook.readback import check, read_back_argv
from tests.playbook_samples import ROOT, step

CAPTURE = (ROOT / "tests/data/pmta/show-topqueues-errors.dom").read_text(encoding="utf-8")
PAUSE = step()
SOURCE = step(source_ip="192.0.2.10", expect=Expect.SOURCE_DISABLED, expect_undone=Expect.SOURCE_ENABLED)
VMTA = step(queue="*/ip-1")


def listed(*queues: tuple[str, str, str], cap: int = 100000) -> str:
    """`--dom show queues` of (name, paused, mode) each."""
    lines = [f'title="Top {cap} queues by number of recipients"']
    for place, (name, paused, mode) in enumerate(queues):
        lines += [
            f'queue[{place}].name="{name}"',
            f'queue[{place}].rcp="12"',
            f'queue[{place}].kb="611.9"',
            f'queue[{place}].conn="0"',
            f'queue[{place}].paused="{paused}"',
            f'queue[{place}].mode="{mode}"',
        ]
    return "\n".join([*lines, 'totalRcp="99"', 'totalQueuesWithRcp="99"']) + "\n"


IP1 = "gmail.com/ip-1"


@pytest.mark.parametrize(
    ("expect", "about", "output", "outcome", "said"),
    [
        (Expect.PAUSED, PAUSE, listed((IP1, "yes", "normal")), Outcome.CONFIRMED, "gmail.com/ip-1 reads paused"),
        (Expect.PAUSED, PAUSE, listed((IP1, "no", "normal")), Outcome.FAILED, "not paused"),
        (Expect.NOT_PAUSED, PAUSE, listed((IP1, "no", "backoff")), Outcome.CONFIRMED, "not paused"),
        (Expect.NOT_PAUSED, PAUSE, listed((IP1, "yes", "normal")), Outcome.FAILED, "paused"),
        (Expect.BACKOFF, PAUSE, listed((IP1, "no", "backoff")), Outcome.CONFIRMED, "backoff"),
        (Expect.BACKOFF, PAUSE, listed((IP1, "no", "normal")), Outcome.FAILED, "normal, backoff expected"),
        (Expect.NORMAL, PAUSE, listed((IP1, "no", "normal")), Outcome.CONFIRMED, "normal"),
        # a longer name is another queue
        (Expect.PAUSED, PAUSE, listed(("gmail.com/ip-10", "yes", "normal")), Outcome.UNVERIFIED, "not listed"),
        # an empty queue is not shown, whatever its state
        (Expect.PAUSED, PAUSE, listed(), Outcome.UNVERIFIED, "holds no mail now"),
        (Expect.PAUSED, PAUSE, "no such command", Outcome.UNVERIFIED, "could not be read"),
        # a whole VMTA: all of its queues, and none cut off
        (
            Expect.PAUSED,
            VMTA,
            listed((IP1, "yes", "normal"), ("b.example/ip-1", "yes", "normal")),
            Outcome.CONFIRMED,
            "2 queues of */ip-1 read paused",
        ),
        (
            Expect.PAUSED,
            VMTA,
            listed((IP1, "yes", "normal"), ("b.example/ip-1", "no", "normal")),
            Outcome.FAILED,
            "b.example/ip-1",
        ),
        (Expect.PAUSED, VMTA, listed(("b.example/ip-2", "yes", "normal")), Outcome.UNVERIFIED, "not listed"),
        (Expect.PAUSED, VMTA, listed((IP1, "yes", "normal"), cap=1), Outcome.UNVERIFIED, "list was cut"),
        # the real capture
        (Expect.BACKOFF, step(queue="gmail.com/gmail-ip-1"), CAPTURE, Outcome.CONFIRMED, "backoff"),
        (Expect.PAUSED, step(queue="outlook.rollup/ms-ip-1"), CAPTURE, Outcome.CONFIRMED, "paused"),
        (Expect.PAUSED, step(queue="gmail.com/gmail-ip-2"), CAPTURE, Outcome.FAILED, "not paused"),
    ],
)
def test_queues(expect: Expect, about: Step, output: str, outcome: Outcome, said: str) -> None:
    found = check(expect, about, output)
    assert found.outcome is outcome
    assert said in found.said
    assert check(expect, about, output).outcome is outcome


@pytest.mark.parametrize(
    ("expect", "output", "was_seen", "outcome"),
    [
        (Expect.SOURCE_DISABLED, "192.0.2.10 gmail.com/ip-1 until 2026-11-20 07:00:00", False, Outcome.CONFIRMED),
        (Expect.SOURCE_DISABLED, "gmail.com/ip-1: 192.0.2.10", False, Outcome.CONFIRMED),
        (Expect.SOURCE_DISABLED, "192.0.2.100 gmail.com/ip-1", False, Outcome.UNVERIFIED),
        (Expect.SOURCE_DISABLED, "192.0.2.10\ngmail.com/ip-1", False, Outcome.UNVERIFIED),  # not on one line
        (Expect.SOURCE_DISABLED, "", False, Outcome.UNVERIFIED),
        (Expect.SOURCE_ENABLED, "192.0.2.10 gmail.com/ip-1", False, Outcome.FAILED),
        (Expect.SOURCE_ENABLED, "192.0.2.10 gmail.com/ip-1", True, Outcome.FAILED),
        # a miss proves something only where the form was readable before
        (Expect.SOURCE_ENABLED, "No disabled sources.", False, Outcome.UNVERIFIED),
        (Expect.SOURCE_ENABLED, "No disabled sources.", True, Outcome.CONFIRMED),
    ],
)
def test_sources(expect: Expect, output: str, was_seen: bool, outcome: Outcome) -> None:
    assert check(expect, SOURCE, output, was_seen=was_seen).outcome is outcome


@given(st.sampled_from(list(Expect)), st.text(max_size=200), st.sampled_from([PAUSE, SOURCE, VMTA]))
def test_no_answer_makes_it_raise_or_confirms_by_chance(expect: Expect, output: str, about: Step) -> None:
    assert check(expect, about, output).outcome is Outcome.UNVERIFIED


def test_what_is_asked() -> None:
    assert read_back_argv(PAUSE)[-1] == "gmail.com/ip-1"
    assert read_back_argv(PAUSE)[1:4] == ("--dom", "show", "queues")
    assert read_back_argv(VMTA)[-1] == "*/ip-1"
    assert read_back_argv(SOURCE) == ("pmta", "show", "disabled", "sources", "gmail.com/ip-1")
