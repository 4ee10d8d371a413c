"""How our source IPs do at the largest other ISPs."""

from __future__ import annotations

from bot.core.model import Tally, Window
from bot.services.elsewhere import LARGEST, Elsewhere
from bot.services.rated import RatedTallies
from tests.watch_rig import MINUTE, WatchRig


def compared(rig: WatchRig) -> tuple[Elsewhere, Window]:
    rated = RatedTallies(rig.tallies, rig.fleet, rig.clock, 60 * MINUTE)
    return Elsewhere(rated, str.upper), Window.ending(rig.clock.now() + MINUTE, 60 * MINUTE)


def test_the_largest_others_with_our_ips_only() -> None:
    rig = WatchRig()
    for n in range(LARGEST + 10):
        rig.count(1_000 - n, n, isp=f"shop{n:02}", ip="192.0.2.1")
        rig.count(1, isp=f"shop{n:02}", ip="192.0.2.9")
    found, window = compared(rig)
    at = found.of("shop03", {"192.0.2.1"}, window)
    names = [f"SHOP{n:02}" for n in range(LARGEST + 1) if n != 3]
    assert at == {("192.0.2.1", name): Tally(1_000 - int(name[4:]), int(name[4:])) for name in names}
    assert len(found.of("shop99", {"192.0.2.1"}, window)) == LARGEST + 1


def test_summed_once_for_a_window() -> None:
    rig = WatchRig()
    rig.count(50, 50, isp="yahoo")
    found, window = compared(rig)
    first = found.of("gmail", {"192.0.2.1"}, window)
    rig.count(50, 50, isp="yahoo")
    assert found.of("gmail", {"192.0.2.1"}, window) == first == {("192.0.2.1", "YAHOO"): Tally(50, 50)}
    later = Window(window.start, window.end + MINUTE)
    assert found.of("gmail", {"192.0.2.1"}, later) == {("192.0.2.1", "YAHOO"): Tally(100, 100)}
