"""The latest of every host, in dictionaries."""

from __future__ import annotations

from bot.core.model import HostHealth, HostSnapshot


class MemoryFleetStore:
    """`ports.FleetStore`."""

    def __init__(self) -> None:
        self._snapshots: dict[str, HostSnapshot] = {}
        self._health: dict[str, HostHealth] = {}

    def put_snapshot(self, snapshot: HostSnapshot) -> None:
        self._snapshots[snapshot.host] = snapshot

    def put_health(self, health: HostHealth) -> None:
        self._health[health.host] = health

    def snapshots(self) -> tuple[HostSnapshot, ...]:
        return tuple(snapshot for _, snapshot in sorted(self._snapshots.copy().items()))

    def health(self) -> tuple[HostHealth, ...]:
        return tuple(health for _, health in sorted(self._health.copy().items()))
