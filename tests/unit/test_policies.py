"""Policy files: the forms that are taken, the faults that are told, and the shipped one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.policy import BOUNCE, CONNECTION, DELIVERY, UNIVERSAL, Kind, Policies, Sort, waits_text
from bot.core.reply import clean
from bot.errors import ConfigError
from bot.knowledge import shipped_playbooks
from bot.playbook.policies import load_policies
from bot.playbook.policy_text import LONGEST_WAIT_S, parse_pattern, parse_waits
from tests.accounting_rows import shipped_isps

ISPS = shipped_isps()
PLAIN = """\
policies:
  default:
    universal: 10m, 20m, 30m, 1h
    special:
      - {match: too many messages sent this hour, example: 421 Too many messages sent this hour, wait: 61m}
  gmail:
    volume: {period: 10m, delivered_at_least: 400, wait: "30m, 1h"}
    transient:
      - match: /internal routing table .* reload/
        example: "451 4.3.0 internal routing table under reload"
        why: noise of one cluster, seen daily
  french:
    isps: [orange, laposte]
    universal: 0
"""


def read(folder: Path, text: str) -> Policies:
    path = folder / "policies.yaml"
    path.write_text(text)
    return load_policies(path, ISPS)


def faults_of(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as told:
        read(folder, text)
    return [fault.removeprefix(f"{folder / 'policies.yaml'}:") for fault in told.value.faults]


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("10m, 20m, 30m, 1h", (600, 1200, 1800, 3600)),
        ("90s", (90,)),
        ("1h30m", (5400,)),
        ("2d", (172_800,)),
        ("61", (3660,)),  # bare minutes
        (61, (3660,)),
        ("0, 10m", (0, 600)),
        (0, (0,)),
        ("0s", (0,)),
        (["10m", 20], (600, 1200)),
        ("7d", (LONGEST_WAIT_S,)),
        (" 10M ,1H ", (600, 3600)),
    ],
)
def test_waits_are_read(written: object, seconds: tuple[int, ...]) -> None:
    assert parse_waits(written) == seconds


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("", "expected a wait such as .* found nothing"),
        ([], "expected at least a wait"),
        ("10m,", "item 2: .* found nothing"),
        ("10x, 5m, y", "item 1: .* found '10x'; item 3: .* found ' y'"),
        ("-5", "found '-5'"),
        ("8d", "expected a wait of at most 7d, found '8d'"),
        (True, "found True"),
        (1.5, "found 1.5"),
        (None, "found nothing"),
        ("1m30", "found '1m30'"),
        ("٣m", "found '٣m'"),
    ],
)
def test_what_is_no_wait_is_told(written: object, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse_waits(written)


@given(st.lists(st.integers(0, 7 * 1440), min_size=1, max_size=30))
def test_waits_read_back_as_they_are_shown(minutes: list[int]) -> None:
    waits = tuple(each * 60 for each in minutes)
    assert parse_waits(waits_text(waits).replace("no wait", "0")) == waits


@given(st.text() | st.integers() | st.none() | st.lists(st.text()))
def test_any_text_is_a_wait_or_a_clear_fault(written: object) -> None:
    try:
        waits = parse_waits(written)
    except ValueError as fault:
        assert "expected" in str(fault)
        assert "found" in str(fault)
    else:
        assert waits
        assert all(0 <= each <= LONGEST_WAIT_S for each in waits)


@pytest.mark.parametrize(
    ("written", "reply", "found"),
    [
        ("too many", "421 TOO MANY messages", True),
        ("[GL01]", "421 4.7.1 [gl01] deferred", True),  # brackets are plain text
        ("[GL01]", "421 G", False),
        ("a.c", "421 abc", False),
        ("/a.c/", "421 ABC", True),
        ("/table .* reload/", "451 table under reload", True),
        ("/table .* reload/", f"451 table {'x' * 81} reload", False),  # .* has an end
        (r"/[.*]{2}\.{1,3}x/", "421 .*..x", True),  # a class and an escape stay what they are
    ],
)
def test_patterns_match(written: str, reply: str, found: bool) -> None:
    assert parse_pattern(written).matches(reply) is found


@pytest.mark.parametrize(
    "written", ["", "ab", "  ", "//", "/(/", "/(a{1,3}){1,9}/", "/a?/", "/x+x+x+y/", "/.*.*.*z/", 5, None]
)
def test_patterns_that_are_no_good_are_told(written: object) -> None:
    with pytest.raises(ValueError, match="expected"):
        parse_pattern(written)


def test_a_policy_takes_from_default_what_it_does_not_say(tmp_path: Path) -> None:
    policies = read(tmp_path, PLAIN)
    gmail = policies.of("gmail")
    assert gmail.universal == (600, 1200, 1800, 3600)
    assert gmail.universal_from == "default"
    assert gmail.volume is not None
    assert (gmail.volume.period_s, gmail.volume.delivered_at_least) == (600, 400)
    assert [(each.pattern.text, each.origin) for each in gmail.special] == [
        ("too many messages sent this hour", "default")
    ]
    assert policies.of("laposte") is policies.of("orange")
    assert policies.of("laposte").universal == (0,)
    assert policies.of("yahoo").name == policies.of("some.example").name == "default"


@pytest.mark.parametrize(
    ("record", "diag", "kind"),
    [
        ("d", "smtp;250 ok", DELIVERY),
        ("t", "smtp;451 4.3.0 internal routing table under reload", Kind(Sort.TRANSIENT, 0)),
        ("t", "smtp;421-4.7.0 Too many\r\n421 4.7.0 messages sent this hour", Kind(Sort.SPECIAL, 0)),
        ("b", "smtp;550 too many messages sent this hour", Kind(Sort.SPECIAL, 0)),  # forces deferral
        ("b", "smtp;421 too many messages sent this hour", BOUNCE),  # given up: no new reply
        ("b", "smtp;550 5.1.1 no such user", BOUNCE),
        ("t", "smtp;421 4.7.0 later", UNIVERSAL),
        ("tq", "", CONNECTION),
        ("tq", "connection timed out", CONNECTION),
        ("tq", "smtp;421 4.3.2 closing", UNIVERSAL),
    ],
)
def test_what_a_record_is(tmp_path: Path, record: str, diag: str, kind: Kind) -> None:
    assert read(tmp_path, PLAIN).of("gmail").kind_of(record, diag) == kind


def test_transient_goes_first_and_of_the_special_ones_the_first(tmp_path: Path) -> None:
    policy = read(
        tmp_path,
        """\
policies:
  default:
    universal: 10m
    special:
      - {match: one, example: 421 one, wait: 1m}
      - {match: one two, example: 421 one two, wait: 2m}
    transient:
      - {match: noise one, example: 451 noise one, why: noise}
""",
    ).default
    assert policy.matched("451 noise one two") == Kind(Sort.TRANSIENT, 0)
    assert policy.matched("451 one two") == Kind(Sort.SPECIAL, 0)
    assert policy.matched("451 three") is None


def test_every_fault_is_told_with_its_line(tmp_path: Path) -> None:
    text = """\
policies:
  default:
    universl: 10m
    universal: "10m, 20x"
  gmial: {universal: 10m}
  gmail:
    volume: {period: 10s, delivered_at_least: -1, wait: ""}
    special:
      - {match: /(a+)+/, example: aaa, wait: 5}
      - {match: too many, example: 421 nothing, wait: 61m}
      - {match: too few, wait: 61m}
    transient:
      - {match: noise, example: 451 noise}
"""
    told = faults_of(tmp_path, text)
    assert [fault.partition(": ")[0] + " " + fault.split(": ")[1] for fault in told] == [
        "3 policies.default.universl",
        "4 policies.default.universal",
        "5 policies.gmial",
        "7 policies.gmail.volume.period",
        "7 policies.gmail.volume.delivered_at_least",
        "7 policies.gmail.volume.wait",
        "9 policies.gmail.special[0].match",
        "10 policies.gmail.special[1]",
        "11 policies.gmail.special[2]",
        "13 policies.gmail.transient[0].why",
    ]
    assert all("expected" in fault and "found" in fault for fault in told if "universl" not in fault)
    assert told[2].endswith("did you mean gmail?")
    assert told[7].endswith("example: expected a reply that 'too many' matches, found '421 nothing'")
    assert told[8].endswith("example: expected at least one reply that match finds, found none")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("policies: {gmail: {universal: 10m}}", "expected a policy called default with a universal list"),
        ("policies: {default: {why: nothing said}}", "expected a policy called default with a universal list"),
        ("policies: {default: {universal: 5m, isps: [gmail]}}", "policies.default: expected no isps"),
        (
            "policies: {default: {universal: 5m}, gmail: {}, both: {isps: [yahoo, gmail]}}",
            "policies.both: expected an ISP of one policy, found gmail, which gmail has too",
        ),
        ("policies: {default: {universal: 5m}, google: {}}", "expected an ISP's key, or a domain that is no ISP's"),
        ("policies: {default: {universal: 5m}, hotmail.fr: {}}", "found 'hotmail.fr', which is microsoft"),
        ("{}", "policies: expected this key, found nothing"),
        ("policies: 5", "policies: expected a mapping, found 5"),
        ("policies: [", "not YAML"),
    ],
)
def test_whom_a_policy_is_for(tmp_path: Path, text: str, told: str) -> None:
    faults = faults_of(tmp_path, text)
    assert len(faults) == 1
    assert told in faults[0]


def test_a_domain_may_have_a_policy(tmp_path: Path) -> None:
    policies = read(tmp_path, "policies: {default: {universal: 5m}, shop.example: {universal: 7m}}")
    assert policies.of("shop.example").universal == (420,)


def test_a_status_is_not_found_inside_an_address() -> None:
    policies = load_policies(shipped_playbooks() / "policies.yaml", ISPS)
    assert policies.default.matched("421 4.7.0 messages from 203.0.4.2.2 and 198.4.2.21 deferred") is None
    assert policies.of("microsoft").matched("421 4.7.0 see 10.4.7.650") is None


def test_the_shipped_policies_are_sound() -> None:
    policies = load_policies(shipped_playbooks() / "policies.yaml", ISPS)
    for policy in (policies.default, *policies.by_name.values()):
        for place, noise in enumerate(policy.transient):
            assert {policy.matched(clean(reply)) for reply in noise.examples} == {Kind(Sort.TRANSIENT, place)}
        for place, special in enumerate(policy.special):
            assert special.why
            assert {policy.matched(clean(reply)) for reply in special.examples} == {Kind(Sort.SPECIAL, place)}
