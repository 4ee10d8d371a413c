"""What goes wrong on a real host while it sends: it hangs, it never stops, its files change, the line is cut."""

from __future__ import annotations

import os
import select
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.core.model import Tally
from bot.errors import HostError, HostUnreachable
from bot.pmta.appended import STREAMED_FROM
from tests.accounting_rows import row
from tests.bare_host import BareHost
from tests.followed_host import HEAD

pytestmark = pytest.mark.sshd

MANY = 120_000
"""Rows enough to be counted while they arrive."""
HANGS = 'case "$*" in *mta1*) tail "$@" | head -c 9000000; exec sleep 300 ;; *) exec tail "$@" ;; esac'


@pytest.mark.parametrize("tools", [("zstd",), ()], ids=["zstd", "plain"])
def test_a_host_that_hangs_in_the_middle_is_ended_by_its_limit_and_delays_no_other(
    tmp_path: Path, tools: tuple[str, ...]
) -> None:
    site = BareHost(tmp_path, tools)
    site.write(MANY)
    site.write(MANY, "mta2")
    assert site.path().stat().st_size > STREAMED_FROM
    site.fake("tail", HANGS)
    with site.followed(limit_s=4), ThreadPoolExecutor(1) as pool:
        began = time.monotonic()
        hanging = pool.submit(site.poll)
        assert site.poll("mta2") == Tally(MANY // 2, MANY // 2)
        assert not hanging.done()
        with pytest.raises(HostUnreachable, match=r"had not ended after .* s and was stopped on the host"):
            hanging.result(30)
        assert time.monotonic() - began < 20
        site.link("tail")
        assert site.poll() == Tally(MANY // 2, MANY // 2)
        assert site.poll() == Tally()


@pytest.mark.parametrize("rows", [10, 1_000, MANY])
@pytest.mark.parametrize("tools", [(), ("zstd",), ("lz4",)], ids=["plain", "zstd", "lz4"])
def test_output_without_an_end_is_left_at_once(tmp_path: Path, rows: int, tools: tuple[str, ...]) -> None:
    """Zeros without an end are next to nothing on the wire once they are compressed."""
    site = BareHost(tmp_path, tools)
    with site.followed():
        assert site.poll() == Tally()
        site.write(rows)
        site.fake("head", 'head "$@"; exec cat /dev/zero')
        began = time.monotonic()
        with pytest.raises(HostError, match=r"the end of .* is missing|printed more than \d+ bytes"):
            site.poll()
        assert time.monotonic() - began < 20
        site.link("head")
        assert site.poll() == Tally(rows // 2, rows // 2)


@pytest.mark.parametrize("rows", [10, 1_000, MANY])
@pytest.mark.parametrize("change", ["mv {path}.new {path}", "cat {path}.new >{path}"], ids=["replaced", "cut"])
def test_a_file_that_changes_while_it_is_sent_is_not_counted_then(tmp_path: Path, rows: int, change: str) -> None:
    site = BareHost(tmp_path, ("zstd",))
    path = site.path()
    with site.followed():
        assert site.poll() == Tally()
        site.write(rows)
        new = tmp_path / "new"
        new.write_text(HEAD + row("b", vmta="another") * 5, newline="")
        moment = change.format(path=path).replace(f"{path}.new", str(new))
        # the change comes when half of it is on its way
        site.fake("tail", f'if [ -e {new} ]; then tail "$@" | head -c 400; {moment}; rm -f {new}; fi; exec tail "$@"')
        assert site.poll() == Tally()
        assert site.poll() == Tally(bounced=5)
        assert site.poll() == Tally()


def test_a_line_that_is_cut_in_the_middle_counts_nothing_and_is_opened_anew(tmp_path: Path) -> None:
    site = BareHost(tmp_path, ())
    site.write(MANY)
    os.mkfifo(tmp_path / "half")
    site.fake("tail", f'tail "$@" | head -c 9000000; echo >{tmp_path}/half; exec sleep 300')
    with site.followed(), ThreadPoolExecutor(1) as pool:
        polled = pool.submit(site.poll)
        half = os.open(tmp_path / "half", os.O_RDWR)
        assert select.select([half], [], [], 20)[0]
        os.close(half)
        site.server.drop_connections()
        with pytest.raises(HostUnreachable, match="the connection was lost"):
            polled.result(30)
        site.link("tail")
        assert site.poll() == Tally(MANY // 2, MANY // 2)
