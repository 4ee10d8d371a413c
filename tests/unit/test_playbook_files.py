"""The shipped playbooks load and hold their examples; a wrong file says everything that is wrong with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.category import Category
from bot.core.diagnosis import Diagnosis, Offer
from bot.core.finding import Contrast, Elsewhere, Kind
from bot.core.tier import Tier
from bot.errors import ConfigError
from bot.playbook.isps import load_isps
from bot.playbook.load import load_playbooks, load_rules
from bot.playbook.recommend import offers
from bot.playbook.schema import Example, Given, Playbook
from bot.playbook.situation import ranked
from tests.playbook_samples import BAD, PLAYBOOKS, diagnosis, vmta_of

SHIPPED = load_playbooks(PLAYBOOKS)
EXAMPLES = [(playbook, example) for playbook in SHIPPED for example in playbook.examples]

BUTTON = 75
"""Slack's limit for the text of a button; one character is the "…" that follows."""

GOOD = """
name: slow-down
title: {one: "Slow the worst {isp} queue", many: "Slow {n} {isp} queues"}
when:
  - {isp: gmail, tier: [mixed], cause: rate_limit}
steps:
  - {action: backoff_mode, target: worst_queues, lasts: 4h}
why: It holds {share} of the deferrals.
advice: Send less.
examples:
  - {isp: gmail, tier: mixed, cause: rate_limit, gives: recommended}
"""

RULES = """
provider: gmail
tokens:
  - id: one
    pattern: 'ABC1'
    category: blocklist
    severity: 4
    meaning: It is listed.
    check: Delist it.
    examples: ["550 ABC1 listed"]
"""


@pytest.mark.parametrize(("playbook", "example"), EXAMPLES, ids=lambda value: getattr(value, "name", ""))
def test_examples_hold(playbook: Playbook, example: Example) -> None:
    fitting = ranked(SHIPPED, example.situation)
    found, advice = offers(situated(example), SHIPPED)
    names = [offer.playbook for offer in found]
    if example.gives is Given.NOT:
        assert playbook not in fitting
        assert playbook.name not in names
    elif example.gives is Given.OFFERED:
        assert playbook.name in names[1:]
    else:
        assert fitting[0] is playbook
        assert advice
        assert names[:1] == ([playbook.name] if playbook.steps else [])


def situated(example: Example) -> Diagnosis:
    """The worst IPs and VMTAs of the sample carry it, as far as the example says where it sits."""
    plain = diagnosis(example.isp, example.tier, example.cause)
    if example.where is None:
        return plain
    narrow = example.where not in (Kind.ALL, Kind.CAMPAIGNS)
    ips, vmtas = (BAD, tuple(vmta_of(ip) for ip in BAD)) if narrow else ((), ())
    elsewhere = example.elsewhere or Elsewhere.UNKNOWN
    return replace(plain, contrast=Contrast(example.where, ips=ips, vmtas=vmtas, elsewhere=elsewhere))


def test_every_shipped_playbook_shows_itself_and_its_limits() -> None:
    shown = {(playbook.name, example.gives) for playbook, example in EXAMPLES}
    assert {name for name, gives in shown if gives is not Given.NOT} == {playbook.name for playbook in SHIPPED}
    assert {name for name, gives in shown if gives is Given.NOT} == {playbook.name for playbook in SHIPPED}


def test_titles_fit_a_button() -> None:
    titles = [playbook.title.of(n, isp="A Provider Name GmbH") for playbook in SHIPPED for n in (1, 99)]
    assert [title for title in titles if len(title) >= BUTTON] == []


def test_named_isps_are_in_the_catalog() -> None:
    named = {isp for playbook in SHIPPED for when in playbook.when for isp in when.isp}
    assert named <= set(load_isps(PLAYBOOKS / "isps.yaml").keys())
    assert {rule.provider for rule in load_rules(PLAYBOOKS / "replies").rules} - {"generic"} <= set(
        load_isps(PLAYBOOKS / "isps.yaml").keys()
    )


@pytest.mark.parametrize("tier", [tier for tier in Tier if tier is not Tier.CLEAR])
@pytest.mark.parametrize("cause", [None, *Category])
@pytest.mark.parametrize("isp", ["gmail", "microsoft", "yahoo", "apple", "comcast", "example.com"])
def test_there_is_always_something_to_say(isp: str, tier: Tier, cause: Category | None) -> None:
    found, advice = offers(diagnosis(isp, tier, cause), SHIPPED)
    assert advice.endswith(".")
    assert "{" not in advice + "".join(offer.title + offer.why for offer in found)
    assert len(found) <= 6
    assert len({_deeds(offer) for offer in found}) == len(found)


def _deeds(offer: Offer) -> frozenset[tuple[str, str]]:
    return next(playbook.deeds for playbook in SHIPPED if playbook.name == offer.playbook)


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name.replace('_', '-')}.yaml").write_text(text, encoding="utf-8")
    return folder


def test_a_good_file_loads(tmp_path: Path) -> None:
    (loaded,) = load_playbooks(write(tmp_path, slow_down=GOOD))
    assert (loaded.name, loaded.stops_mail, loaded.lasts.total_seconds()) == ("slow-down", False, 4 * 3600)


def test_all_faults_of_all_files_are_said_at_once(tmp_path: Path) -> None:
    write(
        tmp_path,
        slow_down=GOOD.replace("lasts: 4h", "lasts: 4x").replace("tier: [mixed]", "tier: [huge]"),
        other=GOOD.replace("advice: Send less.\n", "").replace("backoff_mode", "reboot"),
        third=GOOD.replace("slow-down", "another"),
        fourth="a: [",
        fifth=GOOD.replace("why:", "color: red\nwhy:"),
    )
    with pytest.raises(ConfigError) as wrong:
        load_playbooks(tmp_path)
    faults = "\n".join(wrong.value.faults)
    assert len(wrong.value.faults) == 7
    for said in (
        "steps[0].lasts: expected a duration such as 90s, 10m, 1h30m or 2d, found '4x'",
        'when[0].tier[0]: one of clear, throttle, mixed, reputation, block expected, found "huge"',
        "other.yaml:",
        "advice: expected this key, found nothing",
        "reboot",
        'name: "third" as the file is called expected, found "another"',
        "fourth.yaml",
        "fifth.yaml",
        "color: no such key here",
    ):
        assert said in faults


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Slow {n} {isp} queues", "Slow {what} queues", "title: fields {isp}, {n} expected, found {what}"),
        ("{share}", "{share", "expected"),
        ("gives: recommended", "gives: not", "at least one that gives recommended or offered"),
        ("lasts: 4h", "lasts: 0m", "expected a duration such as 90s"),
        ("target: worst_queues", "target: worst_ips", "steps[0].target"),
        ("name: slow-down", "name: slow-down\nname: slow-down", "expected once"),
        ("lasts: 4h}", "lasts: 4h}\n  - {action: pause_queue, target: all_queues, lasts: 1h}", "a change has one end"),
        ("cause: rate_limit}", "cause: bad_luck}", "when[0].cause: "),
        ("  - {isp: gmail, tier: mixed, cause: rate_limit, gives: recommended}", "  []", "examples"),
    ],
)
def test_faults_of_a_playbook(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError) as wrong:
        load_playbooks(write(tmp_path, slow_down=GOOD.replace(old, new, 1)))
    assert said in "\n".join(wrong.value.faults)


def test_an_empty_folder_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="found none"):
        load_playbooks(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "550 ABC1 listed",
            "550 other",
            "tokens[0].examples[0]: a reply that one decides expected, found one that no rule",
        ),
        ("examples: [", "link: 'http://x.example'\n    examples: [", "an https:// link"),
        ("'ABC1'", "'(A+)+'", "tokens[0].pattern"),
        ("severity: 4", "severity: 9", "tokens[0].severity"),
        ('examples: ["550 ABC1 listed"]', "examples: []", "tokens[0].examples: at least one reply expected"),
        ("provider: gmail", "provider: google", '"gmail" as the file is called'),
        ("category: blocklist", "category: bad", "tokens[0].category"),
    ],
)
def test_faults_of_a_rule_pack(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in RULES
    with pytest.raises(ConfigError) as wrong:
        load_rules(write(tmp_path, gmail=RULES.replace(old, new, 1)))
    assert said in "\n".join(wrong.value.faults)


def test_a_rule_shadowed_by_an_earlier_one_is_a_fault(tmp_path: Path) -> None:
    again = RULES + RULES.partition("tokens:\n")[2].replace("id: one", "id: two").replace("'ABC1'", "['xyz', 'ABC1 l']")
    with pytest.raises(ConfigError, match=r"tokens\[1\]\.examples\[0\].*two decides expected.*gmail/one"):
        load_rules(write(tmp_path, gmail=again))


def test_a_rule_named_twice_is_a_fault(tmp_path: Path) -> None:
    again = RULES + RULES.partition("tokens:\n")[2]
    with pytest.raises(ConfigError, match=r"tokens\[1\]\.id"):
        load_rules(write(tmp_path, gmail=again))
