"""What the page's fleet strip shows and starts; the simulated fleet provides it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol


class FleetPanel(Protocol):
    """Called from worker threads of the server: thread-safe."""

    def scenarios(self) -> Sequence[Mapping[str, str]]:
        """`[{"name", "title"}]`, in the order to show."""
        ...

    def start(self, name: str) -> None:
        """Start a scenario.

        Raises: KeyError where no scenario has this name.
        """
        ...

    def snapshot(self) -> Mapping[str, object]:
        """What the strip shows now, ready for JSON."""
        ...
