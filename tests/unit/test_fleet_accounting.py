"""The simulated accounting files: format, rotation, half-written lines, and that commands change what they hold."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from bot.sim.fleet.accounting import HEADER, AccountingFile, quoted
from tests.fleet_scene import HOUR, MINUTE, NOON, scene

FIRST = int(datetime(2026, 11, 20, 23, 59, 58, tzinfo=UTC).timestamp())


def ledger(folder: Path, max_bytes: int = 1 << 20, seed: int = 1) -> AccountingFile:
    return AccountingFile(folder / "acct.csv", max_bytes, Random(seed))


def test_files_have_header_crlf_and_as_many_fields_everywhere(tmp_path: Path) -> None:
    s = scene(tmp_path, backfill=HOUR)
    s.fleet.start_scenario("isp-outage")
    s.live(HOUR)
    types: set[str] = set()
    for host in s.fleet.hosts:
        for path in s.files(host):
            data = path.read_bytes().rpartition(b"\r\n")[0]
            assert data.count(b"\n") == data.count(b"\r\n")
            rows = list(csv.reader(data.decode().split("\r\n"), strict=True))
            assert rows[0] == HEADER.split(",")
            assert {len(row) for row in rows} == {23}
            types |= {f"{path.name[:4]} {row[0]}" for row in rows[1:]}
    assert types == {"acct d", "acct b", "diag t", "diag tq"}


def test_rows_tell_source_vmta_queue_and_offset_time(tmp_path: Path) -> None:
    s = scene(tmp_path, backfill=HOUR)
    rows = list(s.rows(HOUR))
    gmail = [row for row in rows if row["vmta"] == "gmail-ip-1"]
    assert {(row["dlvSourceIp"], row["queue"], row["vmtaPool"]) for row in gmail} == {
        ("192.0.2.10", "gmail.com/gmail-ip-1", "gmail-pool")
    }
    assert all(row["timeLogged"].endswith("+0000") for row in rows)
    assert {row["queue"].partition("/")[0] for row in rows if "yahoodns" in row["dsnMta"]} == {"yahoo.rollup"}
    assert any(row["queue"] == "yahoo.rollup/{default}" for row in rows)


def test_a_queue_row_names_no_recipient(tmp_path: Path) -> None:
    s = scene(tmp_path, backfill=MINUTE)
    s.fleet.start_scenario("isp-outage")
    s.live(HOUR)
    rows = [row for row in s.rows(HOUR) if row["type"] == "tq"]
    assert rows
    assert {row["rcpt"] for row in rows} == {""}
    assert all(row["queue"] and row["dlvSourceIp"] and row["dsnStatus"] for row in rows)


def test_quoting_follows_rfc_4180() -> None:
    value = 'smtp;550 <a@b.example>: recipient "a", unknown'
    assert next(csv.reader([quoted(value)])) == [value]
    assert quoted("smtp;250 ok") == "smtp;250 ok"


def test_midnight_begins_a_new_file(tmp_path: Path) -> None:
    file = ledger(tmp_path)
    for at in range(FIRST, FIRST + 4):
        file.add(at, f"d,{at}")
    file.flush(whole=True)
    written = {path.name: path.read_text().splitlines() for path in tmp_path.iterdir()}
    assert written == {
        "acct-2026-11-20-0000.csv": [HEADER, f"d,{FIRST}", f"d,{FIRST + 1}"],
        "acct-2026-11-21-0000.csv": [HEADER, f"d,{FIRST + 2}", f"d,{FIRST + 3}"],
    }


def test_a_full_file_is_followed_by_the_next_number(tmp_path: Path) -> None:
    file = ledger(tmp_path, max_bytes=len(HEADER) + 50)
    for _ in range(10):
        file.add(FIRST, "d," + "x" * 28)
    file.flush(whole=True)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [f"acct-2026-11-20-{number:04d}.csv" for number in range(5)]


def test_a_file_that_is_there_already_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "acct-2026-11-20-0000.csv").write_text("older")
    file = ledger(tmp_path)
    file.add(FIRST, "d,1")
    file.flush(whole=True)
    assert (tmp_path / "acct-2026-11-20-0000.csv").read_text() == "older"
    assert (tmp_path / "acct-2026-11-20-0001.csv").read_text().splitlines() == [HEADER, "d,1"]


def test_a_half_written_line_is_completed_by_the_next_write(tmp_path: Path) -> None:
    file = ledger(tmp_path)
    path = tmp_path / "acct-2026-11-20-0000.csv"
    half_seen = 0
    added = []
    for number in range(100):
        added += [f"d,{number}," + "y" * 80, f"d,{number}," + "z" * 80]
        for line in added[-2:]:
            file.add(FIRST, line)
        before = path.read_bytes() if path.exists() else b""
        file.flush()
        after = path.read_bytes()
        assert after.startswith(before)
        half_seen += not after.endswith(b"\r\n")
    file.flush()
    file.flush()
    assert half_seen > 2
    assert path.read_bytes().decode().split("\r\n") == [HEADER, *added, ""]


def test_the_fleet_leaves_half_lines_now_and_then(tmp_path: Path) -> None:
    s = scene(tmp_path, backfill=MINUTE)
    halves = 0
    for _ in range(60):
        s.live(MINUTE / 2)
        halves += sum(not path.read_bytes().endswith(b"\r\n") for path in s.files("mta1"))
    assert 0 < halves < 40


def test_the_fleet_changes_files_at_midnight_and_on_rotate(tmp_path: Path) -> None:
    s = scene(tmp_path, start=NOON.replace(hour=23, minute=59), backfill=MINUTE)
    s.live(2 * MINUTE)
    s.run("rotate acct")
    s.live(MINUTE)
    acct = [path.name for path in s.files("mta1") if path.name.startswith("acct")]
    assert acct == ["acct-2026-11-20-0000.csv", "acct-2026-11-21-0000.csv", "acct-2026-11-21-0001.csv"]


def test_a_small_max_size_rotates_a_running_host(tmp_path: Path) -> None:
    scene(tmp_path, backfill=timedelta(0))
    config = tmp_path / "mta1" / "etc" / "pmta" / "config"
    config.write_text(config.read_text().replace("max-size 50M", "max-size 40K"))
    s = scene(tmp_path, backfill=10 * MINUTE)
    sizes = [path.stat().st_size for path in s.files("mta1") if path.name.startswith("acct")]
    assert len(sizes) > 3
    assert max(sizes) < 42_000


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    def lived(name: str, seed: int) -> dict[str, bytes]:
        s = scene(tmp_path / name, backfill=10 * MINUTE, seed=seed)
        s.fleet.start_scenario("yahoo-tss04")
        for _ in range(10):
            s.live(MINUTE)
        s.run("set queue --mode=backoff yahoo.rollup/yahoo-ip-1")
        s.live(10 * MINUTE)
        return {f"{host}/{path.name}": path.read_bytes() for host in s.fleet.hosts for path in s.files(host)}

    first = lived("a", 7)
    assert first == lived("b", 7)
    assert first != lived("c", 8)


def test_a_paused_queue_attempts_nothing_and_keeps_its_mail(tmp_path: Path) -> None:
    s = scene(tmp_path, backfill=10 * MINUTE)
    s.run("pause queue gmail.com/gmail-ip-1")
    s.live(10 * MINUTE)
    assert s.attempts("gmail.com/gmail-ip-1", 10 * MINUTE) == 0
    assert s.attempts("gmail.com/gmail-ip-2", 10 * MINUTE) > 100
    held = next(q for q in s.fleet.snapshot()["hosts"][0]["queues"] if q["paused"])  # type: ignore[index]
    assert held["recipients"] > 100
    s.run("resume queue gmail.com/gmail-ip-1")
    s.live(10 * MINUTE)
    assert s.attempts("gmail.com/gmail-ip-1", 10 * MINUTE) > 300


def test_a_queue_with_another_source_goes_on_without_the_disabled_one(tmp_path: Path) -> None:
    s = scene(tmp_path, backfill=10 * MINUTE)
    s.run("disable source --reenable-after=1h 192.0.2.32 comcast.net/general-2", host="mta2")
    s.live(20 * MINUTE)
    used = {row["dlvSourceIp"] for row in s.rows(20 * MINUTE) if row["queue"] == "comcast.net/general-2"}
    assert used == {"192.0.2.33"}
    elsewhere = {row["dlvSourceIp"] for row in s.rows(20 * MINUTE) if row["queue"] == "icloud.com/general-2"}
    assert elsewhere == {"192.0.2.32", "192.0.2.33"}


def test_backoff_mode_slows_a_queue(tmp_path: Path) -> None:
    s = scene(tmp_path, backfill=10 * MINUTE)
    s.live(10 * MINUTE)
    before = s.attempts("gmail.com/gmail-ip-1", 10 * MINUTE)
    s.run("set queue --mode=backoff gmail.com/gmail-ip-1")
    s.live(10 * MINUTE)
    assert s.attempts("gmail.com/gmail-ip-1", 10 * MINUTE) < before / 2
    assert "backoff-max-msg-rate" in s.run("--dom show queues --errors gmail.com/gmail-ip-1")
    s.run("set queue --mode=normal gmail.com/gmail-ip-1")
    s.live(10 * MINUTE)
    assert s.attempts("gmail.com/gmail-ip-1", 10 * MINUTE) > before


def test_mail_that_waits_too_long_bounces_as_expired(tmp_path: Path) -> None:
    s = scene(tmp_path, backfill=MINUTE)
    config = tmp_path / "mta1" / "etc" / "pmta" / "config"
    config.write_text(config.read_text().replace("bounce-after 4d", "bounce-after 20m"))
    s.run("reload")
    s.run("pause queue gmail.com/gmail-ip-1")
    s.live(40 * MINUTE)
    s.run("resume queue gmail.com/gmail-ip-1")
    s.live(5 * MINUTE)
    expired = [row for row in s.rows(5 * MINUTE) if row["bounceCat"] == "message-expired"]
    assert len(expired) > 50
    assert {(row["type"], row["queue"], row["dsnMta"]) for row in expired} == {("b", "gmail.com/gmail-ip-1", "")}


def test_deferred_mail_is_tried_again(tmp_path: Path) -> None:
    s = scene(tmp_path, backfill=MINUTE)
    s.fleet.start_scenario("gmail-reputation")
    s.live(40 * MINUTE)
    tries: dict[str, int] = {}
    for row in s.rows(40 * MINUTE):
        if row["type"] == "t" and row["vmta"] == "gmail-ip-1":
            tries[row["rcpt"]] = tries.get(row["rcpt"], 0) + 1
    assert max(tries.values()) >= 3
