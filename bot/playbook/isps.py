"""Reads `playbooks/isps.yaml` into an `IspCatalog`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from bot.core.isp import IspCatalog, IspEntry
from bot.errors import ConfigError

_Lower = Annotated[str, StringConstraints(pattern=r"^[^\sA-Z]+$")]
_Rollup = Annotated[str, StringConstraints(pattern=r"^[^\sA-Z]+\.rollup$")]


class _Isp(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    key: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+$")]
    title: Annotated[str, StringConstraints(min_length=1)]
    aliases: tuple[Annotated[str, StringConstraints(pattern=r"^[^A-Z]+$")], ...] = ()
    domains: tuple[_Lower, ...] = ()
    mx: tuple[_Lower, ...] = ()
    rollups: tuple[_Rollup, ...] = ()
    replies: tuple[Annotated[str, StringConstraints(min_length=3)], ...] = ()


class _IspFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    isps: tuple[_Isp, ...]


def load_isps(path: Path) -> IspCatalog:
    """Read the providers.

    Raises: ConfigError with every fault as `file: place: expected, found`.
    """
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as e:
        raise ConfigError([f"{path}: a readable UTF-8 file expected, found: {e}"]) from e
    except yaml.YAMLError as e:
        raise ConfigError([f"{path}: YAML expected, found: {' '.join(str(e).split())}"]) from e
    try:
        isps = _IspFile.model_validate(raw).isps
    except ValidationError as e:
        raise ConfigError([_fault(path, error["loc"], error["msg"], error["input"]) for error in e.errors()]) from e
    faults = [f"{path}: {fault}" for fault in _contradictions(isps)]
    if faults:
        raise ConfigError(faults)
    return IspCatalog(
        [IspEntry(i.key, i.title, i.aliases, i.domains, i.mx, i.rollups, i.replies) for i in isps],
    )


def _fault(path: Path, place: tuple[int | str, ...], message: str, found: object) -> str:
    at = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")
    return f"{path}: {at or 'top level'}: {message}, found {str(found)[:80]!r}"


def _contradictions(isps: tuple[_Isp, ...]) -> Iterator[str]:
    """What may belong to one provider only."""
    if not isps:
        yield "isps: at least one provider expected, found none"
    named = {
        "key": [isp.key for isp in isps],
        "alias or key": [name for isp in isps for name in {isp.key, *isp.aliases}],
        "domain": [domain for isp in isps for domain in isp.domains],
        "mx suffix": [suffix for isp in isps for suffix in isp.mx],
        "rollup": [name for isp in isps for name in isp.rollups],
    }
    for what, values in named.items():
        for value, times in Counter(values).items():
            if times > 1:
                yield f"{what} {value!r}: one provider expected, found {times}"
