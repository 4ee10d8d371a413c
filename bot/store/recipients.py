"""Whom the deferrals of an ISP were for, over a window: sketches of stretches put together."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, func, select

from bot.core import distinct
from bot.core.model import RECIPIENTS_EVERY_S, Recipients, Tally, Window
from bot.store.tables import COUNTS, isp_tally, recipient_sketch


def recipients(connection: Connection, window: Window, isp: str) -> Recipients | None:
    """Over the stretches that touch `window`; None where a stretch with deferrals has no sketch."""
    start, end = stretches(window)
    inside = (recipient_sketch.c.start >= start, recipient_sketch.c.start < end, recipient_sketch.c.isp == isp)
    sketches = connection.execute(select(recipient_sketch.c.start, recipient_sketch.c.sketch).where(*inside)).all()
    counts = _counts(connection, start, end, isp)
    if not {stretch for stretch, tally in counts.items() if tally.deferred} <= {stretch for stretch, _ in sketches}:
        return None
    seen = distinct.merged(*(distinct.from_bytes(sketch) for _, sketch in sketches))
    whole = Window(datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC))
    return Recipients(whole, distinct.count(seen), sum(counts.values(), Tally()))


def stretches(window: Window) -> tuple[int, int]:
    """Epoch seconds of the start of the first and of the end of the last stretch that touches `window`."""
    start, end = window.start.timestamp(), window.end.timestamp()
    return int(start // RECIPIENTS_EVERY_S) * RECIPIENTS_EVERY_S, -int(-end // RECIPIENTS_EVERY_S) * RECIPIENTS_EVERY_S


def _counts(connection: Connection, start: int, end: int, isp: str) -> dict[int, Tally]:
    """Start of a stretch -> the ISP's counts in it."""
    stretch = isp_tally.c.minute - isp_tally.c.minute % RECIPIENTS_EVERY_S
    query = (
        select(stretch, *(func.sum(isp_tally.c[name]) for name in COUNTS))
        .where(isp_tally.c.minute >= start, isp_tally.c.minute < end, isp_tally.c.isp == isp)
        .group_by(stretch)
    )
    return {at: Tally(*counts) for at, *counts in connection.execute(query)}
