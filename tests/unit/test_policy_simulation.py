"""A policy tried on accounting files: equal to the reference model record by record, and what people see of it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from bot.cli import cli
from bot.core.policy import DELIVERY, UNIVERSAL, WAITS, Kind, Policies, Policy, Sort
from bot.core.retry_times import NEW, Event, State, Why, after
from bot.errors import DeferbotError
from bot.playbook.policies import load_policies
from bot.policy_simulation import IN_FLIGHT_S, Outcome, Simulation, simulate
from tests.accounting_rows import SHORT, row, shipped_isps

ISPS = shipped_isps()
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
POLICY = """\
policies:
  default:
    universal: 10m, 20m
    special:
      - {match: too many, example: 421 too many, wait: 61m}
    transient:
      - {match: reload, example: 451 reload, why: noise}
  gmail:
    volume: {period: 5m, delivered_at_least: 3, wait: "15m, 30m"}
"""
REPLIES = ("421 too many", "451 reload", "421 later", "550 too many", "550 no such user", "")


class Sent(NamedTuple):
    """One record: seconds after noon, type, domain, source IP, reply."""

    second: int
    kind: str
    domain: str
    ip: str
    reply: str

    def line(self) -> str:
        at = f"{NOON + timedelta(seconds=self.second):%Y-%m-%d %H:%M:%S}+0000"
        diag = f"smtp;{self.reply}" if self.reply else ""
        return row(self.kind, at, self.domain, dlvSourceIp=self.ip, dsnDiag=diag)


def written(folder: Path, records: Sequence[Sent], name: str = "acct.csv") -> Path:
    path = folder / name
    data = (SHORT + "\r\n" + "".join(each.line() for each in records)).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def policies(folder: Path) -> Policies:
    path = folder / "policies.yaml"
    path.write_text(POLICY)
    return load_policies(path, ISPS)


def outcome(found: Simulation, isp: str) -> Outcome:
    return next(each for each in found.outcomes if each.isp == isp)


records = st.builds(
    Sent,
    st.integers(0, 6000),
    st.sampled_from(["d", "d", "t", "t", "b", "tq"]),
    st.sampled_from(["gmail.com", "shop.example"]),
    st.sampled_from(["192.0.2.1", "192.0.2.2"]),
    st.sampled_from(REPLIES),
)


class Expected:
    """What the reference model makes of one ISP's records, one after another."""

    def __init__(self, policy: Policy, sent: Sequence[Sent]) -> None:
        self.held: dict[bool, int] = {True: 0, False: 0}
        self.waits: dict[Kind, int] = {}
        self.waited_s = 0
        self._policy = policy
        states: dict[str, State] = {}
        for each in sorted(sent, key=lambda one: one.second):
            states[each.ip] = self._next(states.get(each.ip, NEW), each)

    def _next(self, state: State, each: Sent) -> State:
        at = int(NOON.timestamp()) + each.second
        kind = self._policy.kind_of(each.kind, f"smtp;{each.reply}" if each.reply else "")
        if state.waits(at) and at - (state.until - state.wait_s) >= IN_FLIGHT_S:
            if kind == DELIVERY or kind.sort in WAITS:
                self.held[kind == DELIVERY] += 1
            return state
        for change in after(self._policy, state, Event(at, kind)):
            if change.why in (Why.WAITS, Why.OTHER_KIND, Why.TOO_FEW) and change.state.kind:
                self.waits[change.state.kind] = self.waits.get(change.state.kind, 0) + 1
                self.waited_s += change.state.until - max(change.at, state.until)
            state = change.state
        return state


@settings(max_examples=60, deadline=None)
@given(st.lists(records, min_size=1, max_size=80), st.integers(0, 80))
def test_a_simulation_equals_the_reference_in_any_split_over_files(sent: list[Sent], split: int) -> None:
    # Which of two records of one second comes first is not known where they are in different files.
    sent = list({(each.second, each.domain, each.ip): each for each in sent}.values())
    with TemporaryDirectory() as folder:
        chosen = policies(Path(folder))
        files = [
            written(Path(folder), part, f"{name}.csv") for name, part in (("a", sent[:split]), ("b", sent[split:]))
        ]
        found = simulate(files, chosen, isps=ISPS)
    for isp, domain in (("gmail", "gmail.com"), ("shop.example", "shop.example")):
        own = [each for each in sent if each.domain == domain]
        if not own:
            continue
        each, expected = outcome(found, isp), Expected(chosen.of(isp), own)
        assert {kind: one.waits for kind, one in each.applied.items() if one.waits} == expected.waits
        assert each.waited_s == expected.waited_s
        assert (each.held_delivered, each.held_deferred) == (expected.held[True], expected.held[False])
        assert each.delivered == sum(one.kind == "d" for one in own)
        assert each.deferred == sum(one.kind == "t" for one in own)
        assert each.bounced == sum(one.kind == "b" for one in own)
        assert each.transient == sum(one.kind == "t" and one.reply == "451 reload" for one in own)


def busy_hour() -> list[Sent]:
    """An hour at one domain: a deferral each minute, two deliveries each, one noise reply each ten."""
    sent = []
    for minute in range(60):
        sent += [Sent(minute * 60 + second, "d", "shop.example", "192.0.2.1", "250 ok") for second in (10, 20)]
        reply = "451 reload" if minute % 10 == 9 else "421 later"
        sent.append(Sent(minute * 60, "t", "shop.example", "192.0.2.1", reply))
    return sent


def test_transient_replies_leave_the_rate_and_are_told_apart(tmp_path: Path) -> None:
    found = simulate([written(tmp_path, busy_hour())], policies(tmp_path), isps=ISPS)
    each = outcome(found, "shop.example")
    assert each.rate == pytest.approx(60 / 180)
    assert each.rate_without_transient == pytest.approx(54 / 174)
    assert each.applied[Kind(Sort.TRANSIENT, 0)].records == 6
    assert each.applied[UNIVERSAL].records == 54
    assert each.unmatched == {"421 later": 54}
    assert found.records == 180


def test_mail_tried_inside_a_wait_is_held_and_does_nothing(tmp_path: Path) -> None:
    sent = [
        Sent(0, "t", "shop.example", "192.0.2.1", "421 later"),
        Sent(30, "t", "shop.example", "192.0.2.1", "421 later"),  # under way
        Sent(60, "d", "shop.example", "192.0.2.1", "250 ok"),
        Sent(90, "t", "shop.example", "192.0.2.1", "421 too many"),
        Sent(600, "t", "shop.example", "192.0.2.1", "421 later"),
    ]
    each = outcome(simulate([written(tmp_path, sent)], policies(tmp_path), isps=ISPS), "shop.example")
    assert (each.held_delivered, each.held_deferred) == (1, 1)
    assert (each.waits, each.waited_s) == (2, 600 + 1200)  # the delivery was held: the second wait is the next one


def test_vmtas_are_the_keys_where_no_source_ip_is_logged(tmp_path: Path) -> None:
    at = f"{NOON:%Y-%m-%d %H:%M:%S}+0000"
    lines = [row("t", at, "shop.example", dlvSourceIp="", vmta=vmta, dsnDiag="smtp;421 later") for vmta in "aab"]
    path = tmp_path / "acct.csv"
    path.write_text(SHORT + "\r\n" + "".join(lines), newline="")
    each = outcome(simulate([path], policies(tmp_path), isps=ISPS), "shop.example")
    assert (each.keys, each.waits) == (2, 2)


def test_one_isp_alone_in_any_form(tmp_path: Path) -> None:
    mixed = [*busy_hour(), Sent(5, "t", "gmail.com", "192.0.2.1", "421 later")]
    path = written(tmp_path, mixed, "acct.csv.gz")
    assert [each.isp for each in simulate([path], policies(tmp_path), isps=ISPS, isp="Google").outcomes] == ["gmail"]
    with pytest.raises(DeferbotError, match=r"No record of gmial was read. Did you mean gmail\?"):
        simulate([path], policies(tmp_path), isps=ISPS, isp="gmial")


def test_a_file_without_records_is_told(tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.write_text("")
    with pytest.raises(DeferbotError, match="accounting records expected, found none"):
        simulate([path], policies(tmp_path), isps=ISPS)


def run(*words: str, status: Literal[0, 1] = 0) -> str:
    ended = CliRunner().invoke(cli, ["policy", *words])
    assert ended.exit_code == status, ended.output
    return ended.output


def test_the_command_shows_the_policy_in_force() -> None:
    shown = run("show", "google")
    assert "Policy gmail: gmail" in shown
    assert "very low reputation" in shown
    assert "30m, 1h, 2h" in shown
    (policy,) = json.loads(run("show", "la poste", "--json"))
    assert policy["isps"] == ["orange", "laposte"]
    assert {"kind": "special", "waits_s": [7200]}.items() <= policy["entries"][2].items()
    assert run("show").count("Policy ") >= 8


def test_the_command_checks_a_file(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(POLICY)
    assert run("check", str(path)).endswith("own.yaml: 2 policies, 2 patterns: no fault found.\n")
    path.write_text(POLICY.replace("61m", "61x"))
    told = run("check", str(path), status=1)
    assert "own.yaml:5: policies.default.special[0].wait: expected a wait such as" in told
    assert told.endswith("1 fault found.\n")
    path.write_text(POLICY.replace("match: reload", "match: too").replace("451 reload", "421 too many"))
    told = run("check", str(path), status=1)
    assert "policies.default.special[0]: expected replies that nothing before it takes" in told


def test_the_command_simulates(tmp_path: Path) -> None:
    path, own = written(tmp_path, busy_hour()), tmp_path / "own.yaml"
    own.write_text(POLICY)
    shown = run("simulate", str(path), "--policy", str(own))
    assert "What the policy would have done, 2026-11-20 12:00:00 to 2026-11-20 12:59:20 UTC" in shown
    assert "33 %" in shown
    assert "31 %" in shown
    assert "54  421 later" in shown
    (each,) = json.loads(run("simulate", str(path), "--policy", str(own), "--json").partition("\n]")[0] + "]")
    assert each["isp"] == "shop.example"
    assert each["unmatched"] == [{"reply": "421 later", "deferred": 54}]
    assert each["waits"] == sum(entry["waits"] for entry in each["entries"])


def test_two_policies_are_shown_side_by_side(tmp_path: Path) -> None:
    path, own, longer = written(tmp_path, busy_hour()), tmp_path / "own.yaml", tmp_path / "longer.yaml"
    own.write_text(POLICY)
    longer.write_text(POLICY.replace("10m, 20m", "25m, 1h"))
    words = ("simulate", str(path), "--policy", str(own), "--against", str(longer))
    both = json.loads(run(*words, "--json").partition("\n}")[0] + "}")
    waited = {name: each["waited_s"] for name, (each,) in both.items()}
    assert waited == {"policy": 6 * 600, "against": 3 * 1500}  # a delivery under way goes back each time
    assert both["policy"][0]["held_deferred"] < both["against"][0]["held_deferred"]
    shown = run(*words)
    assert "against" in shown
    assert "1 h 15 min" in shown
    refused = CliRunner().invoke(cli, ["policy", "simulate", "-", "--against", str(own)])
    assert refused.exit_code == 2
    assert "cannot be read twice" in refused.output


def test_what_the_files_say_besides_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, [*busy_hour(), Sent(5, "d", "quiet.example", "192.0.2.1", "250 ok")])
    path.write_text(path.read_text() + row("t", "no time", "shop.example"), newline="")
    own = tmp_path / "own.yaml"
    own.write_text(POLICY)
    shown = run("simulate", str(path), "--policy", str(own))
    assert "1 more ISP not shown" in shown
    assert "1 of 182 records left out: bad time." in shown
    assert "An estimate" in shown
