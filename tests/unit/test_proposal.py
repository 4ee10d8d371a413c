"""A proposed rule always loads, matches its replies and takes nobody else's."""

from __future__ import annotations

import functools
import re

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.category import Category
from bot.core.classify import GENERIC, Classifier, Rule
from bot.core.pattern import read_pattern
from bot.core.proposal import SAMPLES, Known, Proposal, propose
from bot.core.reply import clean, template
from bot.core.unknown import Cluster, Seen, clusters
from bot.knowledge import shipped_playbooks
from bot.playbook.load import load_packs
from bot.playbook.local_rules import LocalPack, lint_local
from bot.playbook.patterns import fault_of
from bot.playbook.rule_pack import RulePack

ISPS = ("gmail", "yahoo")
WORDS = st.sampled_from(
    [
        "gate",
        "Held",
        "(zorg)",
        "a|b",
        "[x]",
        "c:\\d",
        "$5",
        "mail.",
        "<!here>",
        "`rm`",
        "…",
        "ﬁsh",
        "a*b",
        "naïve",
        "said:",
    ]
)
REPLIES = st.builds(
    lambda code, words, rest: f"{code} {' '.join(words)}{rest}",
    st.sampled_from(["421", "550 5.7.1", "smtp;450", ""]),
    st.lists(WORDS, max_size=12),
    st.text(max_size=30),
)


@functools.cache
def packs() -> tuple[RulePack, ...]:
    return load_packs(shipped_playbooks() / "replies")


@functools.cache
def known() -> Known:
    return Known([text for pack in packs() for _, _, _, spec in pack.specs() for text in spec.examples])


def together(*replies: str, isp: str = "gmail") -> Cluster:
    return clusters([Seen(isp, template(reply), 1, reply) for reply in replies])[0]


def proposed(*replies: str, isp: str = "gmail", beside: tuple[str, ...] = ()) -> Proposal:
    return propose(together(*replies, isp=isp), Known(beside), ISPS)


def rule_of(proposal: Proposal) -> Rule:
    return Rule("x/local", proposal.provider, proposal.pattern, Category.OTHER, 1, "m", "c", "")


@settings(max_examples=300)
@given(st.lists(REPLIES, min_size=1, max_size=8))
def test_a_pattern_is_safe_and_takes_every_reply_of_its_cluster(replies: list[str]) -> None:
    for cluster in clusters([Seen("gmail", template(reply), 1, reply) for reply in replies]):
        proposal = propose(cluster, known(), ISPS)
        if not proposal.pattern:
            continue
        assert fault_of(proposal.pattern) == ""
        read_pattern(proposal.pattern)
        asked = Classifier([rule_of(proposal)])
        for text in (*(member.sample for member in cluster.members), *proposal.samples):
            assert asked.decide(text, "gmail").rule_id == "x/local"


@settings(max_examples=100)
@given(st.lists(REPLIES, min_size=1, max_size=5))
def test_a_pattern_takes_no_example_of_a_shipped_rule(replies: list[str]) -> None:
    cluster = clusters([Seen("gmail", template(reply), 1, reply) for reply in replies])[0]
    pattern = propose(cluster, known(), ISPS).pattern
    examples = [text for pack in packs() for _, _, _, spec in pack.specs() for text in spec.examples]
    assert not pattern or not [text for text in examples if re.search(pattern, clean(text), re.IGNORECASE)]


def test_the_most_telling_words_are_chosen() -> None:
    beside = ("550 your message was not accepted for delivery",) * 5
    found = proposed("550 your message was not accepted for delivery by the zorgonaut bastion", beside=beside)
    assert "zorgonaut bastion" in found.pattern


def test_words_that_others_say_too_need_a_second_run() -> None:
    beside = ("550 zorg gateway says", "550 held for later zeal")
    found = proposed("550 zorg gateway * held for later", beside=beside)
    assert found.pattern == r"\bzorg gateway\b.{0,120}\bheld for later\b"


@pytest.mark.parametrize(
    "reply",
    [
        "421 sorry",  # too little
        "550 192.0.2.1 ann@example.org",  # nothing but what varies
        "550 5.7.1",  # no words
    ],
)
def test_without_words_of_their_own_there_is_no_pattern(reply: str) -> None:
    assert proposed(reply).pattern == ""


def test_replies_of_several_isps_become_a_rule_for_everybody() -> None:
    found = [Seen(isp, "550 zorg gateway held it", 1) for isp in ("gmail", "yahoo")]
    assert propose(clusters(found)[0], Known(()), ISPS).provider == GENERIC
    assert proposed("550 zorg gateway held it").provider == "gmail"
    assert proposed("550 zorg gateway held it", isp="example.org").provider == GENERIC  # no ISP of the catalog


def test_samples_are_few_and_name_no_recipient() -> None:
    found = proposed(*(f"550 zorg gateway held it for ann{i}@example.org from Dublin{i}" for i in range(9)))
    assert 1 <= len(found.samples) <= SAMPLES
    assert not [text for text in found.samples if "ann" in text]


def test_a_rule_whose_replies_another_takes_is_known() -> None:
    first, second = proposed("550 zorg gateway held it"), proposed("421 zorg gateway held it", isp="gmail")
    assert second.is_taken_by(first)
    assert not proposed("550 quux bastion let go").is_taken_by(first)


def test_what_it_takes_besides_is_told() -> None:
    found = clusters([Seen("gmail", text, 1) for text in ("550 zorg gateway", "421 zorg gateway", "550 quux bastion")])
    first = propose(found[0], Known((), found), ISPS, found)
    assert [other.shape for other in first.also] == [first.cluster.shape]
    assert found[1].shape == ("quux", "bastion")
    assert propose(found[1], Known((), found), ISPS, found).also == ()


def test_words_that_one_other_kind_has_are_not_chosen() -> None:
    tail = "for more of this go to the page that tells"
    found = clusters([Seen("gmail", f"550 {word} {tail}", 1) for word in ("unzorgable", "quuxified")])
    assert [propose(kind, Known((), found), ISPS, found).also for kind in found] == [(), ()]


@settings(max_examples=50)
@given(REPLIES)
def test_a_proposal_survives_lint(reply: str) -> None:
    proposal = proposed(reply)
    if not proposal.pattern:
        return
    text = yaml.safe_dump(
        {
            "provider": proposal.provider,
            "phrases": [
                {
                    "id": "mine",
                    "pattern": proposal.pattern,
                    "category": "rate_limit",
                    "severity": 2,
                    "meaning": "A reply.",
                    "check": "Read it.",
                    "examples": list(proposal.samples),
                }
            ],
        }
    )
    local = LocalPack.model_validate(yaml.safe_load(text))
    assert (
        lint_local(local, packs(), ("gmail", *(isp for pack in packs() for isp in (pack.provider, *pack.also)))) == []
    )
