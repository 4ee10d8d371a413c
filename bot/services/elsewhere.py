"""How our source IPs do at the largest ISPs, for comparison."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from bot.core.model import Dim, Tally, Window
from bot.services.rated import RatedTallies

LARGEST = 30
"""ISPs compared with: those with most mail in the window."""


class Elsewhere:
    """Summed once a minute. Two threads at once do the same work twice, no more."""

    def __init__(self, tallies: RatedTallies, title: Callable[[str], str]) -> None:
        self._tallies = tallies
        self._title = title
        self._kept: tuple[Window, Mapping[str, Mapping[str, Tally]]] | None = None

    def of(self, isp: str, ips: Collection[str], window: Window) -> dict[tuple[str, str], Tally]:
        """(source IP, title of another ISP) -> counts of `ips`."""
        return {
            (ip, self._title(other)): tally
            for other, by_ip in self._at(window).items()
            if other != isp
            for ip, tally in by_ip.items()
            if ip in ips
        }

    def _at(self, window: Window) -> Mapping[str, Mapping[str, Tally]]:
        """ISP -> source IP -> counts."""
        kept = self._kept
        if kept is None or kept[0] != window:
            whole = self._tallies.totals(window, (Dim.ISP,))
            # One more than are compared with: the one that is asked about may be among them.
            largest = sorted(whole, key=lambda key: (-whole[key].attempts, key))[: LARGEST + 1]
            kept = self._kept = (window, {isp: self._by_ip(isp, window) for (isp,) in largest})
        return kept[1]

    def _by_ip(self, isp: str, window: Window) -> Mapping[str, Tally]:
        return {ip: tally for (ip,), tally in self._tallies.totals(window, (Dim.SOURCE_IP,), isp=isp).items()}
