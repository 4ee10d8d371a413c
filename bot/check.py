"""`deferbot check`: everything that can be known to be wrong before the bot runs, told at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.errors import ConfigError
from bot.knowledge import Knowledge, load_knowledge
from bot.playbook.load import RuleSet
from bot.playbook.local_rules import lint_local
from bot.playbook.rule_lint import lint_rules
from bot.pmta.known_hosts import read_pins
from bot.settings import Config, HostSettings, JumpSettings, load_config, load_secrets


@dataclass(frozen=True, slots=True)
class Found:
    """Faults are wrong wherever the bot runs; notes may be right elsewhere (a key file that is not on this machine)."""

    faults: tuple[str, ...]
    notes: tuple[str, ...]
    summary: str


def check_all(config_file: Path) -> Found:
    """Check the configuration, the files it names, playbooks and rules. Touches no host and no Slack."""
    faults: list[str] = []
    config: Config | None = None
    try:
        config = load_config(config_file)
    except ConfigError as error:
        faults += error.faults
    try:
        knowledge = load_knowledge(config.playbooks, config.rules) if config else load_knowledge()
    except ConfigError as error:
        faults += error.faults
        knowledge = None
    if knowledge:
        faults += lint_rules(knowledge.rules.packs, knowledge.isps.keys())
    notes = list(_secrets(config_file))
    if config and knowledge:
        faults += _local_faults(config.rules, knowledge)
        notes += _local_notes(config, knowledge.rules)
    if config:
        notes += _files(config)
        if not config.roles.get("operator"):
            notes.append(f"{config_file}: roles.operator is empty: nobody can apply a change")
    summary = ""
    if config and knowledge:
        summary = (
            f"{config_file}: {len(config.hosts)} host{'s' if len(config.hosts) > 1 else ''}, "
            f"{len(knowledge.playbooks)} playbooks, {len(knowledge.isps.keys())} ISPs: no fault found."
        )
    return Found(tuple(faults), tuple(notes), summary)


def _local_faults(path: Path, knowledge: Knowledge) -> list[str]:
    local = knowledge.rules.local
    found = lint_local(local, knowledge.rules.packs, knowledge.isps.keys()) if local else []
    return [f"{path}: {fault}" for fault in found]


def _local_notes(config: Config, rules: RuleSet) -> list[str]:
    """Rules of one's own that overrule shipped ones, which may be meant."""
    if rules.local is None and config.rules.name != Config.model_fields["rules"].default.name:
        return [f"rules: {config.rules}: no such file yet; `deferbot rules adopt` makes it"]
    return [f"{config.rules}: {own} overrules {shipped}" for own, shipped in dict.fromkeys(rules.taken_over())]


def _secrets(config_file: Path) -> list[str]:
    try:
        load_secrets(config_file.parent / ".env")
    except ConfigError as error:
        return [f"{fault} (`deferbot run` needs it)" for fault in error.faults]
    return []


def _files(config: Config) -> list[str]:
    """Files the bot will need on the machine where it runs, which may not be this one."""
    missing = [fault for host in config.hosts for login in (host, host.jump) if login for fault in _login(host, login)]
    if not config.known_hosts.is_file():
        return [*missing, f"known_hosts: {config.known_hosts}: no such file; pin every host's key there (ssh-keyscan)"]
    return missing + [fault for host in config.hosts for fault in _unpinned(config, host)]


def _login(host: HostSettings, login: JumpSettings) -> list[str]:
    return [
        f"hosts: {host.name}: {key}: {path}: no such file"
        for key in ("key_file", "password_file")
        if (path := getattr(login, key)) is not None and not path.is_file()
    ]


def _unpinned(config: Config, host: HostSettings) -> list[str]:
    return [
        f"known_hosts: {config.known_hosts}: no key of {login.address} port {login.port} ({host.name}): it will be "
        f"refused; add it with ssh-keyscan -p {login.port} {login.address}, then compare the fingerprint on the host"
        for login in (host, host.jump)
        if login and not read_pins(config.known_hosts, login.address, login.port).lines
    ]
