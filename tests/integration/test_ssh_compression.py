"""What a real host can compress with decides what goes over the wire, never what is counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.core.model import Tally
from bot.errors import HostError
from bot.pmta.appended import STREAMED_FROM
from tests.bare_host import BareHost

pytestmark = pytest.mark.sshd


@pytest.mark.parametrize(
    ("tools", "slow", "expected"),
    [
        (("zstd", "lz4", "gzip"), False, "zstd"),
        (("lz4", "gzip"), False, "lz4"),
        (("gzip",), False, "plain"),
        (("gzip",), True, "gzip"),
        ((), True, "plain"),
    ],
)
def test_with_every_tool_absent_in_turn(tmp_path: Path, tools: tuple[str, ...], slow: bool, expected: str) -> None:
    site = BareHost(tmp_path, tools)
    with site.followed(("mta1",) if slow else ()) as wire:
        size = 0
        for rows in (2, 4_000, 120_000):  # too few to compress; by columns; while they arrive
            site.write(rows)
            size = site.path().stat().st_size - size
            before = wire.came
            assert site.poll() == Tally(rows // 2, rows // 2)
        assert size > STREAMED_FROM
        assert (wire.came - before < size / 5) is (expected != "plain")
    assert wire.taken == ["plain", expected, expected]


def test_a_tool_that_is_there_and_does_not_start_is_none(tmp_path: Path) -> None:
    site = BareHost(tmp_path, ("lz4",))
    site.fake("zstd", "echo 'libzstd.so.1: cannot open shared object file' >&2; exit 127")
    with site.followed() as wire:
        site.write(1_000)
        assert site.poll() == Tally(500, 500)
    assert wire.taken == ["lz4"]


@pytest.mark.parametrize("rows", [1_000, 120_000])
@pytest.mark.parametrize("tool", ["zstd", "lz4", "gzip"])
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("| head -c 200", r"(the end of .* is missing; nothing of it is counted|data expected from)"),
        ("| tr '\\000-\\377' '\\001-\\377\\000'", r"data expected from `\w+ -1`, found b"),
        (">/dev/null; exit 1", r"(the end of .* is missing; nothing of it is counted|data expected from)"),
    ],
    ids=["cut", "changed", "gone"],
)
def test_a_stream_that_is_no_good_is_said_and_nothing_of_it_counted(
    tmp_path: Path, tool: str, rows: int, fault: str, said: str
) -> None:
    """The tool works when it is asked for, and breaks when it matters. Without it all is there."""
    site = BareHost(tmp_path, ())
    broken = tmp_path / "broken"
    site.fake(tool, f'if [ -e {broken} ]; then {tool} "$@" {fault}; else exec {tool} "$@"; fi')
    with site.followed(("mta1",)) as wire:
        assert site.poll() == Tally()
        site.write(rows)
        broken.touch()
        before = site.positions
        with pytest.raises(HostError, match=said):
            site.poll()
        assert site.positions == before
        (site.bin / tool).unlink()
        assert site.poll() == Tally(rows // 2, rows // 2)
        assert site.poll() == Tally()
    assert wire.taken[-1] == "plain"
