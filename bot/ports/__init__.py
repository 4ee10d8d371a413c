"""What services need from the outside, in our own words. Each port has a real and a second implementation."""

from __future__ import annotations

from bot.ports.hosts import AccountingReader, Clock, FleetStore, HostShell, NewRecords, TallyStore
from bot.ports.journals import AuditLog, ChangeStore, IncidentStore, OutageStore, SilenceStore
from bot.ports.people import Meanings, OutboxStore, PendingNote, Post, Roles, Wake

__all__ = [
    "AccountingReader",
    "AuditLog",
    "ChangeStore",
    "Clock",
    "FleetStore",
    "HostShell",
    "IncidentStore",
    "Meanings",
    "NewRecords",
    "OutageStore",
    "OutboxStore",
    "PendingNote",
    "Post",
    "Roles",
    "SilenceStore",
    "TallyStore",
    "Wake",
]
