"""The form of `playbooks/policies.yaml`, and reading it into `Policies`.

A policy is named after an ISP or a domain, or names those it holds for. What it does not say it takes from
`default`: the universal list and the volume rule where it has none; special and transient entries behind its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from bot.core.isp import IspCatalog
from bot.core.policy import DEFAULT, Pattern, Policies, Policy, Special, Transient, Volume
from bot.core.reply import clean
from bot.errors import ConfigError
from bot.playbook.policy_text import parse_pattern, parse_waits, quoted_or_nothing
from bot.yaml_file import load_yaml

LONGEST_PERIOD_S = 86_400
_FORM = ConfigDict(extra="forbid", frozen=True)


def _period(value: object) -> int:
    seconds = parse_waits(value)
    if len(seconds) != 1 or not 60 <= seconds[0] <= LONGEST_PERIOD_S:
        raise ValueError(f"expected one period from 1m to 1d, found {quoted_or_nothing(value)}")
    return seconds[0]


Waits = Annotated[tuple[int, ...], BeforeValidator(parse_waits)]
Text = Annotated[str, Field(min_length=3, max_length=300)]


class _Entry(BaseModel):
    """A pattern with replies that it must match: `example`, `examples` or both."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    match: Annotated[Pattern, BeforeValidator(parse_pattern)]
    example: Annotated[str, Field(min_length=3)] | None = None
    examples: tuple[Annotated[str, Field(min_length=3)], ...] = ()

    @property
    def replies(self) -> tuple[str, ...]:
        return (self.example, *self.examples) if self.example else self.examples

    @model_validator(mode="after")
    def _holds(self) -> Self:
        if not self.replies:
            raise ValueError("example: expected at least one reply that match finds, found none")
        missed = [reply for reply in self.replies if not self.match.matches(clean(reply))]
        if missed:
            raise ValueError(f"example: expected a reply that {self.match.text!r} matches, found {missed[0]!r}")
        return self


class SpecialSpec(_Entry):
    """`wait` is a list of its own: every further deferral takes the next value."""

    wait: Waits
    why: Text | None = None


class TransientSpec(_Entry):
    """`why` is not left out: a transient reply leaves the rate, so the next reader must know the reason."""

    why: Text


class VolumeSpec(BaseModel):
    """Wait where fewer than `delivered_at_least` were delivered in `period`; 0 switches the rule off."""

    model_config = _FORM

    period: Annotated[int, BeforeValidator(_period)]
    delivered_at_least: Annotated[int, Field(ge=0, le=100_000_000, strict=True)]
    wait: Waits


class PolicySpec(BaseModel):
    model_config = _FORM

    isps: tuple[str, ...] = ()
    why: Text | None = None
    universal: Waits | None = None
    volume: VolumeSpec | None = None
    special: tuple[SpecialSpec, ...] = ()
    transient: tuple[TransientSpec, ...] = ()


class PolicyFile(BaseModel):
    model_config = _FORM

    policies: dict[str, PolicySpec]

    def built(self) -> Policies:
        default = _policy(DEFAULT, self.policies[DEFAULT], None)
        by_name = {name: _policy(name, spec, default) for name, spec in self.policies.items() if name != DEFAULT}
        return Policies(
            default, by_name, {isp: name for name in by_name for isp in _held(name, self.policies[name].isps)}
        )


class _Named(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    isps: tuple[str, ...] = ()
    universal: object = None


class _Names(BaseModel):
    """Whom the policies are for; read apart, so that a fault in one does not hide one in the other."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    policies: dict[str, _Named]

    @field_validator("policies")
    @classmethod
    def _known(cls, policies: dict[str, _Named], info: ValidationInfo) -> dict[str, _Named]:
        faults = [
            InitErrorDetails(type=PydanticCustomError("name", "{said}", {"said": said}), loc=(name,), input=name)
            for name, said in _name_faults(policies, info.context["isps"] if info.context else None)
        ]
        if faults:
            raise ValidationError.from_exception_data("policies", faults)
        return policies


def load_policies(path: Path, isps: IspCatalog) -> Policies:
    """Read a policy file.

    Raises: ConfigError with every fault as `file:line: key: expected …, found …`.
    """
    faults: list[str] = []
    read: PolicyFile | None = None
    try:
        load_yaml(path, _Names, {"isps": isps})
    except ConfigError as error:
        faults += error.faults
    try:
        read = load_yaml(path, PolicyFile)
    except ConfigError as error:
        faults += error.faults
    if faults or read is None:
        raise ConfigError(sorted(dict.fromkeys(faults), key=lambda fault: _line(path, fault)))
    return read.built()


def _line(path: Path, fault: str) -> int:
    """The line a fault of `load_yaml` names, 0 where it names none."""
    number = fault.removeprefix(f"{path}:").partition(":")[0]
    return int(number) if number.isdecimal() else 0


def _held(name: str, isps: tuple[str, ...]) -> tuple[str, ...]:
    """The ISPs and domains a policy holds for."""
    return tuple(isp.lower() for isp in isps) or (name,)


def _name_faults(policies: dict[str, _Named], isps: IspCatalog | None) -> Iterator[tuple[str, str]]:
    """(policy, what is wrong with whom it is for)."""
    if DEFAULT not in policies or policies[DEFAULT].universal is None:
        yield DEFAULT, f"expected a policy called {DEFAULT} with a universal list, for every other ISP, found none"
    owners: dict[str, str] = {}
    for name, spec in policies.items():
        if name == DEFAULT:
            if spec.isps:
                yield name, f"expected no isps, as it holds for every other ISP, found {', '.join(spec.isps)}"
            continue
        for isp in _held(name, spec.isps):
            if owner := owners.get(isp):
                yield name, f"expected an ISP of one policy, found {isp}, which {owner} has too"
            owners.setdefault(isp, name)
            if isps and (fault := _whose(isp, isps)):
                yield name, fault


def _whose(isp: str, isps: IspCatalog) -> str:
    """Why no record is ever told to be of `isp`, "" where one may be."""
    known = isps.resolve(isp)
    if known == isp or (known is None and "." in isp):
        return ""
    if known:
        return f"expected an ISP's key, or a domain that is no ISP's, found {isp!r}, which is {known}"
    near = isps.nearest(isp)
    return f"expected an ISP's key or a domain, found {isp!r}" + (f"; did you mean {near}?" if near else "")


def _policy(name: str, spec: PolicySpec, default: Policy | None) -> Policy:
    own = [Special(each.match, each.wait, each.replies, each.why or "", name) for each in spec.special]
    noise = [Transient(each.match, each.replies, each.why, name) for each in spec.transient]
    rule = Volume(spec.volume.period, spec.volume.delivered_at_least, spec.volume.wait, name) if spec.volume else None
    return Policy(
        name,
        spec.universal or (default.universal if default else ()),
        rule or (default.volume if default else None),
        (*own, *(default.special if default else ())),
        (*noise, *(default.transient if default else ())),
        spec.why or "",
        "" if spec.universal else DEFAULT,
    )
