"""Where a cause sits, in plain sentences: whole answers on small fleets. Mixtures and doubt: tests/scenarios."""

from __future__ import annotations

import pytest

from bot.core.campaigns import rows_of
from bot.core.category import Category
from bot.core.causes import Key, find_causes
from bot.core.contrast import Around, contrast
from bot.core.contrast_words import listed
from bot.core.finding import Contrast, Elsewhere, Kind
from bot.core.model import Tally
from tests.unit.test_causes import AUTH, LISTED, classify
from tests.watch_rig import PACING, REPUTATION

IPS = [f"192.0.2.{n}" for n in range(10, 22)]
YAHOO = {(ip, "Yahoo"): Tally(200, 2) for ip in IPS}


def mail(
    bad: dict[str, int], reply: str = REPUTATION, *, rest: int = 10, vmtas: int = 12, hosts: int = 3
) -> dict[Key, Tally]:
    """1,000 attempts of each of twelve IPs: the `bad` with so many of the reply, the others with `rest`."""
    found: dict[Key, Tally] = {}
    for n, ip in enumerate(IPS):
        at = f"mta{n % hosts + 1}", ip, f"vmta-{n * vmtas // 12 + 1}"
        hit = bad.get(ip, rest)
        found[*at, ""] = Tally(1000 - hit)
        found[*at, reply] = Tally(0, 0, hit) if reply in (AUTH, LISTED) else Tally(0, hit)
    return found


def located(cells: dict[Key, Tally], around: Around | None = None) -> Contrast:
    found = find_causes(cells, {}, classify)
    assert found.dominant is not None
    return contrast(cells, found.dominant, around or Around())


def test_a_few_ips_clean_elsewhere() -> None:
    found = located(mail(dict.fromkeys(IPS[:3], 600)), Around(elsewhere=YAHOO))
    assert (found.kind, found.keys, found.of, found.elsewhere) == (Kind.IPS, tuple(IPS[:3]), 12, Elsewhere.CLEAN)
    assert found.evidence == (
        "3 of 12 IPs carry 95% of these replies",
        "the same IPs are clean at Yahoo",
        "60% of their attempts get such a reply, 1.0% of the others",
    )


def test_one_ip_bad_at_several_isps() -> None:
    at = {**YAHOO, (IPS[0], "Yahoo"): Tally(50, 150), (IPS[0], "Apple"): Tally(100, 90), (IPS[1], "Apple"): Tally(190)}
    found = located(mail({IPS[0]: 900}, LISTED), Around(elsewhere=at))
    assert (found.kind, found.keys, found.bad_at) == (Kind.IPS, (IPS[0],), ("Yahoo", "Apple"))
    assert found.evidence[1:3] == (
        "the same IP is deferred elsewhere too: Yahoo 75%, Apple 47%",
        "that is all mail of VMTA vmta-1",
    )


def test_what_our_other_ips_suffer_too_is_not_held_against_the_bad_ones() -> None:
    paced = {(ip, "Yahoo"): Tally(170, 30) for ip in IPS}
    assert located(mail({IPS[0]: 600}), Around(elsewhere=paced)).elsewhere is Elsewhere.CLEAN


def test_new_ips_are_a_warm_up_unless_they_are_listed() -> None:
    earlier = dict.fromkeys(IPS[2:], 160000) | {IPS[0]: 900}
    found = located(mail(dict.fromkeys(IPS[:2], 600)), Around(earlier=earlier))
    assert (found.kind, found.keys) == (Kind.NEW_IPS, tuple(IPS[:2]))
    assert found.evidence[1] == "they have hardly sent before; the older IPs are not affected: a warm-up"
    assert located(mail(dict.fromkeys(IPS[:2], 600), LISTED), Around(earlier=earlier)).kind is Kind.IPS
    assert located(mail(dict.fromkeys(IPS[:2], 600)), Around(earlier={})).kind is Kind.IPS  # all are new: no contrast


def test_a_vmta_of_several_ips() -> None:
    found = located(mail(dict.fromkeys(IPS[4:8], 600), PACING, vmtas=3))
    assert (found.kind, found.keys, found.ips) == (Kind.VMTAS, ("vmta-2",), tuple(IPS[4:8]))
    assert found.evidence[0] == "1 of 3 VMTAs (vmta-2) carries 97% of these replies"


def test_a_vmta_is_not_blamed_where_one_of_its_ips_may_be_behind_it() -> None:
    """Its ten IPs send too little each; together they would stand out."""
    cells: dict[Key, Tally] = {}
    for n in range(10):
        cells["mta1", f"198.51.100.{n}", "small", ""] = Tally(12 if n else 0)
        cells["mta1", f"198.51.100.{n}", "small", PACING] = Tally(0, 4 if n else 18)
        cells["mta1", f"203.0.113.{n}", "big", ""] = Tally(1000)
    assert located(cells).reason == "too little mail on each IP to tell one from another"


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ((), ""),
        (("a",), "a"),
        (("a", "b"), "a and b"),
        (("a", "b", "c"), "a, b and c"),
        (("a", "b", "c", "d", "e"), "a, b, c and 2 more"),
    ],
)
def test_names_in_a_sentence(names: tuple[str, ...], said: str) -> None:
    assert listed(names) == said


def test_a_campaign() -> None:
    jobs = {"winback": Tally(400, 0, 1600), "news": Tally(9900, 0, 100)}
    found = located(mail({}, AUTH, rest=140), Around(rows_of(jobs)))
    assert (found.kind, found.keys) == (Kind.CAMPAIGNS, ("winback",))
    assert found.evidence[0] == "1 of 2 campaigns (winback) carries 94% of these replies"


def test_a_campaign_whose_replies_are_not_counted_apart_is_only_suspected() -> None:
    cells = mail({}, AUTH, rest=50)
    cells |= {("mta1", ip, "vmta-1", PACING): Tally(0, 100) for ip in IPS}
    jobs = {"winback": Tally(1000, 100, 580), "news": Tally(10300, 1100, 20)}
    found = next(line for line in find_causes(cells, {}, classify).lines if line.category is Category.AUTHENTICATION)
    assert contrast(cells, found, Around(rows_of(jobs))).reason == (
        "campaign winback may be behind it, and what campaigns were answered is not known"
    )


def test_dead_addresses_at_other_isps_are_no_deferrals_of_ours() -> None:
    """An old list bounces everywhere; that says nothing of who defers us."""
    dead = {(ip, isp): Tally(180, 2, 18) for ip in IPS for isp in ("Yahoo", "Microsoft")}
    deferred = located(mail({}, rest=200), Around(elsewhere=dead))
    assert (deferred.kind, deferred.elsewhere, deferred.bad_at) == (Kind.ALL, Elsewhere.UNKNOWN, ())
    refused = located(mail({}, LISTED, rest=200), Around(elsewhere=dead))
    assert refused.elsewhere is Elsewhere.BAD  # there too mail is refused for good, and why is not counted


@pytest.mark.parametrize(
    ("elsewhere", "told", "said"),
    [
        (YAHOO, Elsewhere.CLEAN, "the same IPs are clean at Yahoo: it is about this ISP"),
        (
            {(ip, "Yahoo"): Tally(130, 70) for ip in IPS},
            Elsewhere.BAD,
            "other ISPs defer them too (Yahoo 35%; here 40%): look on our side first",
        ),
    ],
)
def test_all_ips_alike(elsewhere: dict[tuple[str, str], Tally], told: Elsewhere, said: str) -> None:
    found = located(mail({}, rest=400), Around(elsewhere=elsewhere))
    assert (found.kind, found.parts, found.elsewhere) == (Kind.ALL, (), told)
    assert found.evidence == ("all 12 IPs are deferred alike: not one IP's own standing", said)


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (mail({IPS[0]: 19}, rest=0), "only 19 replies of this cause"),
        ({("mta1", "192.0.2.1", "v1", REPUTATION): Tally(600, 400)}, "only one IP sends there"),
        ({("mta1", "", "v1", REPUTATION): Tally(600, 400)}, "the source IPs are not known"),
        (mail({}, rest=2), "24 replies on 12 IPs are too few to compare them"),
        (mail({IPS[0]: 30}, rest=0), "some look worse, but 30 replies are too few to be sure"),
        (
            mail(dict(zip(IPS, (30, 30, 30, 200, 200, 200, 200, 200, 250, 300, 450, 450), strict=True))),
            "the 12 IPs differ, and none clearly stands out",
        ),
    ],
)
def test_cannot_tell_is_an_answer_with_its_reason(cells: dict[Key, Tally], reason: str) -> None:
    found = located(cells)
    assert (found.kind, found.reason) == (Kind.CANNOT_TELL, reason)
    assert found.evidence == (f"cannot tell where it sits: {reason}",)
    assert not found.narrow


def test_others_without_one_such_reply_are_told_in_words() -> None:
    found = located(mail(dict.fromkeys(IPS[:3], 600), rest=0))
    assert found.evidence[-1] == "60% of their attempts get such a reply, none of the others"
