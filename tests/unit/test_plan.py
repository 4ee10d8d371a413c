"""Plans: exact commands, what they touch, and that taking them back restores what was there."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.category import Category
from bot.core.change import Plan, Refusal
from bot.core.model import QueueState, Tally
from bot.core.tier import Tier
from bot.playbook.load import load_playbooks
from bot.playbook.names import safe_ip, safe_queue
from bot.playbook.plan import MAX_STEPS, PlanFacts, make_plan
from bot.playbook.schema import Playbook
from tests.playbook_samples import BAD, IPS, PLAYBOOKS, cells, diagnosis, facts, queue, queues, shares, tally

SHIPPED = {playbook.name: playbook for playbook in load_playbooks(PLAYBOOKS)}
ACTING = [playbook for playbook in SHIPPED.values() if playbook.steps]

OPPOSITE = {"pause": "resume", "disable": "enable", "--mode=backoff": "--mode=normal"}


def planned(name: str, of: PlanFacts | None = None, **changed: object) -> Plan:
    found = make_plan(SHIPPED[name], diagnosis(**changed), 42, of or facts())  # type: ignore[arg-type]
    assert isinstance(found, Plan), found
    return found


def refused(name: str, of: PlanFacts, **changed: object) -> Refusal:
    found = make_plan(SHIPPED[name], diagnosis(**changed), 42, of)  # type: ignore[arg-type]
    assert isinstance(found, Refusal), found
    return found


def test_backoff_mode_of_the_worst_queues() -> None:
    plan = planned("gmail-reputation")
    assert [(step.host, step.argv) for step in plan.steps] == [
        ("mta1", ("pmta", "set", "queue", "--mode=backoff", "gmail.com/ip-1")),
        ("mta1", ("pmta", "set", "queue", "--mode=backoff", "gmail.com/ip-3")),
        ("mta2", ("pmta", "set", "queue", "--mode=backoff", "gmail.com/ip-2")),
    ]
    assert plan.title == "Slow 3 Gmail queues (backoff mode)"
    assert (plan.lasts, plan.stops_mail, plan.recipients) == (timedelta(hours=4), False, 3000)
    assert plan.volume_share == pytest.approx(3 / 12)
    assert plan.why.startswith("They carry 91 % of the trouble")
    assert any("backoff settings" in note for note in plan.notes)


def test_disabling_a_source_names_its_own_end() -> None:
    plan = planned("microsoft-rp001", isp="microsoft")
    assert [step.argv for step in plan.steps if step.host == "mta2"] == [
        ("pmta", "disable", "source", "--reenable-after=4h", BAD[1], "gmail.com/ip-2")
    ]
    assert all(step.ends_by_itself and step.source_ip for step in plan.steps)
    assert plan.stops_mail
    assert "No other IP was seen in" in plan.notes[-1]


def test_a_whole_vmta_says_that_other_isps_wait_too() -> None:
    plan = planned("pause-vmtas", tier=Tier.BLOCK, cause=Category.BLOCKLIST)
    assert plan.steps[0].argv == ("pmta", "pause", "queue", "*/ip-1")
    assert plan.steps[0].undo_argv == ("pmta", "resume", "queue", "*/ip-1")
    assert plan.title == "Pause the 3 worst VMTAs at every ISP for 1 h"
    assert any("every ISP" in note for note in plan.notes)


@pytest.mark.parametrize("playbook", ACTING, ids=lambda playbook: playbook.name)
def test_undo_is_the_opposite_about_the_same_thing(playbook: Playbook) -> None:
    plan = make_plan(playbook, diagnosis(), 42, facts())
    assert isinstance(plan, Plan)
    for step in plan.steps:
        wanted = tuple(OPPOSITE.get(word, word) for word in step.argv if not word.startswith("--reenable-after"))
        assert step.undo_argv == wanted
        assert step.undo_argv != step.argv
        assert step.expect != step.expect_undone
        assert step.before != step.after


@pytest.mark.parametrize("playbook", ACTING, ids=lambda playbook: playbook.name)
def test_the_same_facts_give_the_same_plan(playbook: Playbook) -> None:
    shuffled = facts(queues=tuple(reversed(queues())), cells=dict(reversed(cells().items())))
    assert make_plan(playbook, diagnosis(), 42, facts()) == make_plan(playbook, diagnosis(), 42, shuffled)


def test_what_is_so_already_is_left_out_with_a_note() -> None:
    mixed = (queue("ip-1", mode="backoff"), queue("ip-3", paused=True), queue("ip-2", "mta2"))
    plan = planned("gmail-reputation", facts(queues=mixed))
    assert [step.queue for step in plan.steps] == ["gmail.com/ip-2"]
    assert plan.title == "Slow the worst Gmail queue (backoff mode)"
    assert "Left out: gmail.com/ip-1 on mta1 (already in backoff mode)." in plan.notes
    assert "Left out: gmail.com/ip-3 on mta1 (already paused)." in plan.notes


def test_a_whole_vmta_counts_and_spares_what_it_holds_for_other_isps() -> None:
    """Its undo resumes every queue, so one that somebody has paused at Yahoo must not be among them."""
    before = planned("pause-vmtas", tier=Tier.BLOCK, cause=Category.BLOCKLIST)
    host, vmta = before.steps[0].host, before.steps[0].queue.partition("/")[2]
    waiting = QueueState(host, f"yahoo.com/{vmta}", 5_000, 1, False, "normal")
    elsewhere = replace(waiting, name="yahoo.com/quite-another", paused=True)
    plan = planned(
        "pause-vmtas", replace(facts(), others=(waiting, elsewhere)), tier=Tier.BLOCK, cause=Category.BLOCKLIST
    )
    assert [step.queue for step in plan.steps] == [step.queue for step in before.steps]
    assert plan.recipients == before.recipients + 5_000
    held = replace(facts(), others=(replace(waiting, paused=True),))
    spared = make_plan(SHIPPED["pause-vmtas"], diagnosis(tier=Tier.BLOCK, cause=Category.BLOCKLIST), 42, held)
    left = spared.steps if isinstance(spared, Plan) else ()
    assert (host, f"*/{vmta}") not in {(step.host, step.queue) for step in left}


def test_a_vmta_with_a_paused_queue_is_left_out_since_undo_could_not_be_exact() -> None:
    mixed = (queue("ip-1", paused=True), queue("ip-3"))
    plan = planned("pause-vmtas", facts(queues=mixed), tier=Tier.BLOCK, cause=Category.BLOCKLIST)
    assert [step.queue for step in plan.steps] == ["*/ip-3"]
    assert any("*/ip-1 on mta1" in note for note in plan.notes)


@pytest.mark.parametrize(
    ("name", "of", "said"),
    [
        ("gmail-reputation", facts(queues=()), "No queue of Gmail holds mail now"),
        ("gmail-reputation", facts(queues=(queue("ip-1", mode="backoff"),)), "already in backoff mode"),
        ("hold-mail", facts(queues=(queue("ip-1", paused=True),)), "already paused"),
        ("gmail-throttle", facts(), "advice only"),
        ("blocklist", facts(cells={}), "no queue of this ISP uses it now"),
    ],
)
def test_nothing_left_to_do_is_a_refusal(name: str, of: PlanFacts, said: str) -> None:
    refusal = refused(name, of)
    assert refusal.rule == "nothing to do"
    assert said in refusal.sentence


def test_taking_every_ip_out_is_said_plainly() -> None:
    alike = shares(*((ip, 1000, 300) for ip in IPS))
    even = {key: tally(1000, 300) for key in cells()}
    plan = planned("tier-block", facts(cells=even), tier=Tier.BLOCK, ips=alike)
    assert len({step.source_ip for step in plan.steps}) == len(IPS)
    assert "This is all 12 IPs that send to Gmail: nothing goes out to it until the time is up." in plan.notes
    assert plan.volume_share == pytest.approx(1.0)


def test_another_ip_in_the_queue_needs_no_warning() -> None:
    shared = cells() | {("mta1", "192.0.2.99", vmta): tally(500, 1) for vmta in ("ip-1", "ip-3")}
    shared |= {("mta2", "192.0.2.98", "ip-2"): tally(500, 1)}
    plan = planned("tier-block", facts(cells=shared), tier=Tier.BLOCK)
    assert plan.notes == ()


def test_each_queue_is_counted_once() -> None:
    two = {("mta1", ip, "ip-1"): tally(1000, 600) for ip in BAD[:2]} | {("mta1", IPS[5], "ip-1"): tally(1000, 1)}
    found = diagnosis(tier=Tier.BLOCK, ips=shares((BAD[0], 1000, 600), (BAD[1], 1000, 600), (IPS[5], 1000, 1)))
    plan = make_plan(SHIPPED["tier-block"], found, 42, facts(cells=two, queues=(queue("ip-1"),)))
    assert isinstance(plan, Plan)
    assert len(plan.steps) == 2
    assert plan.recipients == 1000
    assert plan.volume_share == pytest.approx(2 / 3)
    assert plan.title == "Disable the 2 worst Gmail IPs for 4 h"


def test_a_change_stays_readable() -> None:
    many = tuple(queue(f"v{n}", recipients=n) for n in range(100))
    plan = planned("gmail-reputation", facts(queues=many), vmtas=shares(*((q.vmta, 100, 50) for q in many)))
    assert len(plan.steps) == MAX_STEPS
    assert {step.recipients for step in plan.steps} == set(range(60, 100))
    assert "Left out: 60 smaller targets; a change has at most 40 commands." in plan.notes


HOSTILE = [
    "--all/x",
    "-x/y",
    "gmail.com/-x",
    "gmail.com",
    "gmail.com/",
    "/x",
    "a b/c",
    "a/b c",
    "a/b\n",
    "$(reboot)/x",
    "a/b;reboot",
    "a/`id`",
    "a/*",
    "*/*",
    "a/b/c",
    "ä/b",
    "a/b\x00",
    "a/b\u2028",
    "a/<!channel>",
    "a/" + "b" * 300,
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_queue_name_is_refused(name: str) -> None:
    refusal = refused("hold-mail", facts(queues=(replace(queue("x"), name=name),)), vmtas=())
    assert refusal.rule == "unsafe name"
    assert "mta1" in refusal.sentence
    assert not set("<>`\n\x00\u2028") & set(refusal.sentence)


@pytest.mark.parametrize("ip", ["", "1", "192.0.2.1 ", "-1.2.3.4", "fe80::1%eth0", "192.0.2.1/32", "$(id)", "１.1.1.1"])
def test_a_hostile_ip_never_becomes_a_step(ip: str) -> None:
    bad = {("mta1", ip, "x"): tally(1000, 900), ("mta1", "192.0.2.1", "x"): tally(1000, 1)}
    found = make_plan(
        SHIPPED["blocklist"],
        diagnosis(ips=shares((ip, 1000, 900), ("192.0.2.1", 1000, 1))),
        42,
        facts(cells=bad, queues=(queue("x"),)),
    )
    assert isinstance(found, Refusal)


words = (
    st.text(max_size=30) | st.sampled_from(HOSTILE) | st.from_regex(r"[a-z*{}-]{1,9}/[a-z*{}. -]{1,9}", fullmatch=True)
)


@given(words, words, words)
def test_nothing_unsafe_ever_reaches_an_argv(name: str, vmta: str, ip: str) -> None:
    """Whatever names hosts report: each argument is a known word, a plain queue name or an IP."""
    one = QueueState("mta1", name, 5, 1, False, "normal")
    of = PlanFacts({("mta1", ip, one.vmta): tally(1000, 900), ("mta1", "192.0.2.1", vmta): tally(1000, 1)}, (one,), "X")
    found = diagnosis(ips=shares((ip, 1000, 900), ("192.0.2.1", 1000, 1)), vmtas=shares((one.vmta, 1000, 900)))
    for playbook in ACTING:
        plan = make_plan(playbook, found, 42, of)
        if isinstance(plan, Plan):
            for step in plan.steps:
                for argv in (step.argv, step.undo_argv):
                    assert all(_harmless(word) for word in argv), argv


KNOWN = {"pmta", "set", "queue", "pause", "resume", "disable", "enable", "source", "--mode=backoff", "--mode=normal"}


def _harmless(word: str) -> bool:
    return word in KNOWN or word == "--reenable-after=4h" or safe_queue(word) or safe_ip(word)


def test_no_counts_at_all_is_no_share() -> None:
    plan = planned("hold-mail", facts(cells={}), vmtas=())
    assert plan.volume_share == 0.0
    assert sum(facts(cells={}).cells.values(), Tally()) == Tally()
