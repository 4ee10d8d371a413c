"""Which queues belong to which ISP: worked out once for each look at a host, not for each question."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.isp import IspCatalog
from bot.core.model import HostSnapshot, QueueState
from bot.ports import FleetStore


@dataclass(frozen=True, slots=True)
class _Sorted:
    snapshot: HostSnapshot
    by_isp: dict[str, tuple[QueueState, ...]]


class QueueIndex:
    """The queues of the configured hosts, as last seen. Thread-safe: two at once do the same work twice, no more."""

    def __init__(self, fleet: FleetStore, isps: IspCatalog, hosts: Sequence[str], stale_after: timedelta) -> None:
        self._fleet = fleet
        self._isps = isps
        self._hosts = frozenset(hosts)
        self._stale_after = stale_after
        self._sorted: dict[str, _Sorted] = {}

    def of(self, isp: str, now: datetime) -> tuple[QueueState, ...]:
        """Queues of `isp`. A host's list that is stale is left out: what it says may long have changed."""
        return tuple(queue for snapshot in self._fresh(now) for queue in self._by_isp(snapshot).get(isp, ()))

    def others(self, isp: str, now: datetime) -> tuple[QueueState, ...]:
        """Queues of all other ISPs."""
        return tuple(
            queue
            for snapshot in self._fresh(now)
            for other, queues in self._by_isp(snapshot).items()
            if other != isp
            for queue in queues
        )

    def _fresh(self, now: datetime) -> Iterator[HostSnapshot]:
        for snapshot in self._fleet.snapshots():
            if snapshot.host in self._hosts and now - snapshot.at <= self._stale_after:
                yield snapshot

    def _by_isp(self, snapshot: HostSnapshot) -> dict[str, tuple[QueueState, ...]]:
        known = self._sorted.get(snapshot.host)
        if known is None or known.snapshot is not snapshot:
            found: dict[str, list[QueueState]] = {}
            for queue in snapshot.queues:
                found.setdefault(self._isps.of_queue(queue.name), []).append(queue)
            known = _Sorted(snapshot, {isp: tuple(queues) for isp, queues in found.items()})
            self._sorted[snapshot.host] = known
        return known.by_isp
