"""The form of a rule pack `playbooks/replies/<provider>.yaml`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from bot.core.blame import Blamed
from bot.core.category import Category
from bot.core.classify import Rule, Stage
from bot.core.durations import parse_duration
from bot.playbook.patterns import fault_of

KEY = r"^[a-z0-9][a-z0-9.-]{1,60}$"
_FORM = ConfigDict(extra="forbid", frozen=True)


def _pattern(text: str) -> str:
    if fault := fault_of(text):
        raise ValueError(fault)
    return text


def _https(text: str) -> str:
    if text and not text.startswith("https://"):
        raise ValueError(f'an https:// link or nothing expected, found "{text}"')
    return text


def _some(found: tuple[str, ...]) -> tuple[str, ...]:
    if not found:
        raise ValueError("at least one reply expected, found none")
    return found


def _joined(value: object) -> object:
    """A list of patterns is one: any of them."""
    if isinstance(value, list) and value and all(isinstance(part, str) for part in value):
        return "|".join(value)
    return value


def _span(value: object) -> object:
    return parse_duration(value) if isinstance(value, str) else value


Pattern = Annotated[str, Field(min_length=3, max_length=2400), BeforeValidator(_joined), AfterValidator(_pattern)]
Wait = Annotated[timedelta, BeforeValidator(_span)]
Sentence = Annotated[str, Field(min_length=3, max_length=240)]


class RuleSpec(BaseModel):
    """One rule. Each example is a whole reply that this rule, and no earlier one, must decide.

    `blames`: who is blamed, where the reply's words do not say. `clears`: yes for a 5xx that clears by itself, no
    for a 4xx that will not. `retry`: how long to leave the provider alone, where that is known.
    """

    model_config = _FORM

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{1,40}$")]
    pattern: Pattern
    category: Category
    severity: Annotated[int, Field(ge=1, le=4)]
    meaning: Sentence
    check: Sentence
    link: Annotated[str, AfterValidator(_https)] = ""
    blames: Blamed | None = None
    clears: bool | None = None
    retry: Wait | None = None
    examples: Annotated[tuple[Annotated[str, Field(min_length=3)], ...], AfterValidator(_some)]


Placed = tuple[Stage, str, int, RuleSpec]
"""Stage, key in the file, place in its list, rule."""


class RulePack(BaseModel):
    """One provider's rules by stage; within a stage the first match decides.

    `signatures` give the provider's replies away where the domain is not known to be its own. `link` is the
    provider's page for rules that name none. `also`: other ISPs that answer with the same texts.
    """

    model_config = _FORM

    provider: Annotated[str, Field(pattern=KEY)]
    link: Annotated[str, AfterValidator(_https)] = ""
    also: tuple[Annotated[str, Field(pattern=KEY)], ...] = ()
    signatures: tuple[Pattern, ...] = ()
    tokens: tuple[RuleSpec, ...] = ()
    phrases: tuple[RuleSpec, ...] = ()
    statuses: tuple[RuleSpec, ...] = ()
    codes: tuple[RuleSpec, ...] = ()

    def specs(self) -> Iterable[Placed]:
        """In the order they are asked."""
        parts = ((Stage.TOKEN, "tokens"), (Stage.PHRASE, "phrases"), (Stage.STATUS, "statuses"), (Stage.CODE, "codes"))
        for stage, key in parts:
            for place, spec in enumerate(getattr(self, key)):
                yield stage, key, place, spec

    def rules(self) -> Iterable[Rule]:
        for stage, _, _, spec in self.specs():
            yield Rule(
                id=f"{self.provider}/{spec.id}",
                provider=self.provider,
                pattern=spec.pattern,
                category=spec.category,
                severity=spec.severity,
                meaning=spec.meaning,
                check=spec.check,
                link=spec.link or self.link,
                stage=stage,
                blamed=spec.blames,
                clears=spec.clears,
                retry_s=int(spec.retry.total_seconds()) if spec.retry else None,
            )
