"""The latest of every host, in dictionaries."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.core.model import HostHealth, HostSnapshot, QueueSizes
from bot.store.queue_sizes import EVERY, KEPT_FOR, LEAST_RECIPIENTS, MOST_QUEUES


class MemoryFleetStore:
    """`ports.FleetStore`."""

    def __init__(self) -> None:
        self._snapshots: dict[str, HostSnapshot] = {}
        self._health: dict[str, HostHealth] = {}
        self._looks: dict[datetime, dict[str, HostSnapshot]] = {}

    def put_snapshot(self, snapshot: HostSnapshot) -> None:
        self._snapshots[snapshot.host] = snapshot
        start = snapshot.at - (snapshot.at - datetime.fromtimestamp(0, UTC)) % EVERY
        self._looks.setdefault(start, {}).setdefault(snapshot.host, snapshot)
        self._looks = {at: looks for at, looks in self._looks.items() if at > snapshot.at - KEPT_FOR}

    def put_health(self, health: HostHealth) -> None:
        self._health[health.host] = health

    def snapshots(self) -> tuple[HostSnapshot, ...]:
        return tuple(snapshot for _, snapshot in sorted(self._snapshots.copy().items()))

    def health(self) -> tuple[HostHealth, ...]:
        return tuple(health for _, health in sorted(self._health.copy().items()))

    def queue_sizes(self, at: datetime) -> QueueSizes | None:
        close = [start for start in self._looks if abs(start - at) <= EVERY]
        if not close:
            return None
        start = min(close, key=lambda each: (abs(each - at), each))
        looks = self._looks[start]
        return QueueSizes(
            start,
            frozenset(host for host, snapshot in looks.items() if _whole(snapshot)),
            {(host, name): size for host, snapshot in looks.items() for name, size in _biggest(snapshot)},
        )


def _whole(snapshot: HostSnapshot) -> bool:
    return snapshot.complete and len(_kept(snapshot)) <= MOST_QUEUES


def _biggest(snapshot: HostSnapshot) -> list[tuple[str, int]]:
    return sorted(_kept(snapshot).items(), key=lambda each: -each[1])[:MOST_QUEUES]


def _kept(snapshot: HostSnapshot) -> dict[str, int]:
    return {queue.name: queue.recipients for queue in snapshot.queues if queue.recipients >= LEAST_RECIPIENTS}
