"""From a playbook and the facts to the exact commands. Pure: the same plan is previewed, run and audited."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.core.change import Plan, Refusal, Step
from bot.core.diagnosis import Diagnosis
from bot.core.model import QueueState, Tally
from bot.playbook.actions import Action, Aim, PauseVmta
from bot.playbook.evidence import carried
from bot.playbook.names import safe_ip, safe_queue, shown
from bot.playbook.schema import Playbook
from bot.playbook.situation import about
from bot.playbook.targets import Cells, aims, chosen_ips

MAX_STEPS = 40
"""More commands than a person can read are no longer one reviewed change."""


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """What is so now. `cells`: (host, source IP, VMTA) -> counts at this ISP in the window; `queues`: this ISP's,
    of all hosts; `others`: those of all other ISPs, which a whole VMTA holds too."""

    cells: Mapping[tuple[str, str, str], Tally]
    queues: tuple[QueueState, ...]
    isp_title: str
    others: tuple[QueueState, ...] = ()


def make_plan(playbook: Playbook, diagnosis: Diagnosis, incident: int, facts: PlanFacts) -> Plan | Refusal:
    """The steps `playbook` means here, with what they touch and how they are taken back.

    What is so already is left out with a note. Refused where a name could not safely stand in a command, and
    where nothing is left to do.
    """
    diagnosis = about(playbook, diagnosis)
    notes: list[str] = []
    taken: list[tuple[Action, Aim]] = []
    for action in playbook.steps:
        found = aims(diagnosis, action.target, facts.queues, facts.cells, facts.others)
        if refusal := _unsafe(found):
            return refusal
        taken += [(action, aim) for aim in _worth_it(action, found, notes)]
        notes += _missing(action, diagnosis, found)
    taken = _most_mail(taken, notes)
    steps = tuple(action.plan(aim) for action, aim in taken)
    if not steps:
        return _nothing(playbook, facts, notes)
    return Plan(
        playbook=playbook.name,
        title=playbook.title.of(_count(taken), isp=facts.isp_title),
        isp=diagnosis.isp,
        incident=incident,
        why=playbook.why.of(_count(taken), **carried(playbook, diagnosis).fields(diagnosis)),
        steps=steps,
        lasts=playbook.lasts,
        recipients=_recipients(aim for _, aim in taken),
        volume_share=_volume_share(steps, facts.cells),
        stops_mail=playbook.stops_mail,
        notes=(*notes, *_warnings(taken, facts)),
    )


def _unsafe(found: Iterable[Aim]) -> Refusal | None:
    for aim in found:
        if not safe_queue(aim.queue):
            sentence = f"{aim.host} reports the queue {shown(aim.queue)}, which is not of the form domain/vmta"
        elif aim.source_ip and not safe_ip(aim.source_ip):
            sentence = f"{aim.host} logged the source IP {shown(aim.source_ip)}, which is not an IP address"
        else:
            continue
        return Refusal("unsafe name", f"{sentence}: nothing was planned. Look at that host by hand.")
    return None


def _worth_it(action: Action, found: Iterable[Aim], notes: list[str]) -> list[Aim]:
    kept: list[Aim] = []
    left: dict[str, list[str]] = {}
    for aim in found:
        if reason := action.already(aim):
            left.setdefault(reason, []).append(f"{aim.queue} on {aim.host}")
        else:
            kept.append(aim)
    for reason, names in sorted(left.items()):
        unique = sorted(set(names))
        more = f" and {len(unique) - 3} more" if len(unique) > 3 else ""
        notes.append(f"Left out: {', '.join(unique[:3])}{more} ({reason}).")
    return kept


def _missing(action: Action, diagnosis: Diagnosis, found: Sequence[Aim]) -> list[str]:
    """IPs that are meant but stand in no queue now."""
    lost = sorted(set(chosen_ips(diagnosis, action.target)) - {aim.source_ip for aim in found})
    if not lost:
        return []
    return [f"Left out: {', '.join(shown(ip) for ip in lost[:3])} (no queue of this ISP uses it now)."]


def _most_mail(taken: list[tuple[Action, Aim]], notes: list[str]) -> list[tuple[Action, Aim]]:
    if len(taken) <= MAX_STEPS:
        return taken
    kept = sorted(range(len(taken)), key=lambda place: (-taken[place][1].recipients, place))[:MAX_STEPS]
    notes.append(f"Left out: {len(taken) - MAX_STEPS} smaller targets; a change has at most {MAX_STEPS} commands.")
    return [taken[place] for place in sorted(kept)]


def _nothing(playbook: Playbook, facts: PlanFacts, notes: Sequence[str]) -> Refusal:
    if not playbook.steps:
        return Refusal("nothing to do", f"{playbook.name} is advice only: there is no command to run.")
    if not facts.queues:
        return Refusal("nothing to do", f"No queue of {facts.isp_title} holds mail now: there is nothing to change.")
    return Refusal("nothing to do", " ".join(["Nothing is left to change.", *notes]))


def _count(taken: Sequence[tuple[Action, Aim]]) -> int:
    """How many things of the first action's kind are touched: IPs, VMTAs or queues."""
    first = taken[0][0]
    of_first = [aim for action, aim in taken if action == first]
    return len(
        {aim.source_ip or (aim.queue if isinstance(first, PauseVmta) else (aim.host, aim.queue)) for aim in of_first}
    )


def _recipients(found: Iterable[Aim]) -> int:
    return sum({(queue.host, queue.name): queue.recipients for aim in found for queue in aim.queues}.values())


def _volume_share(steps: Sequence[Step], cells: Cells) -> float:
    """Attempts of the hosts, VMTAs (and IPs) touched among all; a queue's counts are those of its VMTA."""
    whole = sum(tally.attempts for tally in cells.values())
    touched = {(step.host, step.queue.partition("/")[2], step.source_ip) for step in steps}
    part = sum(
        tally.attempts
        for (host, ip, vmta), tally in cells.items()
        if (host, vmta, ip) in touched or (host, vmta, "") in touched
    )
    return part / whole if whole else 0.0


def _warnings(taken: Sequence[tuple[Action, Aim]], facts: PlanFacts) -> Iterable[str]:
    expects = {action.action for action, _ in taken}
    if "disable_source" in expects:
        yield from _nothing_left({(aim.host, aim.queue, aim.source_ip) for _, aim in taken if aim.source_ip}, facts)
    if "pause_vmta" in expects:
        yield f"This holds the mail of these VMTAs to every ISP, not only {facts.isp_title}."
    if "backoff_mode" in expects:
        yield "How much it slows depends on the backoff settings of each queue in PMTA's configuration."


def _nothing_left(disabled: set[tuple[str, str, str]], facts: PlanFacts) -> Iterable[str]:
    in_use = {ip for (_, ip, _), tally in facts.cells.items() if tally.attempts}
    if in_use <= {ip for _, _, ip in disabled}:
        which = f"all {len(in_use)} IPs that send" if len(in_use) > 1 else "the only IP that sends"
        yield f"This is {which} to {facts.isp_title}: nothing goes out to it until the time is up."
        return
    dry = sorted(
        f"{queue} on {host}"
        for host, queue in {(host, queue) for host, queue, _ in disabled}
        if {
            ip
            for (h, ip, vmta), tally in facts.cells.items()
            if tally.attempts and (h, vmta) == (host, queue.partition("/")[2])
        }
        <= {ip for h, q, ip in disabled if (h, q) == (host, queue)}
    )
    if dry:
        more = f" and {len(dry) - 3} more" if len(dry) > 3 else ""
        yield f"No other IP was seen in {', '.join(dry[:3])}{more}: mail there waits until the time is up."
