"""Which queues belong to which ISP: worked out once for each look at a host, not for each question."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.core.diagnosis import QueueTrend
from bot.core.isp import IspCatalog
from bot.core.model import HostSnapshot, QueueSizes, QueueState
from bot.core.trends import GROWN_BY, HOUR, QUARTER, SMALL_QUEUE, clearly_grown, queue_trends, rising, together
from bot.ports import FleetStore


@dataclass(frozen=True, slots=True)
class _Sorted:
    snapshot: HostSnapshot
    by_isp: dict[str, tuple[QueueState, ...]]


@dataclass(frozen=True, slots=True)
class SeenQueues:
    """The queues of one ISP; all as one against earlier (None where no host's list is known in full), and each."""

    queues: tuple[QueueState, ...]
    together: QueueTrend | None
    trends: tuple[QueueTrend, ...]


@dataclass(frozen=True, slots=True)
class _Look:
    """One earlier look, by ISP. `sizes` is None where there was none."""

    sizes: QueueSizes | None
    by_isp: Mapping[str, Mapping[tuple[str, str], int]]

    def of(self, isp: str) -> QueueSizes | None:
        return self.sizes and replace(self.sizes, sizes=self.by_isp.get(isp, {}))


class QueueIndex:
    """The queues of the configured hosts, as last seen. Thread-safe: two at once do the same work twice, no more."""

    def __init__(self, fleet: FleetStore, isps: IspCatalog, hosts: Sequence[str], stale_after: timedelta) -> None:
        self._fleet = fleet
        self._isps = isps
        self._hosts = frozenset(hosts)
        self._stale_after = stale_after
        self._sorted: dict[str, _Sorted] = {}
        self._earlier: tuple[datetime, tuple[_Look, _Look]] | None = None

    def of(self, isp: str, now: datetime) -> tuple[QueueState, ...]:
        """Queues of `isp`. A host's list that is stale is left out: what it says may long have changed."""
        return tuple(queue for snapshot in self._fresh(now) for queue in self._by_isp(snapshot).get(isp, ()))

    def everyones(self, now: datetime) -> Iterator[tuple[str, QueueState, QueueTrend]]:
        """(ISP, queue, against earlier looks) of all queues but the smallest, which no look keeps."""
        looks = [look.sizes for look in self._looks(now)]
        for snapshot in self._fresh(now):
            for isp, queues in self._by_isp(snapshot).items():
                large = [queue for queue in queues if queue.recipients >= SMALL_QUEUE]
                yield from ((isp, *pair) for pair in zip(large, queue_trends(large, *looks), strict=True))

    def others(self, isp: str, now: datetime) -> tuple[QueueState, ...]:
        """Queues of all other ISPs."""
        return tuple(
            queue
            for snapshot in self._fresh(now)
            for other, queues in self._by_isp(snapshot).items()
            if other != isp
            for queue in queues
        )

    def seen(self, isp: str, now: datetime) -> SeenQueues:
        """The queues of `isp` now, and against earlier looks."""
        fresh = tuple(self._fresh(now))
        # A list that PMTA cut short would look like queues that shrank.
        hosts = {snapshot.host for snapshot in fresh if snapshot.complete}
        queues = tuple(queue for snapshot in fresh for queue in self._by_isp(snapshot).get(isp, ()))
        quarter, hour = (look.of(isp) for look in self._looks(now))
        whole = together(queues, hosts, quarter, hour) if hosts else None
        return SeenQueues(queues, whole, queue_trends(queues, quarter, hour))

    def rising(self, now: datetime) -> tuple[QueueTrend, ...]:
        """ISPs (`name` is the title) whose queues have clearly grown, most recipients gained first."""
        hosts: set[str] = set()
        held: dict[str, list[QueueState]] = {}
        for snapshot in self._fresh(now):
            hosts.update((snapshot.host,) if snapshot.complete else ())
            for isp, queues in self._by_isp(snapshot).items():
                held.setdefault(isp, []).extend(queues)
        large = [isp for isp, queues in held.items() if sum(queue.recipients for queue in queues) >= GROWN_BY]
        quarter, hour = self._looks(now)
        found = ((isp, together(held[isp], hosts, quarter.of(isp), hour.of(isp))) for isp in large)
        return rising(replace(trend, name=self._isps.title(isp)) for isp, trend in found if clearly_grown(trend))

    def _looks(self, now: datetime) -> tuple[_Look, _Look]:
        """A quarter of an hour and an hour ago; looked up once a minute."""
        minute = now.replace(second=0, microsecond=0)
        kept = self._earlier
        if kept is None or kept[0] != minute:
            kept = self._earlier = (minute, (self._look(now - QUARTER), self._look(now - HOUR)))
        return kept[1]

    def _look(self, at: datetime) -> _Look:
        sizes = self._fleet.queue_sizes(at)
        by_isp: dict[str, dict[tuple[str, str], int]] = {}
        for (host, name), recipients in sizes.sizes.items() if sizes else ():
            by_isp.setdefault(self._isps.of_queue(name), {})[host, name] = recipients
        return _Look(sizes, by_isp)

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
