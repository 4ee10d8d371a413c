"""Settings: `config.yaml` and the environment, read once, frozen. The only reader of `os.environ`."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.core.durations import parse_duration
from bot.core.tier import Tier, TierRule
from bot.errors import ConfigError
from bot.yaml_file import load_yaml


def _duration(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    return parse_duration(str(value))


def _ratio(value: object) -> object:
    """A share as 15%, "15 %" or 0.15."""
    if isinstance(value, str) and value.strip().endswith("%"):
        try:
            return float(value.strip().rstrip("%")) / 100
        except ValueError:
            raise ValueError(f"expected a share such as 15% or 0.15, found {value!r}") from None
    return value


def _tier(value: object) -> object:
    if isinstance(value, str):
        try:
            return Tier[value.upper()]
        except KeyError:
            raise ValueError(f"expected throttle, mixed, reputation or block, found {value!r}") from None
    return value


_PROTOCOL = TierRule()

Duration = Annotated[timedelta, BeforeValidator(_duration)]
Ratio = Annotated[float, BeforeValidator(_ratio), Field(ge=0, le=1)]
TierName = Annotated[Tier, BeforeValidator(_tier)]
Expanded = Annotated[Path, AfterValidator(lambda path: path.expanduser())]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class JumpSettings(_Model):
    """A host to go through. Its key must be pinned too."""

    address: str = Field(min_length=1)
    port: int = Field(22, ge=1, le=65535)
    user: str = Field(min_length=1)
    key_file: Expanded | None = None
    password_file: Expanded | None = None
    use_agent: bool = False


class HostSettings(JumpSettings):
    """One PMTA host and where it keeps its accounting files."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")
    accounting: tuple[str, ...] = Field(("/var/log/pmta/acct-*.csv", "/var/log/pmta/diag-*.csv"), min_length=1)
    pmta: str = Field("/usr/sbin/pmta", pattern=r"^/\S+$")
    jump: JumpSettings | None = None

    @model_validator(mode="after")
    def _has_a_login(self) -> Self:
        if not (self.key_file or self.password_file or self.use_agent):
            raise ValueError("expected a way to log in: key_file, password_file or use_agent: yes")
        return self


class SlackSettings(_Model):
    """Where alerts go: a channel id (C0123456789), since names can change."""

    channel: str = Field(pattern=r"^[CG][A-Z0-9]{2,}$")


class TierSettings(_Model):
    """Floors of the tiers as shares (15% or 0.15); what is not given keeps the response protocol's value."""

    throttle: Ratio = _PROTOCOL.throttle
    mixed: Ratio = _PROTOCOL.mixed
    reputation: Ratio = _PROTOCOL.reputation
    block: Ratio = _PROTOCOL.block
    slack: Ratio = _PROTOCOL.slack
    min_attempts: int = Field(_PROTOCOL.min_attempts, ge=1)

    @model_validator(mode="after")
    def _rising(self) -> Self:
        floors = (self.throttle, self.mixed, self.reputation, self.block)
        if any(low >= high for low, high in pairwise(floors)):
            raise ValueError(f"expected throttle < mixed < reputation < block, found {' < '.join(map(str, floors))}")
        return self

    def rule(self) -> TierRule:
        return TierRule(**self.model_dump())


class AlertSettings(_Model):
    """When people hear of it. `alert_from`: the lowest tier that is always told (see README, "Tiers")."""

    window: Duration = timedelta(minutes=60)
    alert_from: TierName = Tier.MIXED
    tiers: TierSettings = TierSettings()
    isps: dict[str, TierSettings] = Field(default_factory=dict)
    stale_after: Duration = timedelta(minutes=5)
    refresh: Duration = timedelta(minutes=1)


class Config(_Model):
    """`config.yaml`. Relative paths are taken from the folder of the file."""

    poll_every: Duration = timedelta(seconds=10)
    known_hosts: Expanded = Path("known_hosts")
    backfill: Duration = timedelta(hours=2)
    hosts: tuple[HostSettings, ...] = Field(min_length=1)
    slack: SlackSettings
    roles: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    alerts: AlertSettings = AlertSettings()
    playbooks: Expanded | None = None
    keep_tallies: Duration = timedelta(days=14)

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [host.name for host in self.hosts]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"hosts: expected each name once, found twice: {', '.join(twice)}")
        if unknown := sorted(set(self.roles) - {"operator"}):
            raise ValueError(f"roles: expected operator, found {', '.join(unknown)}")
        return self


class Secrets(BaseSettings):
    """What must not stand in a file that is shared: from the environment (or the `.env` next to the config)."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    slack_bot_token: SecretStr = Field(min_length=1)
    slack_app_token: SecretStr = Field(min_length=1)
    slack_signing_secret: SecretStr = SecretStr("")
    slack_api_url: str = "https://slack.com/api/"
    database_url: str = "sqlite:///deferbot.db"


class Settings(_Model):
    """Everything `wiring.build` needs."""

    config: Config
    secrets: Secrets


def load_config(path: Path) -> Config:
    """Read and check `config.yaml`.

    Raises: ConfigError with every fault as file:line: key: expected, found.
    """
    config = load_yaml(path, Config)
    return _resolved(config, path.resolve().parent)


def load_secrets(env_file: Path | None = None) -> Secrets:
    """Read tokens and URLs from the environment, and from `env_file` where it exists.

    Raises: ConfigError naming each variable that is missing; never a value.
    """
    try:
        return Secrets(_env_file=env_file if env_file and env_file.is_file() else None)
    except ValidationError as error:
        names = [str(one["loc"][0]).upper() for one in error.errors(include_url=False, include_input=False)]
        raise ConfigError(
            [f"environment: {name}: expected a value, found none; see .env.example" for name in names]
        ) from None


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
            "hosts": hosts,
        }
    )
