"""Stored replies that no rule understands, beside some that one does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from bot.core.model import Cell, RollUp, Tally
from bot.core.reply import mask_local_parts, template
from bot.ports import NewRecords, TallyStore
from tests.diagnoses import NOW

UNDERSTOOD = "452 4.2.2 The recipient's mailbox is full"
ZORG = "450 Zorg gateway parked this delivery, shelf 7 is busy with ann@example.org"
BLIP = "554 5.7.1 Flibber score beyond the house line for 192.0.2.9"
REPLIES: Mapping[tuple[str, str], int] = {
    ("gmail", UNDERSTOOD): 500,
    ("gmail", ZORG): 40,
    ("example.org", ZORG): 2,
    ("yahoo", BLIP): 9,
    ("yahoo", "421 sorry"): 3,
}
"""(ISP, reply) -> deferrals."""


def put(store: TallyStore, replies: Mapping[tuple[str, str], int] = REPLIES, at: datetime = NOW) -> None:
    store.commit("mta1", NewRecords(roll_up(replies, at), ()))


def roll_up(replies: Mapping[tuple[str, str], int], at: datetime) -> RollUp:
    minute = int(at.timestamp()) // 60 * 60
    cells: dict[Cell, Tally] = {}
    samples: dict[tuple[str, str], str] = {}
    for (isp, reply), count in replies.items():
        cell = Cell(minute, isp, "mta1", "192.0.2.10", "vmta-1", template(reply))
        cells[cell] = cells.get(cell, Tally()) + Tally(deferred=count)
        samples.setdefault((isp, template(reply)), mask_local_parts(reply))
    return RollUp(cells=cells, samples=samples, rows=sum(replies.values()), newest=at)


def counted(replies: Iterable[str], isp: str = "example.org") -> dict[tuple[str, str], int]:
    """Each reply once more than the one before it."""
    return {(isp, reply): count for count, reply in enumerate(replies, 1)}
