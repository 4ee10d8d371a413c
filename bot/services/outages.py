"""After every poll: open, change or close the outage of hosts, so that it says what is true now."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

from bot.core.incident import Note, nothing
from bot.core.model import Dim, Tally, Window
from bot.core.outage import Outage, OutageMove, Watched, next_outage
from bot.core.outage_news import timeline, went_blind
from bot.core.silence import About
from bot.ports import AuditLog, Clock, FleetStore, OutageStore, SilenceStore, TallyStore

log = logging.getLogger(__name__)

SHARE_OF = timedelta(hours=1)
"""The time before an outage whose mail tells how much is missing."""


class Outages:
    """Turns the hosts' health into outages. Only one thread may run `tick`; losing a race on a revision is harmless.

    `clock` starts with the object: what nobody has tried to read yet is not dark.
    """

    def __init__(
        self,
        *,
        fleet: FleetStore,
        tallies: TallyStore,
        outages: OutageStore,
        silences: SilenceStore,
        audit: AuditLog,
        clock: Clock,
        hosts: Sequence[str],
        stale_after: timedelta,
    ) -> None:
        self._fleet = fleet
        self._tallies = tallies
        self._outages = outages
        self._silences = silences
        self._audit = audit
        self._clock = clock
        self._hosts = hosts
        self._stale_after = stale_after
        self._since = clock.now()

    def tick(self) -> OutageMove:
        """Look at every host once; return what was decided."""
        before = self._outages.newest()
        move, after = next_outage(before, self._watched())
        if after is None or move is OutageMove.HOLD:
            return move
        if before is None or before.dark != after.dark or move is OutageMove.OPEN:
            after = replace(after, share=self._share(after))
        known = None if before is None or move is OutageMove.OPEN else before
        lines = nothing if move is OutageMove.REFRESH else partial(self._lines, move, known)
        if known is None:
            kept = self._outages.open(after, lines=lines)
        else:
            kept = self._outages.move(known, after, lines=lines)
        if kept is not None and move is not OutageMove.REFRESH:
            self._record(move, kept)
        return move

    def _watched(self) -> Watched:
        health = {health.host: health for health in self._fleet.health()}
        now = self._clock.now()
        worked_on = frozenset(one.name for one in self._silences.active(now) if one.about is About.HOST)
        return Watched(self._hosts, health, now, self._since, self._stale_after, worked_on)

    def _share(self, outage: Outage) -> float | None:
        """The part of the fleet's attempts that the dark hosts made before; None where nothing was counted."""
        since = outage.dark_since
        if since is None:
            return outage.share
        window = Window.ending(since.replace(second=0, microsecond=0), SHARE_OF)
        by_host = {host: tally for (host,), tally in self._tallies.totals(window, (Dim.HOST,)).items()}
        whole = sum(tally.attempts for tally in by_host.values())
        theirs = sum(by_host.get(host.host, Tally()).attempts for host in outage.dark)
        return theirs / whole if whole else None

    def _lines(self, move: OutageMove, before: Outage | None, after: Outage) -> list[Note]:
        # An edit notifies nobody: what people must hear of again is shown in the channel as well.
        loud = before is not None and (move is OutageMove.REOPEN or went_blind(before, after))
        return [Note(after.id, self._clock.now(), line, loud) for line in timeline(before, after)]

    def _record(self, move: OutageMove, after: Outage) -> None:
        detail = {"dark": [host.host for host in after.dark], "fleet": after.fleet, "why": move.value}
        action = f"outage_{move.name.lower()}"
        self._audit.append(
            at=self._clock.now(), actor="deferbot", action=action, subject=f"OUT-{after.id}", detail=detail
        )
        log.info("outage moved", extra={"action": action, "outage": after.id, **detail})
