"""What is said about the patterns of a policy."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.knowledge import shipped_playbooks
from bot.playbook.load import load_packs, load_rules
from bot.playbook.policies import load_policies
from bot.playbook.policy_lint import lint_policies
from tests.accounting_rows import shipped_isps

RULES = load_rules(shipped_playbooks() / "replies")
PACKS = load_packs(shipped_playbooks() / "replies")
ISPS = shipped_isps()


def said(folder: Path, text: str) -> list[tuple[bool, str]]:
    path = folder / "policies.yaml"
    path.write_text(text)
    return [(each.wrong, each.text) for each in lint_policies(load_policies(path, ISPS), RULES, PACKS)]


def special(*entries: str, universal: str = "10m") -> str:
    lines = "".join(f"      - {{{entry}}}\n" for entry in entries)
    return f'policies:\n  default:\n    universal: "{universal}"\n    special:\n{lines}'


def transient(isp: str, match: str, example: str) -> str:
    entry = f'{{match: {match}, example: "{example}", why: noise}}'
    return f"policies: {{default: {{universal: 10m}}, {isp}: {{transient: [{entry}]}}}}"


def test_the_shipped_policies_have_nothing_said_of_them() -> None:
    policies = load_policies(shipped_playbooks() / "policies.yaml", ISPS)
    assert list(lint_policies(policies, RULES, PACKS)) == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("match: too many, example: 421 too many", "match: too many messages, example: 421 too many messages"),
        ("match: /too m.ny/, example: 421 too many", "match: many messages, example: 421 too many messages"),
    ],
)
def test_an_entry_that_an_earlier_one_takes_is_shadowed(tmp_path: Path, first: str, second: str) -> None:
    ((wrong, text),) = said(tmp_path, special(f"{first}, wait: 1h", f"{second}, wait: 2h"))
    assert wrong
    assert text.startswith("policies.default.special[1]: expected")
    assert "(policies.default.special[0])" in text


def test_entries_that_take_from_each_other_overlap(tmp_path: Path) -> None:
    text = special(
        "match: too many, example: 421 too many, wait: 1h",
        'match: messages, examples: ["421 too many messages", 421 messages], wait: 1h',
    )
    ((wrong, told),) = said(tmp_path, text)
    assert not wrong
    assert "overlap" in told


def test_a_transient_entry_of_default_shadows_a_special_one_of_a_policy(tmp_path: Path) -> None:
    text = """\
policies:
  default:
    universal: 10m
    transient: [{match: mailbox is, example: 452 4.2.2 the mailbox is full, why: one recipient}]
  gmail:
    special: [{match: mailbox is full, example: 452 4.2.2 the mailbox is full, wait: 1h}]
"""
    ((wrong, told),) = said(tmp_path, text)
    assert wrong
    assert told.startswith("policies.gmail.special[0]")
    assert "(policies.default.transient[0])" in told


def test_a_policy_may_overrule_an_entry_of_default(tmp_path: Path) -> None:
    text = """\
policies:
  default: {universal: 10m, special: [{match: too many messages, example: 421 too many messages, wait: 1h}]}
  gmail: {special: [{match: too many, example: 421 too many messages, wait: 2h}]}
"""
    assert said(tmp_path, text) == []


def test_a_wait_shorter_than_the_reply_states_is_wrong(tmp_path: Path) -> None:
    ((wrong, text),) = said(tmp_path, special('match: try again, example: "421 try again in 2 hours", wait: 61m'))
    assert wrong
    assert text == (
        "policies.default.special[0].wait: expected 2h or more first, as the reply itself states it, found 61m"
    )


def test_a_wait_shorter_than_is_known_of_the_reply_is_a_note(tmp_path: Path) -> None:
    example = "421 smtp.orange.fr Service refuse. Veuillez essayer plus tard. OFR_999 [999]"
    entry = f'{{match: OFR_999, example: "{example}", wait: 1h}}'
    text = f"policies: {{default: {{universal: 10m}}, orange: {{special: [{entry}]}}}}"
    ((wrong, told),) = said(tmp_path, text)
    assert not wrong
    assert "expected 2h or more first, as it is known of this reply, found 1h" in told


@pytest.mark.parametrize(
    ("isp", "match", "example"),
    [
        ("gmail", "low reputation", "421 4.7.0 very low reputation of the sending IP address. - gsmtp"),  # its own
        ("gmail", "temporarily rate limited", "421 4.3.0 temporarily rate limited, cluster busy"),  # a rule's
        ("yahoo", "deferred", "451 Message temporarily deferred - 4.16.50"),
    ],
)
def test_a_transient_entry_that_hides_what_a_person_has_to_act_on_is_wrong(
    tmp_path: Path, isp: str, match: str, example: str
) -> None:
    ((wrong, text),) = said(tmp_path, transient(isp, match, example))
    assert wrong
    assert text.startswith(f"policies.{isp}.transient[0].match: expected to hide no reply that a person has to act on")


def test_what_another_provider_says_is_no_danger_here(tmp_path: Path) -> None:
    assert said(tmp_path, transient("apple", "HCM2", "451 4.3.0 Temporary system problem on HCM2"))
    assert said(tmp_path, transient("orange", "HCM2", "451 4.3.0 Temporary system problem on HCM2")) == []


def test_lists_that_fall_or_are_too_long_for_pmta_are_noted(tmp_path: Path) -> None:
    long = ", ".join(["10m"] * 31)
    found = said(tmp_path, special("match: too many, example: 421 too many, wait: [2h, 1h]", universal=long))
    assert [wrong for wrong, _ in found] == [False, False]
    assert "31 waits; PMTA takes 30 at most" in found[0][1]
    assert "item 2, 1h, is shorter than the one before" in found[1][1]
