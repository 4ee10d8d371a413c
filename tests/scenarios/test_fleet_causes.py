"""The same answers end to end: from the accounting files of the simulated fleet."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.core.category import Category
from bot.core.finding import Elsewhere, Kind
from tests.seen_fleet import Seen

C = Category
BUSY = {"192.0.2.41", "192.0.2.42"}
"""The IPs that send enough to Microsoft to pass its limit."""


@pytest.mark.parametrize(
    ("scenario", "isp", "cause", "danger", "kind", "keys", "elsewhere"),
    [
        ("gmail-reputation", "gmail", C.REPUTATION_IP, C.REPUTATION_IP, Kind.IPS, {"192.0.2.10", "192.0.2.12"}, None),
        ("gmail-throttle", "gmail", C.THROTTLE_NORMAL, None, Kind.ALL, set(), None),
        ("microsoft-rp002", "microsoft", C.CONNECTION_LIMIT, None, Kind.IPS, BUSY, None),
        ("blocklist", "comcast", C.BLOCKLIST, C.BLOCKLIST, Kind.IPS, {"192.0.2.31"}, Elsewhere.BAD),
        ("blocklist", "microsoft", C.REPUTATION_IP, C.BLOCKLIST, Kind.IPS, {"192.0.2.31"}, Elsewhere.BAD),
        ("isp-outage", "apple", C.SERVER_ERROR, None, Kind.ALL, set(), Elsewhere.CLEAN),
        ("gmail-authentication", "gmail", C.AUTHENTICATION, C.AUTHENTICATION, Kind.ALL, set(), None),
        ("host-resolver", "apple", C.DNS_FAILURE, None, Kind.HOSTS, {"mta2"}, Elsewhere.BAD),
    ],
)
def test_the_fleet_tells_the_same(
    tmp_path: Path,
    scenario: str,
    isp: str,
    cause: Category,
    danger: Category | None,
    kind: Kind,
    keys: set[str],
    elsewhere: Elsewhere | None,
) -> None:
    found = Seen(tmp_path, scenario, isp).diagnosis()
    assert found.contrast is not None
    dangerous = found.causes.dangerous
    assert (found.cause, dangerous.category if dangerous else None) == (cause, danger)
    assert (found.contrast.kind, set(found.contrast.keys)) == (kind, keys)
    assert elsewhere in (None, found.contrast.elsewhere)
    assert found.evidence[0] == found.contrast.evidence[0]
    assert (found.danger_at is None) == (danger in (None, cause))
