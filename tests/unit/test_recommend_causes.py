"""Recommendation by cause and place: two causes at once, how sure, what is not recommended and why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.category import Category
from bot.core.change import Plan
from bot.core.diagnosis import Considered, Diagnosis, Strength
from bot.core.finding import Cause, Causes, Contrast, Elsewhere, Kind, Part
from bot.core.model import Tally
from bot.core.tier import Tier
from bot.playbook.load import load_playbooks
from bot.playbook.plan import make_plan
from bot.playbook.recommend import recommend, with_recommendation
from bot.playbook.situation import about, danger_beside
from tests.playbook_samples import BAD, IPS, PLAYBOOKS, diagnosis, facts, vmta_of

SHIPPED = load_playbooks(PLAYBOOKS)
BY_NAME = {playbook.name: playbook for playbook in SHIPPED}
LISTED = IPS[7]


def cause(category: Category, count: int, *ips: str, severity: int = 3, weak: str = "") -> Cause:
    parts = tuple(Part(ip, count // max(1, len(ips)), 1000) for ip in ips)
    vmtas = tuple(Part(vmta_of(ip), count // max(1, len(ips)), 1000) for ip in ips)
    return Cause(category, severity, "", "", count, 0, 0.5, 0.4, 0.6, (), parts, vmtas, weak=weak)


def at(kind: Kind, *ips: str, elsewhere: Elsewhere = Elsewhere.UNKNOWN, **told: object) -> Contrast:
    vmtas = tuple(vmta_of(ip) for ip in ips)
    plain = Contrast(kind, tuple(Part(ip, 900, 1000) for ip in ips), 12, 0.9, ips, vmtas, elsewhere)
    return replace(plain, **told)  # type: ignore[arg-type]


def paced_and_listed(**changed: object) -> Diagnosis:
    """Gmail paces all IPs; one of them is on a blocklist."""
    paced = cause(Category.THROTTLE_NORMAL, 2000, *IPS)
    listed = cause(Category.BLOCKLIST, 400, LISTED, severity=4)
    plain = diagnosis(
        "gmail",
        Tier.MIXED,
        Category.THROTTLE_NORMAL,
        causes=Causes((paced, listed), paced, listed),
        contrast=at(Kind.ALL),
        danger_at=at(Kind.IPS, LISTED),
    )
    return replace(plain, **changed)  # type: ignore[arg-type]


def test_where_pacing_needs_nothing_the_danger_beside_it_is_answered() -> None:
    found = recommend(paced_and_listed(), SHIPPED)
    assert [(offer.playbook, offer.targets) for offer in found.offers] == [("blocklist", (LISTED,))]
    assert found.offers[0].why.startswith("It alone carries 100 % of the trouble")
    assert found.offers[0].strength is Strength.SURE
    assert "Look the IPs up on the lists" in found.advice
    assert "Beside it: Normal pacing (4.2.1), nothing to do" in found.advice
    assert found.check[0].startswith("Look the IP up")
    assert [page.text for page in found.pages] == ["Spamhaus lookup"]


def test_what_is_planned_is_what_was_offered() -> None:
    plan = make_plan(BY_NAME["blocklist"], paced_and_listed(), 1, facts())
    assert isinstance(plan, Plan)
    assert {step.source_ip for step in plan.steps} == {LISTED}
    assert plan.why == recommend(paced_and_listed(), SHIPPED).offers[0].why


def test_a_weak_danger_is_not_acted_on() -> None:
    few = cause(Category.BLOCKLIST, 7, LISTED, severity=4, weak="only 7 replies")
    found = paced_and_listed(causes=Causes((few,), None, few))
    assert danger_beside(found) is None
    assert recommend(found, SHIPPED).offers == ()


def test_a_clear_rate_does_not_hide_what_is_refused_for_good() -> None:
    said = recommend(paced_and_listed(tier=Tier.CLEAR), SHIPPED)
    assert (said.offers, said.advice) == (
        (), "Little is deferred, but 400 replies speak of IP on a blocklist: look at them.",
    )  # fmt: skip


def test_too_little_mail_does_not_hide_it_either() -> None:
    said = recommend(paced_and_listed(tier=Tier.CLEAR, now=Tally(3, 0, 400)), SHIPPED)
    assert said.advice == (
        "Not enough mail to judge (3 of 50 attempts), but 400 replies speak of IP on a blocklist: look at them."
    )


@pytest.mark.parametrize(
    ("category", "bounced", "said"),
    [
        (
            Category.RATE_LIMIT,
            300,
            "Little is deferred, but 300 recipients were refused for good (rate limit): look at the replies.",
        ),
        (Category.RATE_LIMIT, 100, "Nothing to do."),
        (Category.NETWORK, 300, "Nothing to do."),  # expired: nobody refused it
    ],
)
def test_much_mail_that_is_refused_is_never_nothing_to_do(category: Category, bounced: int, said: str) -> None:
    refused = replace(cause(category, bounced), deferred=0, bounced=bounced)
    found = paced_and_listed(tier=Tier.CLEAR, now=Tally(900, 0, bounced), causes=Causes((refused,), refused))
    assert recommend(found, SHIPPED).advice == said


def test_a_playbook_is_about_one_cause_only() -> None:
    found = paced_and_listed()
    assert about(BY_NAME["gmail-throttle"], found) is found
    assert about(BY_NAME["blocklist"], found).cause is Category.BLOCKLIST
    assert about(BY_NAME["microsoft-rp001"], found) is found  # fits neither


@pytest.mark.parametrize(
    ("where", "targets"),
    [
        (at(Kind.IPS, *BAD[:2]), set(BAD[:2])),
        (at(Kind.HOSTS, *BAD), set(BAD)),
        (None, set(BAD)),  # by the counts alone
    ],
)
def test_only_what_carries_it_is_touched(where: Contrast | None, targets: set[str]) -> None:
    found = diagnosis("microsoft", Tier.REPUTATION, Category.REPUTATION_IP, contrast=where)
    first = recommend(found, SHIPPED).offers[0]
    assert (first.playbook, set(first.targets)) == ("microsoft-rp001", targets)


def test_queues_of_what_carries_it_only() -> None:
    found = diagnosis("gmail", Tier.REPUTATION, Category.RATE_LIMIT, contrast=at(Kind.IPS, BAD[1]))
    first = recommend(found, SHIPPED).offers[0]
    assert first.targets == (f"mta2 gmail.com/{vmta_of(BAD[1])}",)


@pytest.mark.parametrize(
    ("doubt", "weak", "kind", "strength"),
    [
        ("", "", Kind.IPS, Strength.SURE),
        ("x and y are about as common", "", Kind.IPS, Strength.LIKELY),
        ("", "", Kind.CANNOT_TELL, Strength.LIKELY),
        ("", "only 12 replies", Kind.CANNOT_TELL, Strength.WEAK),
    ],
)
def test_how_sure(doubt: str, weak: str, kind: Kind, strength: Strength) -> None:
    line = cause(Category.RATE_LIMIT, 900, *BAD, weak=weak)
    found = diagnosis(
        "gmail", Tier.MIXED, Category.RATE_LIMIT, causes=Causes((line,), line, doubt=doubt), contrast=at(kind, *BAD)
    )
    assert recommend(found, SHIPPED).offers[0].strength is strength


def not_recommended(found: Diagnosis, *exclude: str) -> dict[str, str]:
    return {one.playbook: one.why_not for one in recommend(found, SHIPPED, exclude=exclude).considered}


def test_what_only_a_worse_rate_asks_for() -> None:
    found = diagnosis("microsoft", Tier.MIXED, Category.REPUTATION_IP, contrast=at(Kind.IPS, *BAD))
    assert not_recommended(found) == {"hold-mail": "only in the reputation tier"}


def test_what_is_in_force() -> None:
    found = diagnosis("gmail", Tier.MIXED, Category.REPUTATION_IP, contrast=at(Kind.IPS, *BAD))
    assert not_recommended(found, "gmail-reputation")["gmail-reputation"] == "in force already"


def test_why_nothing_is_done_about_an_outage() -> None:
    found = diagnosis("apple", Tier.BLOCK, Category.SERVER_ERROR, contrast=at(Kind.ALL))
    assert set(not_recommended(found).values()) == {
        "The replies speak of the provider's own trouble or of failed connections"
    }


def test_good_mail_is_not_held_for_one_isp() -> None:
    clean = at(Kind.IPS, *BAD, elsewhere=Elsewhere.CLEAN, clean_at=("Yahoo",))
    found = diagnosis("comcast", Tier.BLOCK, Category.BLOCKLIST, contrast=clean)
    assert not_recommended(found)["pause-vmtas"] == "the same IPs are clean at Yahoo: it would hold good mail"
    bad = diagnosis("comcast", Tier.BLOCK, Category.BLOCKLIST, contrast=at(Kind.IPS, *BAD, elsewhere=Elsewhere.BAD))
    assert "pause-vmtas" in [offer.playbook for offer in recommend(bad, SHIPPED).offers]


def test_no_ip_is_accused_where_it_cannot_be_told() -> None:
    untold = at(Kind.CANNOT_TELL, reason="24 replies on 12 IPs are too few to compare them")
    found = diagnosis("comcast", Tier.MIXED, Category.BLOCKLIST, contrast=untold)
    assert not_recommended(found)["blocklist"] == (
        "which IPs it is cannot be told: 24 replies on 12 IPs are too few to compare them"
    )


def test_a_campaign_is_named_and_no_ip_is_switched_off() -> None:
    where = Contrast(Kind.CAMPAIGNS, (Part("winback", 900, 1000), Part("digest", 800, 1000)), 6, 0.9)
    found = diagnosis("gmail", Tier.REPUTATION, Category.RATE_LIMIT, contrast=where)
    said = recommend(found, SHIPPED)
    assert said.advice.startswith("Pause winback and digest where it is sent from (rate limit)")
    assert said.offers == ()
    assert not_recommended(found)["gmail-block"] == "the trouble is in one campaign, not in the IPs"


def test_the_diagnosis_holds_all_of_it() -> None:
    found = with_recommendation(paced_and_listed(), SHIPPED)
    said = recommend(paced_and_listed(), SHIPPED)
    assert (found.offers, found.advice, found.considered, found.check, found.pages) == (
        said.offers, said.advice, said.considered, said.check, said.pages,
    )  # fmt: skip
    assert all(isinstance(one, Considered) for one in found.considered)
