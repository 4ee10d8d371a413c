"""What a reply means: ordered rules over its text, the provider's own codes first. Pure.

Order, the first match decides: a provider's tokens, a provider's phrases, phrases anybody uses, enhanced
status, bare code. So the text beats the code. The rules are data (`playbooks/replies/*.yaml`). A reply quoted
inside another (`mx.example said: 550 …`) is asked first, as it is the cause.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import lru_cache

from bot.core.blame import Blamed, blamed_by
from bot.core.category import Category
from bot.core.finder import Asked, Finder, asked
from bot.core.lasting import is_lasting, is_permanent, is_pressure
from bot.core.reply import clean, quoted
from bot.core.wait import stated_wait_s

GENERIC = "generic"
"""The provider of rules that hold for everybody."""

LONGEST = 2000
"""Reply text is the far end's: what stands beyond is not read."""

REMEMBERED = 32_768


class Stage(IntEnum):
    """What a rule looks at; an earlier stage is asked first."""

    TOKEN = 0
    PHRASE = 1
    STATUS = 2
    CODE = 3


class Confidence(StrEnum):
    """How much the reply said: a provider's own code, words, or no more than a number."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Rule:
    """`pattern` is searched in the cleaned reply, case-insensitive. `provider` is an ISP key or "generic"."""

    id: str
    provider: str
    pattern: str
    category: Category
    severity: int
    """1 note, 2 watch, 3 act today, 4 act now."""
    meaning: str
    check: str
    link: str
    stage: Stage = Stage.PHRASE
    blamed: Blamed | None = None
    """None: read from the reply's words."""
    clears: bool | None = None
    """Whether it clears by itself, whatever its code; None: read from code, category and words."""
    retry_s: int | None = None
    """Seconds to leave the provider alone, as it or practice advises."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one reply means. `rule_id` is "" where no rule matched.

    `permanent` is what the reply's own text says (5xx), not `dsnStatus`. `pressure`: a 5xx that clears by itself,
    so no dead address. `lasting`: a 4xx that will not clear. `retry_hint_s`: the wait the reply states;
    `advised_wait_s`: the one the rule advises. `provider`: the ISP asked for, else the one the text gives away.
    """

    category: Category
    severity: int
    meaning: str
    check: str
    link: str
    rule_id: str
    permanent: bool = False
    blamed: Blamed = Blamed.UNKNOWN
    retry_hint_s: int | None = None
    advised_wait_s: int | None = None
    confidence: Confidence = Confidence.LOW
    pressure: bool = False
    lasting: bool = False
    provider: str = ""


_NO_RULE = Rule(
    id="",
    provider="",
    pattern="",
    category=Category.OTHER,
    severity=1,
    meaning="No rule knows this reply.",
    check="Read the text; if it repeats, add a rule for it.",
    link="",
    stage=Stage.CODE,
)
_CONFIDENCE = {Stage.TOKEN: Confidence.HIGH, Stage.PHRASE: Confidence.MEDIUM}
_WORDS = (Stage.TOKEN, Stage.PHRASE)


class Classifier:
    """Answers for every text, deterministically. Thread-safe; remembers a bounded number of texts."""

    def __init__(
        self,
        rules: Sequence[Rule],
        signatures: Mapping[str, Sequence[str]] | None = None,
        also: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """`rules`: in the order of their files. `signatures`: provider -> patterns that give its replies away
        behind a foreign domain; its rules then hold there too. `also`: provider -> other ISPs its rules hold for."""
        self.rules = tuple(rules)
        by_place: dict[tuple[str, bool], list[Rule]] = defaultdict(list)
        for rule in sorted(rules, key=lambda rule: rule.stage):
            by_place[rule.provider, rule.stage in _WORDS].append(rule)
        self._finders = {place: Finder((rule.pattern, rule) for rule in found) for place, found in by_place.items()}
        self._signatures = Finder(
            (pattern, provider) for provider, patterns in (signatures or {}).items() for pattern in patterns
        )
        self._lent = {isp: provider for provider, isps in (also or {}).items() for isp in isps}
        self._remembered = lru_cache(maxsize=REMEMBERED)(self.decide)
        self._hit: set[str] = set()

    def classify(self, reply: str, isp: str) -> Verdict:
        """The meaning of one raw reply (or reply template) from `isp`; `rule_id` "" where no rule matches."""
        verdict = self._remembered(reply[:LONGEST], isp)
        self._hit.add(verdict.rule_id)
        return verdict

    def never_hit(self) -> list[str]:
        """Ids of the rules that `classify` has not answered by so far, in their order: to be looked at after weeks."""
        return [rule.id for rule in self.rules if rule.id not in self._hit]

    def signed_by(self, reply: str) -> list[str]:
        """Providers whose signature the reply carries, in the order of their packs."""
        return self._signed(asked(clean(reply[:LONGEST])))

    def decide(self, reply: str, isp: str) -> Verdict:
        """As `classify`, but nothing is remembered: a trial of the rules, no reply anybody got."""
        text = clean(reply[:LONGEST])
        whole = asked(text)
        inner = quoted(text)
        rule = next(self._matching((asked(inner), whole) if inner else (whole,), isp), _NO_RULE)
        return _verdict(rule, text, whole, isp or next(iter(self._signed(whole)), ""))

    def _matching(self, texts: Sequence[Asked], isp: str) -> Iterator[Rule]:
        """The rules that match, in the order they decide: the ISP's own, those of who signed the reply (looked up only
        where its own do not decide), everybody's."""
        own = [isp, self._lent[isp]] if isp in self._lent else [isp]
        others: list[str] | None = None
        for words in (True, False):
            for text in texts:
                yield from self._of(own, words, text)
                if others is None:
                    others = [*(provider for provider in self._signed(texts[-1]) if provider not in own), GENERIC]
                yield from self._of(others, words, text)

    def _of(self, providers: Sequence[str], words: bool, text: Asked) -> Iterator[Rule]:
        for provider in providers:
            if finder := self._finders.get((provider, words)):
                yield from finder.found(text)

    def _signed(self, text: Asked) -> list[str]:
        return list(dict.fromkeys(self._signatures.found(text)))


def _verdict(rule: Rule, text: str, reply: Asked, provider: str) -> Verdict:
    permanent = is_permanent(text, rule.category if rule.id else None)
    return Verdict(
        category=rule.category,
        severity=rule.severity,
        meaning=rule.meaning,
        check=rule.check,
        link=rule.link,
        rule_id=rule.id,
        permanent=permanent,
        blamed=blamed_by(rule.category, reply) if rule.blamed is None else rule.blamed,
        retry_hint_s=stated_wait_s(text),
        advised_wait_s=rule.retry_s,
        confidence=_CONFIDENCE.get(rule.stage, Confidence.LOW),
        pressure=permanent and is_pressure(text, rule.category, rule.clears),
        lasting=not permanent and is_lasting(text, rule.clears),
        provider=provider,
    )
