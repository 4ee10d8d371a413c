"""The rules in force: those that were shipped and those of the local file, taken again when that file changes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Mapping
from pathlib import Path

from bot.core.classify import Verdict
from bot.errors import ConfigError
from bot.playbook.load import RuleSet, with_local
from bot.playbook.local_file import being_written, read_text, replace_file, with_rules
from bot.playbook.local_rules import lint_local

log = logging.getLogger(__name__)

_Stamp = tuple[int, int, int] | None


class RuleBook:
    """`ports.Meanings`. Safe to call from any thread: who asks gets the old rules or the new, never a mixture."""

    def __init__(self, rules: RuleSet, path: Path, isps: Collection[str]) -> None:
        """`rules`: as they were read with `path`; `isps`: the keys of the ISP catalog."""
        self._rules = rules
        self._path = path
        self._isps = isps
        self._guard = threading.Lock()
        self._stamp = _stamp(path)

    @property
    def rules(self) -> RuleSet:
        return self._rules

    @property
    def path(self) -> Path:
        return self._path

    @property
    def isps(self) -> Collection[str]:
        return self._isps

    def has(self, rule: str) -> bool:
        """Whether the local file has a rule of that id."""
        local = self._rules.local
        return local is not None and any(spec.id == rule for _, _, _, spec in local.specs())

    def classify(self, reply: str, isp: str) -> Verdict:
        return self._rules.classifier.classify(reply, isp)

    def refresh(self) -> bool:
        """Take the file's rules where it is another than before; whether it was. Faults are logged, once for each
        state of the file, and change nothing."""
        with self._guard:
            return self._refresh()

    def add(self, rules: Mapping[str, str]) -> str:
        """Write `rules` (id -> YAML, see `local_file.rule_yaml`) into the file and take them; all of them or none.

        Returns: the id of one that is there already, then nothing was written; else "".

        Raises: ConfigError with all faults of what the file would have been; it is as it was then.
        """
        with self._guard, being_written(self._path):
            self._refresh()
            if there := next(filter(self.has, rules), ""):
                return there
            text = with_rules(read_text(self._path), list(rules.values()), self._path)
            self._rules = replace_file(self._path, text, self._accepted)
            self._stamp = _stamp(self._path)
            return ""

    def _refresh(self) -> bool:
        stamp = _stamp(self._path)
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        try:
            self._rules = self._accepted(self._path) if stamp else RuleSet.shipped(self._rules.packs)
        except ConfigError as error:
            log.warning("rules not taken", extra={"action": "rules_refused", "error": str(error)})
        else:
            log.info("rules taken again", extra={"action": "rules_taken", "file": str(self._path)})
        return True

    def _accepted(self, file: Path) -> RuleSet:
        """The rules with those of `file`, loaded, linted."""
        try:
            rules = with_local(self._rules, file)
        except ConfigError as error:
            raise ConfigError([fault.replace(str(file), str(self._path)) for fault in error.faults]) from None
        if rules.local and (faults := lint_local(rules.local, rules.packs, self._isps)):
            raise ConfigError([f"{self._path}: {fault}" for fault in faults])
        return rules


def _stamp(path: Path) -> _Stamp:
    """What tells one state of a file from another; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
