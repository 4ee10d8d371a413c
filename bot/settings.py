"""Settings: `config.yaml` and the environment, read once, frozen. The only reader of `os.environ`."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import time, timedelta, tzinfo
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.core.alert_rules import AlertRules
from bot.core.durations import duration_words
from bot.core.escalation import Escalation, Reach, Step
from bot.core.routes import Route, Routes
from bot.core.tier import Tier, TierRule
from bot.errors import ConfigError
from bot.knowledge import shipped_playbooks
from bot.playbook.isps import load_isps
from bot.setting_forms import (
    Address,
    Channel,
    Command,
    Duration,
    Expanded,
    HostName,
    Hours,
    IspName,
    Member,
    MemberId,
    Ratio,
    TierName,
    UserId,
    Zone,
)
from bot.yaml_file import load_yaml

_PROTOCOL = TierRule()
_ALERTS = AlertRules()


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class JumpSettings(_Model):
    """A host to go through. Its key must be pinned too."""

    address: Address
    port: int = Field(22, ge=1, le=65535)
    user: str = Field(min_length=1)
    key_file: Expanded | None = None
    password_file: Expanded | None = None
    use_agent: bool = Field(False, validate_default=True)

    @field_validator("use_agent")
    @classmethod
    def _has_a_login(cls, agent: bool, info: ValidationInfo) -> bool:
        # a key that is at fault itself is not in the data; it is told, and was meant as the login
        if not agent and all(key in info.data and not info.data[key] for key in ("key_file", "password_file")):
            raise ValueError("expected a way to log in: key_file, password_file or use_agent: yes, found none")
        return agent


class HostSettings(JumpSettings):
    """One PMTA host and where it keeps its accounting files.

    `slow_link`: below 10 MB/s; where it has neither zstd nor lz4, its gzip is worth the CPU then.
    """

    name: HostName
    accounting: tuple[str, ...] = Field(("/var/log/pmta/acct-*.csv", "/var/log/pmta/diag-*.csv"), min_length=1)
    pmta: Command = "/usr/sbin/pmta"
    slow_link: bool = False
    jump: JumpSettings | None = None

    @field_validator("name")
    @classmethod
    def _own_name(cls, name: str, info: ValidationInfo) -> str:
        names = (info.context or {}).get("names", set())
        if name in names:
            raise ValueError(f"expected each name once, found twice: {name}")
        names.add(name)
        return name


class RouteSettings(_Model):
    """Incidents of these ISPs (all where none is named), from `tier` up (all where none is), go to `channel`."""

    isp: Annotated[tuple[IspName, ...], BeforeValidator(_listed)] = ()
    tier: TierName = Tier.CLEAR
    channel: Channel

    @field_validator("channel")
    @classmethod
    def _takes_something(cls, channel: str, info: ValidationInfo) -> str:
        if not info.data.get("isp", True) and info.data.get("tier") is Tier.CLEAR:
            raise ValueError("expected isp, tier or both beside channel, found neither: all would go there")
        return channel


class SlackSettings(_Model):
    """Where alerts go: a channel id (C0123456789), since names can change. The first route that fits decides."""

    channel: Channel
    routes: tuple[RouteSettings, ...] = ()

    def routed(self) -> Routes:
        return Routes(self.channel, [Route(route.channel, frozenset(route.isp), route.tier) for route in self.routes])


class StepSettings(_Model):
    """After so long without an owner: mention a user group or user, show it in another channel, tell somebody."""

    after: Duration
    mention: MemberId | None = None
    channel: Channel | None = None
    dm: UserId | None = None

    @model_validator(mode="after")
    def _one_reach(self) -> Self:
        given = [reach.value for reach in Reach if getattr(self, reach.value) is not None]
        if len(given) != 1:
            raise ValueError(f"expected one of mention, channel, dm beside after, found {', '.join(given) or 'none'}")
        return self

    def step(self) -> Step:
        reach = next(reach for reach in Reach if getattr(self, reach.value) is not None)
        return Step(self.after, reach, getattr(self, reach.value))


class EscalationSettings(_Model):
    """Who is called from `tier` up when nobody takes an incident, within `hours` of the day; the first that fits."""

    tier: TierName = Tier.REPUTATION
    hours: Hours | None = None
    steps: tuple[StepSettings, ...] = Field(min_length=1)

    def rule(self, zone: tzinfo) -> Escalation:
        since, until = self.hours or (time(), time())
        return Escalation(self.tier, tuple(step.step() for step in self.steps), since, until, zone)


class TierSettings(_Model):
    """Floors of the tiers as shares (15% or 0.15); what is not given keeps the response protocol's value."""

    throttle: Ratio = _PROTOCOL.throttle
    mixed: Ratio = Field(_PROTOCOL.mixed, validate_default=True)
    reputation: Ratio = Field(_PROTOCOL.reputation, validate_default=True)
    block: Ratio = Field(_PROTOCOL.block, validate_default=True)
    slack: Ratio = _PROTOCOL.slack
    min_attempts: int = Field(_PROTOCOL.min_attempts, ge=1)

    @field_validator("mixed", "reputation", "block")
    @classmethod
    def _rising(cls, floor: float, info: ValidationInfo) -> float:
        order = ("throttle", "mixed", "reputation", "block")
        below = order[order.index(str(info.field_name)) - 1]
        if info.data.get(below, 0.0) >= floor:
            raise ValueError(
                f"expected throttle < mixed < reputation < block, "
                f"found {below} {info.data[below]:.4g} and {info.field_name} {floor:.4g}"
            )
        return floor

    def rule(self) -> TierRule:
        return TierRule(**{name: getattr(self, name) for name in TierSettings.model_fields})


class IspSettings(TierSettings):
    """What is otherwise for a single ISP."""

    min_at_risk: int | None = Field(None, ge=0)


class AlertSettings(_Model):
    """When people hear of it. `alert_from`: the lowest tier that is always told (see README, "Tiers")."""

    window: Duration = timedelta(minutes=60)
    alert_from: TierName = _ALERTS.alert_from
    tiers: TierSettings = TierSettings()
    isps: dict[IspName, IspSettings] = Field(default_factory=dict)
    stale_after: Duration = timedelta(minutes=5)
    refresh: Duration = _ALERTS.refresh
    rise_after: Duration = _ALERTS.rise_after
    fall_after: Duration = _ALERTS.fall_after
    reopen_within: Duration = _ALERTS.reopen_within
    flap_turns: int = Field(_ALERTS.flap_turns, ge=1)
    min_at_risk: int = Field(_ALERTS.min_at_risk, ge=0)
    ack_timeout: Duration = _ALERTS.ack_timeout
    repeat_every: Duration = _ALERTS.repeat_every
    group_from: int = Field(_ALERTS.group_from, ge=2)
    group_within: Duration = _ALERTS.group_within
    timezone: Zone = Field("UTC", validate_default=True)
    escalation: tuple[EscalationSettings, ...] = ()

    @field_validator("window")
    @classmethod
    def _whole_minutes(cls, window: timedelta) -> timedelta:
        if window < timedelta(minutes=1):
            raise ValueError(f"expected 1m or more, since counts are kept per minute, found {duration_words(window)}")
        return window

    @field_validator("isps", mode="before")
    @classmethod
    def _over_the_common_floors(cls, isps: object, info: ValidationInfo) -> object:
        """What a single ISP does not set is as in `tiers`."""
        common = info.data.get("tiers")
        if not isinstance(isps, dict) or common is None:
            return isps
        return {isp: common.model_dump() | own if isinstance(own, dict) else own for isp, own in isps.items()}

    def rules(self) -> AlertRules:
        at_risk = {isp: own.min_at_risk for isp, own in self.isps.items() if own.min_at_risk is not None}
        names = ({field.name for field in fields(AlertRules)} & set(AlertSettings.model_fields)) - {"escalation"}
        calls = tuple(each.rule(ZoneInfo(self.timezone)) for each in self.escalation)
        return AlertRules(**{name: getattr(self, name) for name in names}, min_at_risk_of=at_risk, escalation=calls)

    def shown_to(self) -> tuple[str, ...]:
        """Channels and people that an escalation may show an incident to."""
        steps = (step.step() for each in self.escalation for step in each.steps)
        return tuple(step.target for step in steps if step.reach is not Reach.MENTION)


class Config(_Model):
    """`config.yaml`. Relative paths are taken from the folder of the file."""

    poll_every: Duration = timedelta(seconds=10)
    known_hosts: Expanded = Path("known_hosts")
    backfill: Duration = timedelta(hours=2)
    hosts: tuple[HostSettings, ...] = Field(min_length=1)
    slack: SlackSettings
    roles: dict[Literal["operator"], tuple[Member, ...]] = Field(default_factory=dict)
    alerts: AlertSettings = AlertSettings()
    playbooks: Expanded | None = None
    rules: Expanded = Path("replies.local.yaml")
    keep_tallies: Duration = timedelta(days=14)
    keep_hours: Duration = Field(timedelta(days=400), validate_default=True)

    @field_validator("keep_hours")
    @classmethod
    def _hours_outlive_minutes(cls, hours: timedelta, info: ValidationInfo) -> timedelta:
        minutes = info.data.get("keep_tallies", timedelta(0))
        if hours < minutes:
            raise ValueError(
                f"expected keep_hours not below keep_tallies ({duration_words(minutes)}), found {duration_words(hours)}"
            )
        return hours

    @field_validator("alerts")
    @classmethod
    def _polled_before_stale(cls, alerts: AlertSettings, info: ValidationInfo) -> AlertSettings:
        every = info.data.get("poll_every", timedelta(0))
        if alerts.stale_after <= every:
            raise ValueError(
                f"stale_after: expected more than poll_every ({duration_words(every)}), "
                f"found {duration_words(alerts.stale_after)}"
            )
        return alerts


class Secrets(BaseSettings):
    """What must not stand in a file that is shared: from the environment (or the `.env` next to the config)."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    slack_bot_token: SecretStr
    slack_app_token: SecretStr
    slack_signing_secret: SecretStr = SecretStr("")
    slack_api_url: str = "https://slack.com/api/"
    database_url: str = "sqlite:///deferbot.db"

    @field_validator("slack_bot_token", "slack_app_token")
    @classmethod
    def _filled_in(cls, token: SecretStr) -> SecretStr:
        if token.get_secret_value() in ("", "xoxb-", "xapp-"):
            raise ValueError("expected a token, found the example's empty one; see .env.example")
        return token

    @field_validator("slack_api_url")
    @classmethod
    def _is_a_url(cls, url: str) -> str:
        if not re.fullmatch(r"https?://[^\s/]\S*", url):
            raise ValueError("expected a URL such as https://slack.com/api/, found another text")
        return url


class Settings(_Model):
    """Everything `wiring.build` needs."""

    config: Config
    secrets: Secrets


def load_config(path: Path) -> Config:
    """Read and check `config.yaml`.

    Raises: ConfigError with every fault as file:line: key: expected, found.
    """
    isps = load_isps(shipped_playbooks() / "isps.yaml")
    config = load_yaml(path, Config, {"isps": isps, "names": set()})
    return _resolved(config, path.resolve().parent)


def load_secrets(env_file: Path | None = None) -> Secrets:
    """Read tokens and URLs from the environment, and from `env_file` where it exists.

    Raises: ConfigError naming each variable that is missing or wrong; never a value.
    """
    try:
        return Secrets(_env_file=env_file if env_file and env_file.is_file() else None)
    except ValidationError as error:
        raise ConfigError(
            [_secret_fault(one) for one in error.errors(include_url=False, include_input=False)]
        ) from None
    except (OSError, UnicodeDecodeError):
        raise ConfigError([f"{env_file}: expected lines NAME=value in UTF-8, found no readable text"]) from None


def _secret_fault(error: ErrorDetails) -> str:
    wrong = error["type"] == "value_error"
    said = error["msg"].removeprefix("Value error, ") if wrong else "expected a value, found none; see .env.example"
    return f"environment: {str(error['loc'][0]).upper()}: {said}"


def _resolved(config: Config, folder: Path) -> Config:
    """The same config with every relative path made absolute."""

    def login(host: JumpSettings) -> dict[str, object]:
        return {
            key: folder / value for key in ("key_file", "password_file") if (value := getattr(host, key)) is not None
        }

    hosts = tuple(
        host.model_copy(update={**login(host), "jump": host.jump and host.jump.model_copy(update=login(host.jump))})
        for host in config.hosts
    )
    return config.model_copy(
        update={
            "known_hosts": folder / config.known_hosts,
            "playbooks": folder / config.playbooks if config.playbooks else None,
            "rules": folder / config.rules,
            "hosts": hosts,
        }
    )
