"""What a reply means: ordered rules over its text, the provider's own codes first. Pure.

Order, the first match decides: a provider's tokens, a provider's phrases, phrases anybody uses, enhanced
status, bare code. So the text beats the code. The rules are data (`playbooks/replies/*.yaml`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from bot.core.category import Category
from bot.core.reply import clean

GENERIC = "generic"
"""The provider of rules that hold for everybody."""

LONGEST = 2000
"""Reply text is the far end's: what stands beyond is not read."""

REMEMBERED = 8192


class Stage(IntEnum):
    """What a rule looks at; an earlier stage is asked first."""

    TOKEN = 0
    PHRASE = 1
    STATUS = 2
    CODE = 3


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


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one reply means. `rule_id` is "" where no rule matched."""

    category: Category
    severity: int
    meaning: str
    check: str
    link: str
    rule_id: str


NOT_UNDERSTOOD = Verdict(
    Category.OTHER, 1, "No rule knows this reply.", "Read the text; if it repeats, add a rule for it.", "", ""
)

_WORDS = (Stage.TOKEN, Stage.PHRASE)
_Compiled = tuple[re.Pattern[str], Verdict]


class Classifier:
    """Answers for every text, deterministically. Thread-safe; remembers a bounded number of texts."""

    def __init__(self, rules: Sequence[Rule], signatures: Mapping[str, Sequence[str]] | None = None) -> None:
        """`rules`: in the order of their files. `signatures`: provider -> patterns that give its replies away
        behind a foreign domain; its rules then hold there too."""
        self.rules = tuple(rules)
        self._asked: dict[tuple[str, bool], list[_Compiled]] = {}
        for rule in sorted(rules, key=lambda rule: rule.stage):
            compiled = (re.compile(rule.pattern, re.IGNORECASE), _verdict(rule))
            self._asked.setdefault((rule.provider, rule.stage in _WORDS), []).append(compiled)
        self._signatures = tuple(
            (provider, re.compile(pattern, re.IGNORECASE))
            for provider, patterns in (signatures or {}).items()
            for pattern in patterns
        )
        self._remembered = lru_cache(maxsize=REMEMBERED)(self._decide)

    def classify(self, reply: str, isp: str) -> Verdict:
        """The meaning of one raw reply (or reply template) from `isp`; `NOT_UNDERSTOOD` where no rule matches."""
        return self._remembered(reply[:LONGEST], isp)

    def _decide(self, reply: str, isp: str) -> Verdict:
        text = clean(reply)
        providers = (*self._providers(text, isp), GENERIC)
        for words in (True, False):
            for provider in providers:
                for pattern, verdict in self._asked.get((provider, words), ()):
                    if pattern.search(text):
                        return verdict
        return NOT_UNDERSTOOD

    def _providers(self, text: str, isp: str) -> list[str]:
        """The ISP itself, then any other provider whose signature the text carries."""
        found = [isp]
        for provider, pattern in self._signatures:
            if provider not in found and pattern.search(text):
                found.append(provider)
        return found


def _verdict(rule: Rule) -> Verdict:
    return Verdict(rule.category, rule.severity, rule.meaning, rule.check, rule.link, rule.id)
