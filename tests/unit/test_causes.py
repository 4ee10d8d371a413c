"""From replies to causes: shares, who carries them, trend, first and last minute; what dominates, what is dangerous."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.blame import Blamed
from bot.core.category import Category
from bot.core.causes import KEPT, Key, find_causes
from bot.core.classify import Verdict
from bot.core.finding import Causes, Part
from bot.core.model import Tally
from tests.looking import knowledge
from tests.watch_rig import FULL, PACING, REPUTATION

AUTH = "smtp;550-5.7.26 This mail has been blocked because the sender is unauthenticated."
LISTED = "smtp;550 5.7.1 Service unavailable; Client host [192.0.2.10] blocked using zen.spamhaus.org"
BY_NUMBER = "smtp;550 5.7.1 quux"
UNKNOWN = "smtp;499 zorb"


def classify(reply: str) -> Verdict:
    return knowledge().classifier.classify(reply, "gmail")


def cells(*rows: tuple[str, str, int], delivered: int = 1000, bounced: bool = False) -> dict[Key, Tally]:
    """(IP, reply, count) each; every IP delivers as well."""
    found: dict[Key, Tally] = {("mta1", ip, f"v-{ip}", ""): Tally(delivered) for ip, _, _ in rows}
    for ip, reply, count in rows:
        tally = Tally(bounced=count) if bounced or reply in (AUTH, LISTED) else Tally(deferred=count)
        found["mta1", ip, f"v-{ip}", reply] = tally
    return found


def of(*rows: tuple[str, str, int], delivered: int = 1000) -> Causes:
    return find_causes(cells(*rows, delivered=delivered), {}, classify)


def test_each_cause_has_its_share_and_who_carries_it() -> None:
    found = of(("a", REPUTATION, 60), ("b", REPUTATION, 20), ("b", PACING, 20), ("a", FULL, 500))
    first, second = found.lines
    assert (first.category, first.count, first.share, first.blamed) == (
        Category.REPUTATION_IP, 80, 0.8, Blamed.IP,
    )  # fmt: skip
    assert first.low < 0.8 < first.high
    assert first.ips == (Part("a", 60, 1560), Part("b", 20, 1040))
    assert [part.key for part in first.vmtas] == ["v-a", "v-b"]
    assert (first.code, second.category, second.count) == ("421 4.7.0", Category.THROTTLE_NORMAL, 20)
    assert (found.recipient, found.pacing, found.dominant) == (500, 20, first)


def test_refusals_for_good_count_as_well() -> None:
    found = of(("a", AUTH, 90), ("a", PACING, 10))
    assert found.dominant is not None
    assert (found.dominant.category, found.dominant.bounced, found.dominant.deferred) == (
        Category.AUTHENTICATION, 90, 0,
    )  # fmt: skip


def test_trend_and_minutes_are_told_where_they_are_known() -> None:
    plain = find_causes(cells(("a", REPUTATION, 60)), {}, classify).lines[0]
    assert (plain.before, plain.first, plain.last) == (None, None, None)
    minutes = {(120, REPUTATION): Tally(0, 5), (60, PACING): Tally(0, 5), (300, REPUTATION): Tally(0, 1)}
    minutes[600, REPUTATION] = Tally(0, 0, 0, 7)  # queue-wide records name no recipient
    known = find_causes(
        cells(("a", REPUTATION, 60)), {}, classify, before={REPUTATION: Tally(0, 7)}, minutes=minutes
    ).lines[0]
    assert (known.before, known.first, known.last) == (7, 120, 300)


def test_the_dangerous_one_is_told_beside_the_commonest() -> None:
    found = of(("a", PACING, 800), ("b", LISTED, 40))
    assert found.dominant is not None
    assert found.dangerous is not None
    assert (found.dominant.category, found.dangerous.category) == (Category.THROTTLE_NORMAL, Category.BLOCKLIST)
    assert (found.doubt, found.dangerous.weak) == ("", "")


@pytest.mark.parametrize(
    ("rows", "category", "weak"),
    [
        ([("a", LISTED, 4)], None, ""),  # everyday mail
        ([("a", LISTED, 19)], Category.BLOCKLIST, "only 19 replies"),
        ([("a", LISTED, 20)], Category.BLOCKLIST, ""),
        ([("a", PACING, 900)], None, ""),
        ([("a", AUTH, 30), ("a", REPUTATION, 900)], Category.AUTHENTICATION, ""),  # the gravest, not the commonest
        ([("a", BY_NUMBER, 30)], Category.POLICY_BLOCK, "told by their number alone, the texts are not known"),
    ],
)
def test_what_is_dangerous(rows: list[tuple[str, str, int]], category: Category | None, weak: str) -> None:
    found = of(*rows, delivered=500).dangerous
    assert (found.category if found else None, found.weak if found else "") == (category, weak)


def test_one_listed_ip_of_many_is_dangerous_however_little_of_the_whole() -> None:
    many = [(f"ip-{n}", PACING, 1) for n in range(200)]
    found = of(*many, ("ip-7", LISTED, 300)).dangerous
    assert found is not None
    assert found.ips[0].key == "ip-7"
    assert of(*many, *((f"ip-{n}", LISTED, 2) for n in range(100))).dangerous is None  # two each: everyday refusals


@pytest.mark.parametrize(
    ("rows", "doubt"),
    [
        ([], "no reply aimed at us"),
        ([("a", FULL, 500)], "no reply aimed at us"),
        ([("a", REPUTATION, 1)], "only 1 reply aimed at us"),
        ([("a", REPUTATION, 19)], "only 19 replies aimed at us"),
        ([("a", REPUTATION, 20)], ""),
        ([("a", UNKNOWN, 60), ("a", PACING, 40)], "60% of the replies are not understood"),
        (
            [("a", REPUTATION, 52), ("a", PACING, 48)],
            "IP reputation (52%) and normal throttle (48%) are about as common",
        ),
        ([("a", BY_NUMBER, 100)], "told by their number alone, the texts are not known"),
    ],
)
def test_when_nothing_can_be_called_dominant(rows: list[tuple[str, str, int]], doubt: str) -> None:
    assert of(*rows).doubt == doubt


def test_only_the_worst_ips_are_kept() -> None:
    found = of(*((f"ip-{n}", REPUTATION, n + 1) for n in range(100))).lines[0]
    assert [part.hits for part in found.ips] == list(range(100, 100 - KEPT, -1))


def test_what_is_stored_holds_no_templates() -> None:
    found = of(("a", REPUTATION, 60), ("b", LISTED, 40))
    kept = found.without_templates()
    assert found.dominant is not None
    assert found.dominant.templates == (REPUTATION,)
    assert [line.templates for line in kept.lines] == [(), ()]
    assert kept.dominant is kept.lines[0]
    assert kept.dangerous is kept.of(Category.BLOCKLIST)


replies = st.sampled_from([REPUTATION, PACING, FULL, AUTH, LISTED, BY_NUMBER, UNKNOWN])


@given(st.lists(st.tuples(st.sampled_from("abc"), replies, st.integers(0, 300)), max_size=12))
def test_nothing_is_lost_or_counted_twice(rows: list[tuple[str, str, int]]) -> None:
    made = cells(*rows)
    found = find_causes(made, {}, classify)
    whole = sum(tally.deferred + tally.bounced for tally in made.values())
    assert sum(line.count for line in found.lines) + found.recipient == whole
    assert not found.lines or sum(line.share for line in found.lines) == pytest.approx(1.0)
    assert all(line.low <= line.share <= line.high for line in found.lines)
    assert found.dangerous is None or found.dangerous in found.lines
