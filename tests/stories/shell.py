"""The simulated hosts of a story, and what goes wrong with them."""

from __future__ import annotations

from tests.fleet_shell import Argv, FleetShell
from tests.stories.slack_here import Killed

_NORMAL = """queue[0].name="{queue}"
queue[0].rcp="9"
queue[0].kb="1.0"
queue[0].conn="1"
queue[0].paused="no"
queue[0].mode="normal"
totalRcp="9"
totalQueuesWithRcp="1"
"""


class StoryShell(FleetShell):
    """Hosts in `deaf` take every command and do nothing, as their queues show. `kill_at`: the process ends once this
    host has carried out the next command."""

    deaf: frozenset[str] = frozenset()
    kill_at = ""

    def run(self, host: str, argv: Argv, *, timeout_s: float, limit: int = 8 << 20) -> bytes:
        changes = "show" not in argv
        if changes and host in self.deaf and host not in self.dark:
            self.changed.append((host, argv))
            return b"\n"
        asked = next((word for word in argv if "/" in word), "")
        if host in self.deaf and asked and host not in self.dark:
            return _NORMAL.format(queue=asked).encode()
        printed = super().run(host, argv, timeout_s=timeout_s, limit=limit)
        if changes and host == self.kill_at:
            self.kill_at = ""
            raise Killed
        return printed
