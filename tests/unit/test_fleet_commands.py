"""The simulated `pmta` command: its grammar, and outputs in the shape of the reference samples."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.fleet_scene import MINUTE, Scene, scene

DOM_LINE = re.compile(r'[A-Za-z]\w*(\[\d+\])?(\.[A-Za-z]\w*(\[\d+\])?)*=".*"')


def ten_minutes_in(root: Path) -> Scene:
    s = scene(root, backfill=5 * MINUTE)
    s.fleet.start_scenario("gmail-reputation")
    s.live(10 * MINUTE)
    return s


@pytest.fixture
def incident(tmp_path: Path) -> Scene:
    """Ten minutes into a Gmail reputation incident."""
    return ten_minutes_in(tmp_path)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """The same for tests that only look: shared, so nobody may change it."""
    return ten_minutes_in(tmp_path_factory.mktemp("seen"))


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("reload", "Configuration reloaded."),
        ("pause queue gmail.com/gmail-ip-1", "Queue(s) paused."),
        ("resume queue gmail.com/gmail-ip-1", "Queue(s) resumed."),
        ("pause job campaign1234", "paused job."),
        ("rotate acct", "Accounting file rotated."),
        ("rotate log", "Logging file rotated."),
        ("reset counters", "Traffic counters reset."),
    ],
)
def test_success_lines_are_the_known_ones(tmp_path: Path, line: str, answer: str) -> None:
    assert scene(tmp_path, backfill=MINUTE).run(line) == f"{answer}\n"


def test_a_paused_job_is_resumed_with_the_known_line(tmp_path: Path) -> None:
    s = scene(tmp_path, backfill=MINUTE)
    s.run("pause job campaign1234")
    assert s.run("resume job campaign1234") == "resumed job.\n"


@pytest.mark.parametrize(
    ("line", "full"),
    [
        ("show queue", "show queues"),  # the guide's own examples shorten like this
        ("sh que", "show queues"),
        ("show ver", "show version"),
        ("show dom", "show domains"),
        ("show topq", "show topqueues"),
        ("show dis sou", "show disabled sources"),
        ("show vmtas", "show vmtas"),  # exact, though vmta-settings begins alike
    ],
)
def test_keywords_may_be_shortened(seen: Scene, line: str, full: str) -> None:
    assert seen.run(line) == seen.run(full)


@pytest.mark.parametrize(
    "line",
    [
        "show vmta",  # vmtas or vmta-settings
        "show top",  # topqueues or topdomains
        "show stats",
        "show queues --all",
        "show queues --maxitems=many",
        "show queues --paused=maybe",
        "show topqueues --sort=name",
        "pause queue",
        "pause queue a/b c/d",
        "pause queue gmail.com/",
        "pause queue gmail.com/gmail-pool",  # a pool is no VMTA
        "set queue gmail.com/gmail-ip-1",
        "set queue --mode=slow gmail.com/gmail-ip-1",
        "disable source 192.0.2.99 gmail.com/gmail-ip-1",
        "disable source * gmail.com/gmail-ip-1",
        "disable source --reenable-after=soon 192.0.2.10 gmail.com/gmail-ip-1",
        "resume job never-paused",
        "delete",
        "delete --queue=gmail.com/gmail-ip-1",
        "",
    ],
)
def test_what_is_no_command_fails_on_stderr(seen: Scene, line: str) -> None:
    before = seen.fleet.snapshot()
    assert seen.refused(line)
    assert seen.fleet.snapshot() == before


def test_options_stand_before_or_after(seen: Scene) -> None:
    assert seen.run("--dom show queues --maxitems=3") == seen.run("show queues --maxitems=3 --dom")


def test_dom_of_queues_has_the_captured_shape(seen: Scene) -> None:
    lines = seen.run("--dom show topqueues --errors --maxitems=2").splitlines()
    assert all(DOM_LINE.fullmatch(line) for line in lines)
    assert lines[0] == 'title="Top 2 queues by number of recipients"'
    keys = [line.partition("=")[0] for line in lines]
    of_first = [key.removeprefix("queue[0].") for key in keys if key.startswith("queue[0].") and "event" not in key]
    assert of_first == ["name", "rcp", "kb", "conn", "paused", "mode", "retryTime"]
    assert keys[-2:] == ["totalRcp", "totalQueuesWithRcp"]
    assert {"queue[0].event[0].type", "queue[0].event[0].time", "queue[0].event[0].text"} <= set(keys)


def test_inner_quotes_of_dom_values_are_not_escaped(seen: Scene) -> None:
    dom = seen.run("--dom show queues --errors gmail.com/gmail-ip-1")
    assert 'text="Error: "421-4.7.0 [192.0.2.10      15]' in dom
    assert "&quot;" not in dom
    assert '\\"' not in dom


def test_xml_is_one_line_and_parses(seen: Scene) -> None:
    text = seen.run("show queues --xml --errors")
    assert text.count("\n") == 1
    root = ElementTree.fromstring(text)
    assert root.find("succ") is not None
    assert {queue.findtext("paused") for queue in root.iter("queue")} == {"no"}


def test_json_is_typed_and_says_success(incident: Scene) -> None:
    queues = json.loads(incident.run("--json show queues gmail.com/gmail-ip-1"))
    assert queues["status"] == "success"
    first = queues["data"]["queue"][0]
    assert first["paused"] is False
    assert isinstance(first["rcp"], int)
    assert json.loads(incident.run("--json reload"))["message"] == "Configuration reloaded."


def test_text_of_queues_has_the_sample_shape(seen: Scene) -> None:
    lines = seen.run("show queues gmail.com/*").splitlines()
    assert lines[:3] == [
        "queue                     #rcpt kbytes conn st    retry last error",
        "------------------------- ----- ------ ---- -- -------- ----------",
        "gmail.com/*",
    ]
    assert lines[3].startswith("gmail.com/gmail-ip-1 ")
    assert lines[3].endswith("...")
    assert lines[-1] == "2 of 2 matching queues."


def test_twenty_items_unless_told_otherwise(seen: Scene) -> None:
    capped = seen.run("show queues").splitlines()
    shown, total = (int(word) for word in re.findall(r"\d+", capped[-1]))
    assert shown == 20 == len(capped) - 4
    assert total > 20
    everything = seen.run("show queues --maxitems=100000").splitlines()
    assert everything[-1] == f"{total} of {total} matching queues."
    assert seen.run("--dom show queues").splitlines()[0].startswith('title="Top 20 queues')


def test_filters_pick_queues_by_state(incident: Scene) -> None:
    incident.run("pause queue gmail.com/gmail-ip-1")
    incident.run("set queue --mode=backoff gmail.com/gmail-ip-2")
    assert names(incident, "show queues --paused=yes") == ["gmail.com/gmail-ip-1"]
    assert names(incident, "show queues --mode=backoff") == ["gmail.com/gmail-ip-2"]
    assert "gmail.com/gmail-ip-1" not in names(incident, "show queues --connected=yes gmail.com/*")
    assert names(incident, "show queues --sort=rcpt --maxitems=1") == ["gmail.com/gmail-ip-1"]


def names(s: Scene, line: str) -> list[str]:
    return re.findall(r'^queue\[\d+\]\.name="(.*)"$', s.run(f"--dom {line}"), flags=re.MULTILINE)


@pytest.mark.parametrize(
    ("pattern", "paused"),
    [
        ("*/gmail-ip-1", {"gmail.com/gmail-ip-1"}),
        ("gmail.com/*", {"gmail.com/gmail-ip-1", "gmail.com/gmail-ip-2"}),
        ("outlook.rollup/ms-ip-1", {"outlook.rollup/ms-ip-1"}),
    ],
)
def test_wildcards_reach_the_queues_they_name(incident: Scene, pattern: str, paused: set[str]) -> None:
    incident.run(f"pause queue '{pattern}'")
    assert set(names(incident, "show queues --paused=yes --maxitems=100")) == paused


def test_everything_is_paused_and_resumed_with_stars(incident: Scene) -> None:
    incident.run("pause queue '*/*'")
    assert names(incident, "show queues --paused=no") == []
    incident.run("resume queue '*/*'")
    assert names(incident, "show queues --paused=yes") == []


def test_idle_vmtas_are_not_listed(incident: Scene) -> None:
    incident.run("pause queue 'gmail.com/*'")
    lines = incident.run("show vmtas").splitlines()
    assert lines[0].split() == ["name", "domains", "#rcpt", "%", "total", "kbytes", "conn"]
    assert any(line.startswith("gmail-ip-1 ") for line in lines)
    assert "{default}" not in "".join(lines)
    assert re.fullmatch(r"(\d+) of \1 virtual MTAs\.", lines[-1])
    assert 'vmta[0].name="' in incident.run("show vmtas --dom")


def test_status_in_dom_has_the_known_keys(seen: Scene) -> None:
    dom = dict(line.split("=", 1) for line in seen.run("show status --dom").splitlines())
    assert dom["mta.product.version"] == '"5.0"'
    assert dom["mta.fullHostName"] == '"mta1.example.com"'
    assert dom["status.timeNow"] == '"2026-11-20 12:10:00"'
    assert int(dom["status.conn.smtpOut.cur"].strip('"')) > 0
    assert int(dom["status.traffic.lastHr.out.rcp"].strip('"')) > 500


def test_settings_come_in_two_blocks(seen: Scene) -> None:
    lines = seen.run("show settings gmail.com/gmail-ip-1").splitlines()
    second = lines.index("Queue Settings")
    assert lines[0] == "Virtual MTA Settings"
    assert "max-smtp-out unlimited" in lines[:second]
    assert {"max-smtp-out 20", "backoff-max-smtp-out 3", "retry-after 10m,20m,40m,1h", 'queue-to ""'} <= set(
        lines[second:]
    )


def test_domains_jobs_and_versions_are_told(seen: Scene) -> None:
    assert re.search(r"^20 of \d+ domains shown\.$", seen.run("show domains"), flags=re.MULTILINE)
    assert seen.run("show topdomains --maxitems=1").splitlines()[2].startswith("gmail.com ")
    assert "winback-november" in seen.run("show jobs")
    assert re.search(r"^Total of \d+ job\(s\)\.$", seen.run("show jobs"), flags=re.MULTILINE)
    assert "v5_0r5" in seen.run("show version")


def test_a_disabled_source_is_listed_on_one_line_until_its_time_is_up(incident: Scene) -> None:
    incident.run("disable source --reenable-after=30m 192.0.2.10 gmail.com/gmail-ip-1")
    listed = incident.run("show disabled sources gmail.com/gmail-ip-1").splitlines()
    assert any({"192.0.2.10", "gmail.com/gmail-ip-1"} <= set(line.split()) for line in listed)
    incident.live(31 * MINUTE)
    assert "192.0.2.10" not in incident.run("show disabled sources")


def test_a_source_disabled_without_a_time_stays_off_until_enabled(incident: Scene) -> None:
    incident.run("disable source 192.0.2.10 gmail.com/gmail-ip-1")
    incident.live(timedelta(hours=5))
    assert "192.0.2.10" in incident.run("show disabled sources")
    incident.run("enable source 192.0.2.10 gmail.com/gmail-ip-1")
    assert "192.0.2.10" not in incident.run("show disabled sources")


def test_schedule_counts_the_queues_it_frees(incident: Scene) -> None:
    waiting = incident.run("schedule --retry-recipients 'gmail.com/gmail-ip-1'")
    assert waiting == "1 of 1 matching queues scheduled.\n"
    assert incident.run("schedule 'nothing.example/*'") == "0 of 0 matching queues scheduled.\n"


def test_a_job_can_be_held_back(incident: Scene) -> None:
    incident.run("pause job winback-november")
    incident.live(5 * MINUTE)
    later = [row for row in incident.rows(4 * MINUTE) if row["jobId"] == "winback-november"]
    assert {row["vmta"] for row in later} == {"gmail-ip-3"}  # the other host was not told
    incident.run("resume job winback-november")
    incident.live(5 * MINUTE)
    assert "gmail-ip-1" in {row["vmta"] for row in incident.rows(5 * MINUTE) if row["jobId"] == "winback-november"}


def test_snapshot_has_what_the_panel_draws(incident: Scene) -> None:
    incident.run("disable source --reenable-after=1h 192.0.2.10 gmail.com/gmail-ip-1")
    panel = json.loads(json.dumps(incident.fleet.snapshot()))
    assert panel["scenario"] == "gmail-reputation"
    assert panel["now"] == "2026-11-20T12:10:00+00:00"
    host = panel["hosts"][0]
    queue = next(queue for queue in host["queues"] if queue["name"] == "gmail.com/gmail-ip-1")
    assert queue["disabled"] == ["192.0.2.10"]
    assert set(queue) == {"name", "recipients", "connections", "paused", "mode", "disabled"}
    gmail = next(line for line in panel["isps"] if line["isp"] == "gmail")
    assert gmail["rate"] == pytest.approx(gmail["deferred"] / gmail["attempts"], abs=1e-3)
    assert gmail["rate"] > 0.25


def test_vmta_settings_show_the_source_ips(seen: Scene) -> None:
    lines = seen.run("show vmta-settings general-1").splitlines()
    assert "smtp-source-host 192.0.2.31" in lines
    assert seen.refused("show vmta-settings gmail-pool")


def test_help_lists_the_commands(seen: Scene) -> None:
    assert {"show queues", "pause queue", "disable source"} <= set(seen.run("--help").splitlines())


def test_mode_changes_are_events(incident: Scene) -> None:
    incident.run("set queue --mode=backoff gmail.com/gmail-ip-1")
    assert 'event[0].type="mode"' in incident.run("--dom show queues --mode-events gmail.com/gmail-ip-1")


@pytest.mark.parametrize(
    ("directive", "minutes"),
    [("backoff-to-normal-after 15m", 16), ("backoff-to-normal-after-delivery yes", 3)],
)
def test_backoff_mode_ends_as_configured(tmp_path: Path, directive: str, minutes: int) -> None:
    s = scene(tmp_path, backfill=5 * MINUTE)
    config = tmp_path / "mta1" / "etc" / "pmta" / "config"
    config.write_text(config.read_text().replace("<domain gmail.com>", f"<domain gmail.com>\n    {directive}"))
    s.run("reload")
    s.run("set queue --mode=backoff gmail.com/gmail-ip-1")
    assert names(s, "show queues --mode=backoff") == ["gmail.com/gmail-ip-1"]
    s.live(minutes * MINUTE)
    assert names(s, "show queues --mode=backoff") == []


def test_a_queue_that_cannot_connect_waits_longer_and_longer(tmp_path: Path) -> None:
    s = scene(tmp_path, backfill=5 * MINUTE)
    s.fleet.start_scenario("isp-outage")
    s.live(70 * MINUTE)
    times = sorted(
        r["timeLogged"][11:16]
        for r in s.rows(70 * MINUTE)
        if r["type"] == "tq" and r["queue"] == "icloud.com/general-1"
    )
    minutes = [60 * int(t[:2]) + int(t[3:]) for t in times]
    waits = [later - earlier for earlier, later in pairwise(minutes) if later - earlier > 5]
    assert [wait // 10 * 10 for wait in waits[:2]] == [10, 20]
    assert "ETIMEDOUT connecting to" in s.run("--dom show queues --errors '*/general-1'")
