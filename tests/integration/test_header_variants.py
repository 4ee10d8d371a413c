"""Every header row that was ever seen, as a file of ours with the tallies that were meant when it was written."""

from __future__ import annotations

import csv
import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.core.accounting import RowReader
from bot.core.model import FilePosition, RollUp
from bot.core.record_time import TimeStyle
from bot.core.rollup import roll_up
from bot.pmta.columns import read_piece
from tests.followed_host import ISPS, Host

DATA = Path(__file__).parents[1] / "data"
FILES = sorted(path for path in (DATA / "accounting").iterdir() if path.suffix == ".csv")
with (DATA / "pmta" / "headers.tsv").open(newline="") as table:
    SEEN = {each["id"]: each["header"] for each in csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE)}


def as_json(rolled: RollUp) -> dict[str, Any]:
    """A roll-up in the form of the expected values."""

    def counts(tally: Any) -> list[int]:  # noqa: ANN401  # Tally
        return [tally.delivered, tally.deferred, tally.bounced, tally.queue_deferred]

    return {
        "rows": rolled.rows,
        "newest": rolled.newest and int(rolled.newest.timestamp()),
        "cells": sorted([c.minute, c.isp, c.source_ip, c.vmta, c.reply, counts(t)] for c, t in rolled.cells.items()),
        "jobs": sorted([j.minute, j.isp, j.job, counts(t)] for j, t in rolled.jobs.items()),
        "left_out": rolled.left_out,
        "bad": sorted(rolled.bad),
    }


def expected(path: Path) -> tuple[dict[str, Any], int]:
    found = json.loads(path.with_name(path.name + ".json").read_text())
    return found, found.pop("zone_s")


def test_no_header_row_is_without_a_file() -> None:
    first = {path.stem: path.read_text().partition("\n")[0].rstrip("\r") for path in FILES}
    for variant, header in SEEN.items():
        line = first[variant]
        names = ",".join(json.loads(line)) if line.startswith("{") else line
        assert names == header, variant


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_plain_reference(path: Path) -> None:
    want, zone_s = expected(path)
    reader = RowReader(path.read_bytes(), None, style=TimeStyle.of_file(path.name, zone_s))
    assert as_json(roll_up(reader, host="mta1", isps=ISPS)) == want


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_fast_path(path: Path) -> None:
    want, zone_s = expected(path)
    style = TimeStyle.of_file(path.name, zone_s)
    data = path.read_bytes()
    rolled, used, _ = read_piece(data, "", host="mta1", isps=ISPS, smallest=64, style=style)
    assert as_json(rolled) == want
    assert used == len(data)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_followed_on_a_host_byte_by_byte_as_it_grows(path: Path, tmp_path: Path) -> None:
    want, zone_s = expected(path)
    host = Host(tmp_path)
    host.globs("*.csv")
    host.positions = (FilePosition("/gone.csv", 1, 9, ""),)
    host.zone = timedelta(seconds=zone_s)
    data = path.read_bytes()
    for start in range(0, len(data), 401):
        host.write(path.name, data[start : start + 401])
        host.poll()
    assert as_json(host.total) == want


def test_all_of_them_in_one_folder(tmp_path: Path) -> None:
    """Each has its own header; the order of the files does not matter."""
    host = Host(tmp_path)
    host.globs("*.csv")
    host.positions = (FilePosition("/gone.csv", 1, 9, ""),)
    zoned = [path for path in FILES if expected(path)[1] == 0]
    for path in reversed(zoned):
        shutil.copy(path, tmp_path)
    rolled = host.poll()
    assert rolled.rows == sum(expected(path)[0]["rows"] for path in zoned)
    for isp in ("gmail", "yahoo", "corp.example"):
        want = sum(sum(c[5]) for path in zoned for c in expected(path)[0]["cells"] if c[1] == isp)
        tallies = [t for c, t in rolled.cells.items() if c.isp == isp]
        assert sum(t.attempts + t.bounced + t.queue_deferred for t in tallies) == want
