"""The form of a playbook file. Values only; choosing is `playbook.recommend`, planning `playbook.plan`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from string import Formatter
from typing import Annotated, Self, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from bot.core.category import Category
from bot.core.finding import Elsewhere, Kind
from bot.core.tier import Tier
from bot.playbook.actions import Action
from bot.playbook.actions.aim import Target

_FORM = ConfigDict(extra="forbid", frozen=True)

Found = TypeVar("Found")

TITLE_FIELDS = frozenset({"isp", "n"})
WHY_FIELDS = frozenset({"isp", "n", "share", "of", "cause"})
ADVICE_FIELDS = frozenset({"isp", "cause", "names"})


class Given(StrEnum):
    """What an example expects of a playbook."""

    RECOMMENDED = "recommended"
    OFFERED = "offered"
    NOT = "not"


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _tier(value: object) -> Tier:
    names = [tier.name.lower() for tier in Tier]
    if not isinstance(value, str) or value not in names:
        raise ValueError(f'one of {", ".join(names)} expected, found "{value}"')
    return Tier[value.upper()]


def _some(found: tuple[Found, ...]) -> tuple[Found, ...]:
    # Field(min_length=1) would count the items without fault, and report one fault as two.
    if not found:
        raise ValueError("at least one expected, found none")
    return found


TierName = Annotated[Tier, BeforeValidator(_tier)]


@dataclass(frozen=True, slots=True)
class Situation:
    """What a playbook is chosen for. `where`, `elsewhere`: None where that is not known."""

    isp: str
    tier: Tier
    cause: Category | None
    where: Kind | None = None
    elsewhere: Elsewhere | None = None


class When(BaseModel):
    """One situation a playbook fits; an empty list means any. The more is named, the better the fit."""

    model_config = _FORM

    isp: Annotated[tuple[str, ...], BeforeValidator(_as_list)] = ()
    tier: Annotated[tuple[TierName, ...], BeforeValidator(_as_list)] = ()
    cause: Annotated[tuple[Category, ...], BeforeValidator(_as_list)] = ()
    where: Annotated[tuple[Kind, ...], BeforeValidator(_as_list)] = ()
    """Where the cause sits (`core.contrast`)."""
    elsewhere: Annotated[tuple[Elsewhere, ...], BeforeValidator(_as_list)] = ()
    alternative: bool = False
    """True: offered beside the recommended one, never as such while another fits."""

    def fits(self, situation: Situation) -> bool:
        return (
            (not self.isp or situation.isp in self.isp)
            and (not self.tier or situation.tier in self.tier)
            and (not self.cause or situation.cause in self.cause)
            and (not self.where or situation.where in self.where)
            and (not self.elsewhere or situation.elsewhere in self.elsewhere)
        )

    @property
    def weight(self) -> tuple[bool, int]:
        """Higher fits better: recommended before alternative, then where named, then ISP, then cause, then tier."""
        where = bool(self.where) + bool(self.elsewhere)
        return not self.alternative, 8 * where + 4 * bool(self.isp) + 2 * bool(self.cause) + bool(self.tier)


class Wording(BaseModel):
    """A text for one and for many targets. A plain text in the file stands for both."""

    model_config = _FORM

    one: str
    many: str

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: object) -> object:
        return {"one": value, "many": value} if isinstance(value, str) else value

    def of(self, n: int, **fields: str) -> str:
        return (self.one if n == 1 else self.many).format(n=n, **fields)

    @property
    def fields(self) -> frozenset[str]:
        return fields_of(self.one) | fields_of(self.many)


class Example(BaseModel):
    """One situation and what this playbook is in it, among all shipped ones."""

    model_config = _FORM

    isp: str
    tier: TierName
    cause: Category | None = None
    where: Kind | None = None
    elsewhere: Elsewhere | None = None
    gives: Given

    @property
    def situation(self) -> Situation:
        return Situation(self.isp, self.tier, self.cause, self.where, self.elsewhere)


class Link(BaseModel):
    """A page to look at, shown as a button."""

    model_config = _FORM

    text: Annotated[str, Field(min_length=3, max_length=40)]
    url: Annotated[str, Field(pattern=r"^https://[^\s|<>]{4,300}$")]


class Playbook(BaseModel):
    """When it fits, what it says, what it does. Without steps it is advice alone."""

    model_config = _FORM

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{2,40}$")]
    title: Wording
    when: Annotated[tuple[When, ...], AfterValidator(_some)]
    steps: tuple[Action, ...] = ()
    why: Wording
    advice: Annotated[str, Field(min_length=1, max_length=300)]
    """What people should check or do themselves: shown with the diagnosis when this playbook fits best."""
    check: tuple[Annotated[str, Field(min_length=1, max_length=160)], ...] = ()
    """What to look at, in this order."""
    links: Annotated[tuple[Link, ...], Field(max_length=3)] = ()
    examples: Annotated[tuple[Example, ...], AfterValidator(_some)]

    @property
    def stops_mail(self) -> bool:
        return any(step.stops_mail for step in self.steps)

    @property
    def lasts(self) -> timedelta:
        """How long the change holds; zero without steps."""
        return self.steps[0].lasts if self.steps else timedelta()

    @property
    def deeds(self) -> frozenset[tuple[str, Target]]:
        """What it does to what; two playbooks with the same deeds are one button."""
        return frozenset((step.action, step.target) for step in self.steps)

    def fit(self, situation: Situation) -> tuple[bool, int] | None:
        """How well it fits (higher is better, see `When.weight`), None where it does not."""
        return max((when.weight for when in self.when if when.fits(situation)), default=None)

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        if len({step.lasts for step in self.steps}) > 1:
            raise ValueError("the same lasts in every step expected: a change has one end")
        return self

    @model_validator(mode="after")
    def _known_fields(self) -> Self:
        for key, found, known in (
            ("title", self.title.fields, TITLE_FIELDS),
            ("why", self.why.fields, WHY_FIELDS),
            ("advice", fields_of(self.advice), ADVICE_FIELDS),
        ):
            if unknown := found - known:
                raise ValueError(
                    f"{key}: fields {{{'}, {'.join(sorted(known))}}} expected, found {{{sorted(unknown)[0]}}}"
                )
        return self

    @model_validator(mode="after")
    def _something_to_hold(self) -> Self:
        if all(example.gives is Given.NOT for example in self.examples):
            raise ValueError("examples: at least one that gives recommended or offered expected")
        return self


def fields_of(template: str) -> frozenset[str]:
    """The `{names}` in a template.

    Raises: ValueError where the braces do not fit together.
    """
    return frozenset(name for _, name, _, _ in Formatter().parse(template) if name is not None)
