"""Which playbook is recommended: the response protocol's tables, row by row."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.category import Category
from bot.core.diagnosis import HostLine
from bot.core.tier import Tier
from bot.playbook.load import load_playbooks
from bot.playbook.recommend import offers
from tests.playbook_samples import PLAYBOOKS, diagnosis, queues, shares, tally

SHIPPED = load_playbooks(PLAYBOOKS)
NOBODY = ""


@pytest.mark.parametrize(
    ("isp", "tier", "cause", "first"),
    [
        # tiers
        ("example.com", Tier.THROTTLE, None, NOBODY),
        ("example.com", Tier.MIXED, None, "tier-mixed"),
        ("example.com", Tier.REPUTATION, None, "tier-reputation"),
        ("example.com", Tier.BLOCK, None, "tier-block"),
        # root causes
        ("gmail", Tier.REPUTATION, Category.REPUTATION_IP, "gmail-reputation"),
        ("gmail", Tier.REPUTATION, Category.RATE_LIMIT, "gmail-reputation"),
        ("gmail", Tier.BLOCK, Category.REPUTATION_IP, "gmail-block"),
        ("microsoft", Tier.REPUTATION, Category.REPUTATION_IP, "microsoft-rp001"),
        ("microsoft", Tier.MIXED, Category.CONNECTION_LIMIT, "microsoft-rp002"),
        ("gmail", Tier.MIXED, Category.SPAM_COMPLAINTS, "spam-spike"),
        ("yahoo", Tier.MIXED, Category.SPAM_COMPLAINTS, "yahoo-tss04"),
        ("gmail", Tier.MIXED, Category.AUTHENTICATION, NOBODY),
        ("gmail", Tier.BLOCK, Category.AUTHENTICATION, "hold-mail"),
        ("microsoft", Tier.BLOCK, Category.BLOCKLIST, "microsoft-banned"),
        ("comcast", Tier.BLOCK, Category.BLOCKLIST, "blocklist"),
        ("apple", Tier.MIXED, Category.POLICY_BLOCK, "policy-block"),
        ("apple", Tier.MIXED, Category.CONTENT_SPAM, NOBODY),
        # provider steps
        ("gmail", Tier.THROTTLE, Category.THROTTLE_NORMAL, NOBODY),
        ("gmail", Tier.MIXED, Category.THROTTLE_NORMAL, NOBODY),
        ("gmail", Tier.REPUTATION, Category.THROTTLE_NORMAL, "connection-limit"),
        ("apple", Tier.BLOCK, Category.SERVER_ERROR, NOBODY),
        ("apple", Tier.BLOCK, Category.NETWORK, NOBODY),
        ("comcast", Tier.MIXED, Category.GREYLIST, NOBODY),
        ("comcast", Tier.MIXED, Category.RATE_LIMIT, "connection-limit"),
    ],
)
def test_the_protocol_is_applied(isp: str, tier: Tier, cause: Category | None, first: str) -> None:
    found, advice = offers(diagnosis(isp, tier, cause), SHIPPED)
    assert (found[0].playbook if found else NOBODY) == first
    assert advice


def test_normal_pacing_says_that_nothing_is_to_be_done() -> None:
    _, advice = offers(diagnosis("gmail", Tier.MIXED, Category.THROTTLE_NORMAL), SHIPPED)
    assert advice == "Normal pacing (4.2.1), nothing to do; do not raise connections."


def test_titles_and_reasons_name_the_evidence() -> None:
    found, _ = offers(diagnosis("microsoft", Tier.REPUTATION, Category.REPUTATION_IP), SHIPPED)
    assert found[0].title == "Disable the 3 worst Microsoft IPs for 4 h"
    assert "91 %" in found[0].why
    assert found[0].stops_mail


def test_one_target_is_named_in_the_singular() -> None:
    one = shares(("192.0.2.10", 100, 60), ("192.0.2.11", 1000, 5))
    found, _ = offers(diagnosis("microsoft", Tier.REPUTATION, Category.REPUTATION_IP, ips=one), SHIPPED)
    assert found[0].title == "Disable the worst Microsoft IP for 4 h"


def test_slowing_down_is_no_danger() -> None:
    found, _ = offers(diagnosis("gmail", Tier.REPUTATION, Category.RATE_LIMIT), SHIPPED)
    assert [offer.stops_mail for offer in found] == [offer.playbook != "gmail-reputation" for offer in found]
    assert found[0].playbook == "gmail-reputation"


def test_what_is_active_is_not_offered_again_even_under_another_name() -> None:
    found, advice = offers(diagnosis(), SHIPPED, exclude={"gmail-reputation"})
    names = [offer.playbook for offer in found]
    assert "gmail-reputation" not in names
    assert "tier-reputation" not in names  # it would do the same
    assert "hold-mail" in names
    assert advice.startswith("Check Postmaster Tools")


def test_queues_in_backoff_mode_already_are_no_target() -> None:
    """Where slowing is done and does not help, the next stronger measure comes first."""
    slowed = tuple(replace(queue, mode="backoff") for queue in queues())
    found, _ = offers(diagnosis(queues=slowed), SHIPPED)
    assert [offer.playbook for offer in found] == ["gmail-block", "hold-mail"]


def test_two_playbooks_that_come_to_the_same_ip_are_one_offer() -> None:
    one = shares(("192.0.2.10", 1000, 900), ("192.0.2.11", 1000, 5))
    found, _ = offers(diagnosis("apple", Tier.BLOCK, Category.BLOCKLIST, ips=one), SHIPPED)
    names = [offer.playbook for offer in found]
    assert names[0] == "blocklist"
    assert "tier-block" not in names  # the one affected IP is the one worst IP


def test_worst_ips_are_not_made_up_where_all_are_alike() -> None:
    alike = shares(*((f"192.0.2.{n}", 1000, 300) for n in range(10, 20)))
    found, _ = offers(diagnosis("apple", Tier.BLOCK, Category.BLOCKLIST, ips=alike), SHIPPED)
    assert "blocklist" not in [offer.playbook for offer in found]
    assert found[0].playbook == "tier-block"  # it takes every affected IP, and says so


def test_without_queues_there_is_nothing_to_point_at() -> None:
    found, advice = offers(diagnosis(queues=()), SHIPPED)
    assert found == ()
    assert advice


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"tier": Tier.CLEAR}, "Nothing to do."),
        ({"tier": Tier.CLEAR, "now": tally(31, 20)}, "Not enough mail to judge (31 of 50 attempts)."),
        (
            {"hosts": (HostLine("mta1", None, "no answer"),)},
            "No host can be seen now: nothing is recommended on stale data.",
        ),
    ],
)
def test_no_recommendation_without_a_finding(changed: dict[str, object], said: str) -> None:
    assert offers(replace(diagnosis(), **changed), SHIPPED) == ((), said)  # type: ignore[arg-type]


def test_without_any_playbook_people_are_told() -> None:
    found, advice = offers(diagnosis(), ())
    assert found == ()
    assert "No playbook fits" in advice
