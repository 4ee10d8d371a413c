"""The rules in force and what nobody understands, over doubles of the stores and a folder that goes away again."""

from __future__ import annotations

import functools
import shutil
import weakref
from pathlib import Path
from tempfile import mkdtemp

from bot.core.proposal import Proposal
from bot.knowledge import shipped_playbooks
from bot.playbook.isps import load_isps
from bot.playbook.load import RuleSet, load_rule_set
from bot.ports import Clock
from bot.services.adopt import Adopt
from bot.services.propose import Propose
from bot.services.rule_book import RuleBook
from bot.services.unknowns import Unknowns
from tests.fakes import MemoryAuditLog, MemoryTallyStore


@functools.cache
def shipped() -> RuleSet:
    return load_rule_set(shipped_playbooks() / "replies")


@functools.cache
def isps() -> tuple[str, ...]:
    return load_isps(shipped_playbooks() / "isps.yaml").keys()


class RuleDesk:
    """The services of unknown replies; `folder` is where the local rules lie, one of its own where none is given."""

    def __init__(self, clock: Clock, folder: Path | None = None) -> None:
        if folder is None:
            folder = Path(mkdtemp())
            weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self.file = folder / "replies.local.yaml"
        self.store = MemoryTallyStore()
        self.audit = MemoryAuditLog()
        self.book = RuleBook(shipped(), self.file, isps())
        self.unknowns = Unknowns(self.store, self.book, clock)
        self.propose = Propose(self.unknowns, self.book)
        self.adopt = Adopt(book=self.book, audit=self.audit, clock=clock)

    def proposal(self, part: str) -> Proposal:
        """The proposal whose pattern holds `part`."""
        found = self.propose.proposals(self.propose.unknown(), 20)
        return next(proposal for proposal in found if part in proposal.pattern)
