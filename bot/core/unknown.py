"""Replies that no rule understands, those of one wording together. Pure.

Templates are masked already (`core.reply`), so what is left to find are words that vary: a host, a name. Two
templates belong together where they are equal but for such words. Their order does not matter.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from bot.core.category import Category
from bot.core.classify import GENERIC, Rule, Stage, Verdict
from bot.core.model import Window
from bot.core.reply import MASK, TEMPLATE_LENGTH, codes

MOST = 3_000
"""Templates that are put together, the most frequent ones; a far end that makes texts up costs no more."""
WORDS = 24
"""Words of a template that are tried as the one that varies."""
VARIES_FROM = 3
"""A word takes so many values before it counts as variable: two are as likely two meanings."""
FIXED = 4
"""Words that must stay the same beside it."""

_LONGEST_WORD = 40
_HOST = re.compile(r"\W*(?:[\w-]+\.)+[a-z]{2,}\W*", re.IGNORECASE | re.ASCII)
_SAYS_LITTLE = re.compile(r"[45]\.(?:\d\.0|7\.1)")
"""Statuses for "other" and for a refusal without a reason (RFC 3463)."""

Shape = tuple[str, ...]
_Key = tuple[tuple[str, str], Shape]


class Why(StrEnum):
    """What decided instead of the text; the value completes "decided by …"."""

    NOTHING = "nothing"
    CODE = "its code alone"
    STATUS = "its status alone"


@dataclass(frozen=True, slots=True)
class Seen:
    """One reply template of one ISP. `count`: deferrals and bounces; `sample`: a whole reply, "" where none is kept;
    `guess`: what code and status alone make of it."""

    isp: str
    template: str
    count: int
    sample: str = ""
    why: Why = Why.NOTHING
    guess: Category = Category.OTHER

    @property
    def text(self) -> str:
        """What is classified."""
        return self.sample or self.template


@dataclass(frozen=True, slots=True)
class Cluster:
    """Replies of one wording, most frequent first. `shape`: their common words, `*` for what varies."""

    shape: Shape
    codes: tuple[str, str]
    members: tuple[Seen, ...]

    @property
    def id(self) -> str:
        """Of the most frequent member. Any member's id finds the cluster (`ids`), so it may grow between two looks."""
        return id_of(self.members[0].template)

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(id_of(member.template) for member in self.members)

    @property
    def count(self) -> int:
        return sum(member.count for member in self.members)

    @property
    def isps(self) -> dict[str, int]:
        """ISP -> replies, most first."""
        sums: dict[str, int] = defaultdict(int)
        for member in self.members:
            sums[member.isp] += member.count
        return dict(sorted(sums.items(), key=lambda item: (-item[1], item[0])))


@dataclass(frozen=True, slots=True)
class Unknown:
    """What was not understood in `window`, most frequent first. `isp` is "" for all.

    `replies`: all that were counted; `not_kept`: those whose text was not kept apart, or too rare to be looked at;
    `understood`: texts that a rule knows, most frequent first.
    """

    at: datetime
    window: Window
    isp: str
    clusters: tuple[Cluster, ...]
    replies: int
    not_kept: int = 0
    understood: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        return sum(cluster.count for cluster in self.clusters)

    def named(self, id_: str) -> Cluster | None:
        return next((cluster for cluster in self.clusters if id_ in cluster.ids), None)


def id_of(template: str) -> str:
    """A short name that stays the same; eight letters of hex."""
    return sha256(template.encode("utf-8", "replace")).hexdigest()[:8]


def why_unknown(rules: Iterable[Rule]) -> Callable[[Verdict, str], Why | None]:
    """A question: (verdict, reply) -> what decided instead of the text, None where a rule understood it.

    A status counts as understood where it says more than "refused".
    """
    bare = {rule.id for rule in rules if rule.stage is Stage.CODE}
    status = {rule.id for rule in rules if rule.stage is Stage.STATUS and rule.provider == GENERIC}

    def why(verdict: Verdict, reply: str) -> Why | None:
        if not verdict.rule_id:
            return Why.NOTHING
        if verdict.rule_id in bare:
            return Why.CODE
        little = verdict.rule_id in status and _SAYS_LITTLE.fullmatch(codes(reply)[1])
        return Why.STATUS if little else None

    return why


def clusters(seen: Iterable[Seen], most: int = MOST) -> tuple[Cluster, ...]:
    """Most frequent first. The same for any order of `seen`; work and memory are bounded by `most`."""
    ordered = sorted(seen, key=lambda one: (-one.count, one.template, one.isp, one.sample))[:most]
    by_key: dict[_Key, list[Seen]] = defaultdict(list)
    for one in ordered:
        by_key[_key(one.template)].append(one)
    groups: dict[_Key, list[_Key]] = defaultdict(list)
    root = _together(by_key)
    for key in by_key:
        groups[root(key)].append(key)
    found = [_cluster(keys, by_key) for keys in groups.values()]
    return tuple(sorted(found, key=lambda cluster: (-cluster.count, cluster.codes, cluster.shape)))


def _cluster(keys: Sequence[_Key], by_key: Mapping[_Key, Sequence[Seen]]) -> Cluster:
    members = [one for key in keys for one in by_key[key]]
    members.sort(key=lambda one: (-one.count, one.template, one.isp, one.sample))
    columns = zip(*(shape for _, shape in keys), strict=True)
    shape = tuple(words[0] if len(set(words)) == 1 else MASK for words in columns)
    return Cluster(shape, keys[0][0], tuple(members))


def _key(template: str) -> _Key:
    """(codes, words with `*` for those that are no words)."""
    head, words = codes(template), template.split()
    while words and words[0] in head:
        words.pop(0)
    if words and len(template) >= TEMPLATE_LENGTH - 1:
        words[-1] = MASK  # it may be cut
    kept: list[str] = []
    for word in (MASK if _varies(word) else word for word in words):
        if word != MASK or kept[-1:] != [MASK]:
            kept.append(word)
    return head, tuple(kept)


def _varies(word: str) -> bool:
    plain = word.isprintable() and len(word.lower()) == len(word) <= _LONGEST_WORD
    return not plain or MASK in word or "…" in word or "@" in word or bool(_HOST.fullmatch(word))


def _together(keys: Collection[_Key]) -> Callable[[_Key], _Key]:
    """A question: which key stands for the group of this one (the first in order)."""
    parents: dict[_Key, _Key] = {key: key for key in keys}

    def root(key: _Key) -> _Key:
        while parents[key] != key:
            parents[key] = parents[parents[key]]
            key = parents[key]
        return key

    for group in _equal_but_one(keys):
        roots = sorted({root(key) for key in group})
        for other in roots[1:]:
            parents[other] = roots[0]
    return root


def _equal_but_one(keys: Iterable[_Key]) -> Iterable[list[_Key]]:
    """Keys that are equal but for one word, where that takes `VARIES_FROM` values or more."""
    around: dict[tuple[tuple[str, str], int, str, str], list[_Key]] = defaultdict(list)
    for key in keys:
        head, shape = key
        if sum(word != MASK for word in shape) > FIXED:
            for place, word in enumerate(shape[:WORDS]):
                if word != MASK:
                    left, right = " ".join(shape[:place]), " ".join(shape[place + 1 :])
                    around[head, place, left, right].append(key)
    return [group for group in around.values() if len(group) >= VARIES_FROM]
