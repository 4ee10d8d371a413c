"""What a configuration means for one queue: inheritance, limits, pattern lists, rollups, sources."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bot.sim.fleet import directives
from bot.sim.fleet.config import Section

ATTEMPTS_PER_CONNECTION_S: Final = 3.0 / 60
"""How fast one connection works: three recipients a minute, slow enough that connection limits bite."""
MESSAGES_PER_CONNECTION: Final = 20


@dataclass(frozen=True, slots=True)
class Limits:
    """What binds one queue in one mode. Times in seconds; `pace` is attempts per second, `binding` what sets it."""

    connections: int
    pace: float
    binding: str
    retry_after: tuple[int, ...]
    retry_recipients_after: int
    bounce_after: int
    to_normal_after: int | None
    to_normal_after_delivery: bool
    reenable_after: int | None
    patterns: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """One `reply /regex/ action,…` line; `actions` maps a word to its value ("" where it takes none)."""

    regex: re.Pattern[str]
    actions: Mapping[str, str]


class Settings:
    """One accepted configuration, asked per queue; answers are remembered."""

    def __init__(self, config: Section) -> None:
        self._config = config
        self._vmtas = {section.name: section for section in config.of_kind("virtual-mta")}
        self._pools = {
            member: pool for pool in config.of_kind("virtual-mta-pool") for member in pool.values.get("virtual-mta", [])
        }
        self._macros = dict(_macro(text) for text in config.values.get("domain-macro", []))
        self._patterns = {s.name: _patterns(s) for s in config.of_kind("smtp-pattern-list")}
        self._rollups = [
            tuple(line.split()[:2]) for s in config.of_kind("mx-rollup-list") for line in s.values.get("mx", [])
        ]
        self._sources = {
            name: tuple(line.split()[0] for line in section.values.get("smtp-source-host", []))
            for name, section in self._vmtas.items()
        }
        self._queue_domains: dict[tuple[str, str], str] = {}
        self._limits: dict[tuple[str, str, str], Limits] = {}

    @property
    def vmtas(self) -> tuple[str, ...]:
        return tuple(self._vmtas)

    def acct_files(self) -> list[Section]:
        return self._config.of_kind("acct-file")

    def number(self, word: str) -> int:
        """A global directive that is a whole number."""
        return int(self._config.last(word, directives.GLOBAL[word][1]))

    def sources(self, vmta: str) -> tuple[str, ...]:
        """Source IPs of a VMTA, in the file's order; () for `{default}` and unknown ones."""
        return self._sources.get(vmta, ())

    def pool(self, vmta: str) -> str:
        return self._pools[vmta].name if vmta in self._pools else ""

    def queue_domain(self, domain: str, mx: str) -> str:
        """The domain part of the queue: a rollup where the MX is in a rollup list."""
        if (domain, mx) not in self._queue_domains:
            self._queue_domains[domain, mx] = self._rolled_up(domain, mx)
        return self._queue_domains[domain, mx]

    def _rolled_up(self, domain: str, mx: str) -> str:
        for pattern, name in self._rollups:
            if fnmatch.fnmatchcase(mx, pattern) and self._merged(domain, "{default}")["disable-mx-rollup"] != "yes":
                return name
        return domain

    def shown(self, domain: str, vmta: str) -> tuple[dict[str, str], dict[str, str]]:
        """The two blocks of `show settings`: virtual MTA settings, queue settings."""
        section = self._vmtas.get(vmta, Section("virtual-mta", vmta))
        words = ("max-smtp-msg-rate", "max-smtp-out")
        return {word: section.last(word, directives.VMTA[word][1]) for word in words}, self._merged(domain, vmta)

    def limits(self, domain: str, vmta: str, mode: str) -> Limits:
        key = (domain, vmta, mode)
        if key not in self._limits:
            self._limits[key] = self._work_out(self._merged(domain, vmta), mode)
        return self._limits[key]

    def _work_out(self, values: dict[str, str], mode: str) -> Limits:
        prefix = "backoff-" if mode == "backoff" else ""
        connections = directives.count(values[f"{prefix}max-smtp-out"]) or 1000
        rate_word = f"{prefix}max-msg-rate"
        if prefix and values[rate_word] == "unlimited":
            # The default of backoff-max-msg-rate is whatever max-msg-rate says.
            rate_word = "max-msg-rate"
        messages = directives.per_second(values[rate_word])
        connects = directives.per_second(values[f"{prefix}max-connect-rate"])
        per_connection = int(values["max-msg-per-connection"]) or MESSAGES_PER_CONNECTION
        paces = [(connections * ATTEMPTS_PER_CONNECTION_S, "")]
        if messages is not None:
            text = f"message rate limit reached (based on queue's {rate_word} in configuration)"
            paces.append((messages, text))
        if connects is not None:
            paces.append((connects * per_connection, "connect rate limit reached"))
        pace, binding = min(paces)
        return Limits(
            connections=connections,
            pace=pace,
            binding=binding,
            retry_after=tuple(directives.seconds(t) or 600 for t in values[f"{prefix}retry-after"].split(",")),
            retry_recipients_after=directives.seconds(values["retry-recipients-after"]) or 600,
            bounce_after=directives.seconds(values["bounce-after"]) or 1 << 40,
            to_normal_after=directives.seconds(values["backoff-to-normal-after"]),
            to_normal_after_delivery=values["backoff-to-normal-after-delivery"] in {"yes", "true"},
            reenable_after=directives.seconds(values["reenable-source-ip-after"]),
            patterns=self._patterns.get(values["smtp-pattern-list"], ()),
        )

    def _merged(self, domain: str, vmta: str) -> dict[str, str]:
        values = {word: default for word, (_, default) in directives.QUEUE.items()}
        scopes = [self._config, self._pools.get(vmta), self._vmtas.get(vmta)]
        for scope in scopes:
            if scope is not None:
                for section in self._matching(scope, domain):
                    values.update({word: given[-1] for word, given in section.values.items()})
        return values

    def _matching(self, scope: Section, domain: str) -> list[Section]:
        """Domain sections that cover `domain`, the most specific last."""
        ranked = [(self._rank(section.name, domain), section) for section in scope.of_kind("domain")]
        return [section for rank, section in sorted(ranked, key=lambda pair: pair[0]) if rank > 0]

    def _rank(self, pattern: str, domain: str) -> int:
        if pattern == domain:
            return 10_000
        if pattern.startswith("$"):
            return 9_000 if domain in self._macros.get(pattern[1:], ()) else 0
        if pattern == "*":
            return 1
        tail = pattern.removeprefix("[*.]").removeprefix("*.")
        covers = domain.endswith(f".{tail}") or (pattern.startswith("[*.]") and domain == tail)
        return 1 + len(tail) if covers and tail != pattern else 0


def _macro(text: str) -> tuple[str, tuple[str, ...]]:
    name, _, domains = text.partition(" ")
    return name, tuple(domain.strip() for domain in domains.split(","))


def _patterns(section: Section) -> tuple[Pattern, ...]:
    lines = []
    for line in section.values.get("reply", []):
        match = re.fullmatch(r"/(.*)/\s+(\S+)", line)
        if match:
            actions = dict(part.partition("=")[::2] for part in match[2].split(","))
            lines.append(Pattern(re.compile(match[1], re.IGNORECASE), actions))
    return tuple(lines)
