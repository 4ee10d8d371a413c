"""In-memory twins of the ports, for tests. Each passes the same contract tests as the real one."""

from __future__ import annotations

from tests.memory.audit import MemoryAuditLog
from tests.memory.changes import MemoryChangeStore
from tests.memory.clock import ManualClock
from tests.memory.fleet import MemoryFleetStore
from tests.memory.incidents import MemoryIncidentStore
from tests.memory.outages import MemoryOutageStore
from tests.memory.outbox import MemoryOutboxStore
from tests.memory.shell import ScriptedShell
from tests.memory.silences import MemorySilenceStore
from tests.memory.tallies import MemoryTallyStore

__all__ = [
    "ManualClock",
    "MemoryAuditLog",
    "MemoryChangeStore",
    "MemoryFleetStore",
    "MemoryIncidentStore",
    "MemoryOutageStore",
    "MemoryOutboxStore",
    "MemorySilenceStore",
    "MemoryTallyStore",
    "ScriptedShell",
]
