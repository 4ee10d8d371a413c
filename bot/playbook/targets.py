"""Which IPs, VMTAs and queues a playbook is pointed at, chosen from the evidence. Pure and deterministic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.core.carriers import MIN_ATTEMPTS, carriers
from bot.core.diagnosis import Diagnosis, Share
from bot.core.finding import Contrast, Kind
from bot.core.model import QueueState, Tally
from bot.playbook.actions import Aim, Target

Cells = Mapping[tuple[str, str, str], Tally]
"""(host, source IP, VMTA) -> counts at this ISP in the window."""


def worst(rows: Sequence[Share]) -> tuple[str, ...]:
    """The few rows that carry most of the deferrals (`core.carriers`), by name."""
    return tuple(row.key for row in carriers(rows))


def affected(rows: Sequence[Share]) -> tuple[str, ...]:
    """The worst; where none stands out, every row deferred at least half as often as all rows together.

    Rows with too little mail count only where no other row is affected.
    """
    if names := worst(rows):
        return names
    whole = sum((row.tally for row in rows), Tally())
    near = [row for row in rows if row.tally.deferred and row.tally.rate >= whole.rate / 2]
    judged = [row for row in near if row.tally.attempts >= MIN_ATTEMPTS]
    return tuple(row.key for row in judged or near)


def chosen_ips(diagnosis: Diagnosis, target: Target) -> tuple[str, ...]:
    """The source IPs a target means, worst first; empty for targets that are not about IPs."""
    named = [row for row in diagnosis.ips if row.key]
    if target not in (Target.WORST_IPS, Target.AFFECTED_IPS):
        return ()
    told = _told(diagnosis.contrast)
    if told is None:
        return worst(named) if target is Target.WORST_IPS else affected(named)
    carrying = tuple(row.key for row in named if row.key in told)
    return carrying or (() if target is Target.WORST_IPS else affected(named))


def _told(where: Contrast | None) -> tuple[str, ...] | None:
    """The source IPs that carry the cause, () where no IP stands out; None where counts alone have to do."""
    if where is None:
        return None
    return where.ips if where.narrow and where.kind is not Kind.CAMPAIGNS else ()


def chosen_queues(diagnosis: Diagnosis, target: Target, queues: Sequence[QueueState]) -> tuple[QueueState, ...]:
    """The queues a target means: all, or those of the VMTAs affected; of no known VMTA at all -> all."""
    if target is Target.ALL_QUEUES:
        return tuple(queues)
    names = set(affected(diagnosis.vmtas))
    where = diagnosis.contrast
    if where and where.narrow and names.intersection(where.vmtas):
        names.intersection_update(where.vmtas)
    return tuple(queue for queue in queues if queue.vmta in names) if diagnosis.vmtas else tuple(queues)


def aims(
    diagnosis: Diagnosis,
    target: Target,
    queues: Sequence[QueueState],
    cells: Cells,
    others: Sequence[QueueState] = (),
) -> tuple[Aim, ...]:
    """Everything a target means, by host, queue and IP. `queues` are the ISP's, `others` those of all other ISPs."""
    if target in (Target.WORST_IPS, Target.AFFECTED_IPS):
        found = _source_aims(chosen_ips(diagnosis, target), queues, cells)
    elif target is Target.WORST_VMTAS:
        found = _vmta_aims(worst(diagnosis.vmtas), queues, others)
    else:
        found = [Aim(queue.host, queue.name, (queue,)) for queue in chosen_queues(diagnosis, target, queues)]
    return tuple(sorted(found, key=lambda aim: (aim.host, aim.queue, aim.source_ip)))


def _source_aims(ips: Sequence[str], queues: Sequence[QueueState], cells: Cells) -> list[Aim]:
    used = {(host, vmta, ip) for (host, ip, vmta), tally in cells.items() if tally.attempts and ip in ips}
    return [
        Aim(queue.host, queue.name, (queue,), ip)
        for queue in queues
        for ip in ips
        if (queue.host, queue.vmta, ip) in used
    ]


def _vmta_aims(names: Sequence[str], queues: Sequence[QueueState], others: Sequence[QueueState]) -> list[Aim]:
    """Each worst VMTA where it sends to the ISP, with all it holds, to whomever."""
    by_vmta: dict[tuple[str, str], list[QueueState]] = {}
    for queue in queues:
        if queue.vmta in names:
            by_vmta.setdefault((queue.host, queue.vmta), []).append(queue)
    for queue in others:
        if (queue.host, queue.vmta) in by_vmta:
            by_vmta[queue.host, queue.vmta].append(queue)
    return [Aim(host, f"*/{vmta}", tuple(held)) for (host, vmta), held in by_vmta.items()]
