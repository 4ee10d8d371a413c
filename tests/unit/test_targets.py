"""Which few carry the trouble."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.core.diagnosis import Share
from bot.playbook.actions import Target
from bot.playbook.targets import affected, aims, chosen_queues, worst
from tests.playbook_samples import BAD, cells, diagnosis, queue, queues, shares, tally

rows = st.lists(
    st.tuples(st.integers(0, 5000), st.integers(0, 5000)).map(lambda pair: tally(max(pair), min(pair))), max_size=12
).map(lambda tallies: tuple(Share(f"192.0.2.{n}", t) for n, t in enumerate(tallies)))


@pytest.mark.parametrize(
    ("found", "names"),
    [
        (shares(("a", 1000, 600), ("b", 1000, 20), ("c", 1000, 10)), ("a",)),
        (shares(("a", 1000, 300), ("b", 1000, 300), ("c", 1000, 290)), ()),  # spread evenly
        (shares(("a", 1000, 600)), ()),  # nothing to compare with
        (shares(("a", 10, 9), ("b", 1000, 2)), ()),  # too little mail to judge
        (shares(("a", 1000, 0), ("b", 1000, 0)), ()),
        ((), ()),
    ],
)
def test_the_worst_stand_out(found: tuple[Share, ...], names: tuple[str, ...]) -> None:
    assert worst(found) == names


@pytest.mark.parametrize(
    ("found", "names"),
    [
        (shares(("a", 1000, 600), ("b", 1000, 20)), ("a",)),  # the worst, where there are some
        (shares(("a", 1000, 300), ("b", 1000, 290), ("c", 1000, 100)), ("a", "b")),  # else who is near the whole's rate
        (shares(("a", 1000, 600)), ("a",)),
        (shares(("a", 5, 4)), ("a",)),
        (shares(("a", 5, 4), ("b", 6, 4), ("c", 6, 0)), ("a", "b")),  # little mail everywhere is still something
        (shares(("a", 5, 5), ("b", 1000, 900), ("c", 1000, 900)), ("b", "c")),
        (shares(("a", 1000, 0)), ()),
    ],
)
def test_the_affected_are_never_fewer_than_needed(found: tuple[Share, ...], names: tuple[str, ...]) -> None:
    assert affected(found) == names


@given(rows)
@example(shares(("a", 1, 0), ("b", 20, 10), ("c", 32, 30)))  # b is not surely bad, and so good enough to compare with
def test_worst_is_a_part_that_is_clearly_worse(found: tuple[Share, ...]) -> None:
    chosen = worst(found)
    assert len(chosen) < max(1, len(found))
    rest = sum((row.tally for row in found if row.key not in chosen), tally(0, 0))
    assert all(row.tally.rate >= 2 * rest.rate for row in found if row.key in chosen)
    assert set(chosen) <= set(affected(found)) or not chosen
    assert worst(tuple(reversed(found))) == chosen


def test_aims_at_ips_name_every_queue_that_uses_them() -> None:
    extra = queue("ip-1", "mta1", name="googlemail.com/ip-1")
    found = aims(diagnosis(), Target.WORST_IPS, (*queues(), extra), cells())
    assert [(aim.host, aim.queue, aim.source_ip) for aim in found] == [
        ("mta1", "gmail.com/ip-1", BAD[0]),
        ("mta1", "gmail.com/ip-3", BAD[2]),
        ("mta1", "googlemail.com/ip-1", BAD[0]),
        ("mta2", "gmail.com/ip-2", BAD[1]),
    ]


def test_aims_at_vmtas_hold_all_their_queues() -> None:
    extra = queue("ip-1", "mta1", name="googlemail.com/ip-1")
    found = aims(diagnosis(), Target.WORST_VMTAS, (*queues(), extra), cells())
    assert [(aim.host, aim.queue, len(aim.queues)) for aim in found] == [
        ("mta1", "*/ip-1", 2),
        ("mta1", "*/ip-3", 1),
        ("mta2", "*/ip-2", 1),
    ]


def test_all_queues_are_all_of_them_and_worst_those_of_bad_vmtas() -> None:
    assert chosen_queues(diagnosis(), Target.ALL_QUEUES, queues()) == queues()
    assert {q.vmta for q in chosen_queues(diagnosis(), Target.WORST_QUEUES, queues())} == {"ip-1", "ip-2", "ip-3"}
    assert chosen_queues(diagnosis(vmtas=()), Target.WORST_QUEUES, queues()) == queues()
