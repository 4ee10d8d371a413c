"""Every scenario reaches its rate, spares the others, and yields to what an operator does against it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.errors import DeferbotError
from bot.sim.fleet.fleet import SCENARIOS
from tests.fleet_scene import HOUR, MINUTE, Scene, isp_of, scene

ISPS = ("gmail", "microsoft", "yahoo", "apple", "comcast")


@dataclass(frozen=True)
class Cure:
    """What helps: commands by host, and what they undo with."""

    commands: Sequence[tuple[str, str]]


CURES = {
    "disable": Cure(
        (
            ("mta1", "disable source --reenable-after=4h 192.0.2.10 gmail.com/gmail-ip-1"),
            ("mta2", "disable source --reenable-after=4h 192.0.2.12 gmail.com/gmail-ip-3"),
        )
    ),
    "backoff": Cure(
        (
            ("mta1", "set queue --mode=backoff gmail.com/gmail-ip-1"),
            ("mta2", "set queue --mode=backoff gmail.com/gmail-ip-3"),
        )
    ),
    "pause": Cure(
        (("mta1", "pause queue gmail.com/gmail-ip-1"), ("mta2", "pause queue gmail.com/gmail-ip-3")),
    ),
}


def apply(s: Scene, cure: Cure) -> None:
    for host, line in cure.commands:
        s.run(line, host)


def test_calm_is_calm_but_not_silent(tmp_path: Path) -> None:
    s = scene(tmp_path, backfill=2 * HOUR)
    rates = s.rates()
    assert set(rates) >= set(ISPS)
    assert all(rate < 0.05 for rate in rates.values())
    rows = list(s.rows(HOUR))
    assert 150 <= len(rows) / 60 <= 400
    replies = " ".join(row["dsnDiag"] for row in rows if row["type"] in {"t", "b"})
    assert "452-4.2.2" in replies  # a full mailbox
    assert "450-4.2.1 The user you are trying to contact is receiving mail at a rate" in replies
    assert any(row["type"] == "b" for row in rows)


@pytest.mark.parametrize("name", [name for name in SCENARIOS if name != "calm"])
def test_every_scenario_reaches_its_rate_and_spares_the_others(tmp_path: Path, name: str) -> None:
    s = scene(tmp_path, backfill=HOUR)
    s.fleet.start_scenario(name)
    s.live(55 * MINUTE)
    scenario = SCENARIOS[name]
    low, high = scenario.expects
    rates = s.rates()
    assert low <= rates[scenario.isp] <= high
    touched = {strain.isp for strain in scenario.strains}
    assert all(rates[isp] < 0.06 for isp in ISPS if isp not in touched)


def test_gmail_reputation_grows_on_two_ips_only(tmp_path: Path) -> None:
    s = scene(tmp_path, backfill=HOUR)
    assert s.rate("gmail") < 0.06
    s.fleet.start_scenario("gmail-reputation")
    s.live(15 * MINUTE)
    assert s.rate("gmail") < 0.25
    s.live(10 * MINUTE)
    assert s.rate("gmail") > 0.25
    s.live(10 * MINUTE)
    assert s.rate("gmail") > 0.30
    deferred = Counter(
        row["dlvSourceIp"] for row in s.rows(20 * MINUTE) if row["type"] == "t" and isp_of(row) == "gmail"
    )
    attempts = Counter(row["dlvSourceIp"] for row in s.rows(20 * MINUTE) if isp_of(row) == "gmail")
    rates = {ip: deferred[ip] / attempts[ip] for ip in attempts}
    assert {ip for ip, rate in rates.items() if rate > 0.5} == {"192.0.2.10", "192.0.2.12"}
    assert all(rate < 0.1 for ip, rate in rates.items() if ip not in {"192.0.2.10", "192.0.2.12"})
    codes = Counter(row["dsnDiag"][:14] for row in s.rows(20 * MINUTE) if row["type"] == "t" and isp_of(row) == "gmail")
    assert codes.most_common(1)[0][0] == "smtp;421-4.7.0"
    jobs = Counter(row["jobId"] for row in s.rows(20 * MINUTE) if row["type"] == "t" and isp_of(row) == "gmail")
    assert jobs.most_common(1)[0][0] == "winback-november"


@pytest.mark.parametrize("how", sorted(CURES))
def test_gmail_reputation_yields_within_minutes(tmp_path: Path, how: str) -> None:
    s = scene(tmp_path, backfill=HOUR)
    s.fleet.start_scenario("gmail-reputation")
    s.live(25 * MINUTE)
    assert s.rate("gmail", 5 * MINUTE) > 0.4
    apply(s, CURES[how])
    s.live(15 * MINUTE)
    assert s.rate("gmail", 5 * MINUTE) < 0.15
    s.live(46 * MINUTE)
    assert s.rate("gmail") < 0.06  # the incident has left the window
    waiting = {q["name"]: q["recipients"] for q in s.fleet.snapshot()["hosts"][0]["queues"]}  # type: ignore[index]
    assert waiting["gmail.com/gmail-ip-1"] > 500


def test_gmail_reputation_left_alone_stays_bad(tmp_path: Path) -> None:
    s = scene(tmp_path, backfill=HOUR)
    s.fleet.start_scenario("gmail-reputation")
    s.live(30 * MINUTE)
    first = s.rate("gmail")
    s.live(60 * MINUTE)
    assert s.rate("gmail") > first


def test_going_back_too_early_relapses_and_late_enough_does_not(tmp_path: Path) -> None:
    def rate_after(folder: str, held_minutes: int) -> float:
        s = scene(tmp_path / folder, backfill=MINUTE)
        s.fleet.start_scenario("gmail-reputation")
        s.live(25 * MINUTE)
        apply(s, CURES["pause"])
        s.live(held_minutes * MINUTE)
        s.run("resume queue '*/*'")
        s.run("resume queue '*/*'", "mta2")
        s.live(40 * MINUTE)
        return s.rate("gmail", 10 * MINUTE)

    assert rate_after("early", 10) > 0.3
    assert rate_after("late", 75) < 0.08


@pytest.mark.parametrize(
    ("name", "isp", "line", "host"),
    [
        ("gmail-throttle", "gmail", "set queue --mode=backoff 'gmail.com/*'", ""),
        (
            "microsoft-rp001",
            "microsoft",
            "disable source --reenable-after=4h 192.0.2.41 outlook.rollup/ms-ip-1",
            "mta1",
        ),
        ("microsoft-rp002", "microsoft", "set queue --mode=backoff 'outlook.rollup/*'", ""),
        ("yahoo-tss04", "yahoo", "pause queue yahoo.rollup/yahoo-ip-1", "mta1"),
        ("blocklist", "comcast", "disable source --reenable-after=4h 192.0.2.31 '*/general-1'", "mta1"),
    ],
)
def test_each_scenario_yields_to_its_cure(tmp_path: Path, name: str, isp: str, line: str, host: str) -> None:
    s = scene(tmp_path, backfill=MINUTE)
    s.fleet.start_scenario(name)
    s.live(30 * MINUTE)
    before = s.rate(isp, 15 * MINUTE)
    for where in [host] if host else s.fleet.hosts:
        s.run(line, where)
    s.live(35 * MINUTE)
    assert s.rate(isp, 15 * MINUTE) < max(0.06, before / 4)


def test_an_outage_ends_by_itself(tmp_path: Path) -> None:
    s = scene(tmp_path, backfill=MINUTE)
    s.fleet.start_scenario("isp-outage")
    s.live(70 * MINUTE)
    assert s.rate("apple", 30 * MINUTE) > 0.7
    s.live(20 * MINUTE)
    assert s.fleet.scenario == "calm"
    s.live(HOUR)
    assert s.rate("apple", 20 * MINUTE) < 0.06


def test_calm_ends_an_incident(tmp_path: Path) -> None:
    s = scene(tmp_path, backfill=MINUTE)
    s.fleet.start_scenario("yahoo-tss04")
    s.live(20 * MINUTE)
    s.fleet.start_scenario("calm")
    s.live(30 * MINUTE)
    assert s.fleet.scenario == "calm"
    assert s.rate("yahoo", 10 * MINUTE) < 0.06


def test_an_unknown_scenario_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(DeferbotError, match=r"calm \| gmail-throttle .*found 'doom'"):
        scene(tmp_path, backfill=MINUTE).fleet.start_scenario("doom")


def test_replies_use_documentation_addresses_only(tmp_path: Path) -> None:
    s = scene(tmp_path, backfill=MINUTE)
    s.fleet.start_scenario("blocklist")
    s.live(20 * MINUTE)
    rows = list(s.rows(20 * MINUTE))
    addresses = {row["dlvDestinationIp"] for row in rows} | {row["dlvSourceIp"] for row in rows}
    assert all(ip.startswith(("192.0.2.", "198.51.100.", "203.0.113.")) for ip in addresses)
