"""Replies nobody understands, put together: the same for any order, bounded for any text."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.category import Category
from bot.core.classify import Classifier, Rule, Stage
from bot.core.reply import template
from bot.core.unknown import FIXED, VARIES_FROM, Cluster, Seen, Why, clusters, why_unknown

WORDS = st.sampled_from(
    ["the", "gate", "held", "*", "ann", "bob", "cat", "mx.example.org", "421", "ﬁ", "\x1b", "İ", "<!here>"]
)
TEMPLATES = st.lists(WORDS, max_size=9).map(" ".join) | st.text(max_size=200)
SEEN = st.builds(Seen, st.sampled_from(["gmail", "yahoo", "example.org"]), TEMPLATES, st.integers(1, 9))


def seen(*replies: str, isp: str = "gmail") -> list[Seen]:
    return [Seen(isp, template(reply), 1, reply) for reply in replies]


def said(who: Sequence[str]) -> list[Seen]:
    return seen(*(f"550 the gate held {name} back today" for name in who))


@given(st.lists(SEEN, max_size=30), st.randoms(use_true_random=False))
def test_order_does_not_matter(found: list[Seen], chance: random.Random) -> None:
    turned = list(found)
    chance.shuffle(turned)
    assert clusters(turned) == clusters(found)


@given(st.lists(SEEN, max_size=30))
def test_every_reply_is_in_one_cluster(found: list[Seen]) -> None:
    members = [member for cluster in clusters(found) for member in cluster.members]
    assert sorted(members, key=repr) == sorted(found, key=repr)


@given(st.lists(SEEN, min_size=1, max_size=30))
def test_any_members_id_finds_its_cluster(found: list[Seen]) -> None:
    for cluster in clusters(found):
        assert cluster.id in cluster.ids
        assert cluster.count == sum(cluster.isps.values())


@pytest.mark.parametrize(
    ("who", "kinds"),
    [
        (("ann", "bob", "cat"), 1),  # a word with three values varies
        (("ann", "bob"), 2),  # two values may be two meanings
        (("mx.example.org", "relay.example.net"), 1),  # a host name varies at once
        (("192.0.2.1", "192.0.2.2"), 1),  # so does what is masked
    ],
)
def test_wordings_are_one_where_a_word_varies(who: Sequence[str], kinds: int) -> None:
    assert len(clusters(said(who))) == kinds
    assert VARIES_FROM == 3


def test_short_replies_stay_apart() -> None:
    """With fewer fixed words around it the word that differs is the meaning."""
    found = clusters(seen(*(f"550 mail was {word}" for word in ("held", "refused", "lost", "sold"))))
    assert len(found) == 4
    assert FIXED == 4


def test_codes_keep_wordings_apart() -> None:
    assert len(clusters(seen("421 the gate held mail", "550 the gate held mail"))) == 2


def test_most_frequent_first_over_all_isps() -> None:
    few, many = seen("421 the gate fell")[0], Seen("yahoo", "450 the gate stands", 3)
    also = Seen("example.org", "450 the gate stands", 5)
    first, second = clusters([few, many, also])
    assert (first.count, first.isps) == (8, {"example.org": 5, "yahoo": 3})
    assert second.members == (few,)


def test_no_more_than_so_many_are_looked_at() -> None:
    found = clusters([Seen("gmail", f"550 {'x' * place}", place) for place in range(1, 60)], most=10)
    assert sorted(member.count for cluster in found for member in cluster.members) == list(range(50, 60))


@given(st.lists(st.text("ab *.\x00\u202e", min_size=150, max_size=200), max_size=40))
def test_hostile_texts_are_only_texts(texts: list[str]) -> None:
    found = clusters([Seen("gmail", text, 1) for text in texts])
    assert sum(cluster.count for cluster in found) == len(texts)


def rule(name: str, stage: Stage, pattern: str, provider: str = "generic") -> Rule:
    return Rule(f"{provider}/{name}", provider, pattern, Category.POLICY_BLOCK, 2, "m", "c", "", stage)


RULES = (
    rule("words", Stage.PHRASE, "house rule"),
    rule("status", Stage.STATUS, r"[45]\.\d\.\d"),
    rule("own", Stage.STATUS, r"4\.7\.0", "gmail"),
    rule("code", Stage.CODE, "^421"),
)


@pytest.mark.parametrize(
    ("reply", "isp", "expected"),
    [
        ("421 4.7.0 house rule", "yahoo", None),  # words are understood
        ("421 try later", "yahoo", Why.CODE),  # a bare code says nothing
        ("450 try later", "yahoo", Why.NOTHING),  # no rule at all
        ("554 5.7.1 go", "yahoo", Why.STATUS),  # "refused" without a reason
        ("554 5.1.1 go", "yahoo", None),  # a status that says what is wrong
        ("421 4.7.0 go", "gmail", None),  # a status its provider documents
    ],
)
def test_understood_is_what_more_than_a_code_decides(reply: str, isp: str, expected: Why | None) -> None:
    verdict = Classifier(RULES).decide(reply, isp)
    assert why_unknown(RULES)(verdict, reply) is expected


def test_a_cut_word_is_no_word() -> None:
    long = "550 " + "gate " * 45
    cut = [Seen("gmail", f"{long[:190]}{tail}", 1) for tail in ("gatewayab", "gatewayxy")]
    found = clusters(cut)
    assert [type(cluster) for cluster in found] == [Cluster]
