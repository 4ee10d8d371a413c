"""How much of the trouble a playbook's targets carry, in numbers and words for its sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.diagnosis import Diagnosis
from bot.core.model import QueueState
from bot.playbook.actions import Action, Aim, Target
from bot.playbook.schema import Playbook
from bot.playbook.targets import chosen_ips, chosen_queues, worst


@dataclass(frozen=True, slots=True)
class Carried:
    """`n` targets `of` so many, holding `share` (0 to 1) of the ISP's deferrals; `keys` names them."""

    n: int
    of: int
    share: float
    keys: tuple[str, ...] = ()

    def fields(self, diagnosis: Diagnosis) -> dict[str, str]:
        cause = diagnosis.cause.words if diagnosis.cause else "no clear cause"
        return {
            "isp": diagnosis.title,
            "of": str(self.of),
            "share": f"{self.share:.0%}".replace("%", " %"),
            "cause": cause,
        }


def carried(playbook: Playbook, diagnosis: Diagnosis) -> Carried:
    """What the first step would touch; `n` is 0 where the evidence names no target for one of the steps."""
    found = [_of_step(step, diagnosis) for step in playbook.steps]
    return found[0] if found and all(part.n for part in found) else Carried(0, 0, 0.0)


def _of_step(step: Action, diagnosis: Diagnosis) -> Carried:
    if step.target in (Target.WORST_IPS, Target.AFFECTED_IPS):
        keys = chosen_ips(diagnosis, step.target)
        n = len(keys) if any(not queue.paused for queue in diagnosis.queues) else 0
        return Carried(n, len(diagnosis.ips), _share(diagnosis, "ips", keys), tuple(keys))
    if step.target is Target.WORST_VMTAS:
        keys = tuple(key for key in worst(diagnosis.vmtas) if any(queue.vmta == key for queue in diagnosis.queues))
        return Carried(len(keys), len(diagnosis.vmtas), _share(diagnosis, "vmtas", keys), keys)
    queues = _open(step, chosen_queues(diagnosis, step.target, diagnosis.queues))
    names = tuple({queue.vmta for queue in queues})
    touched = tuple(f"{queue.host} {queue.name}" for queue in queues)
    return Carried(len(queues), len(diagnosis.queues), _share(diagnosis, "vmtas", names), touched)


def _open(step: Action, queues: Sequence[QueueState]) -> list[QueueState]:
    """Those about which something is left to do."""
    return [queue for queue in queues if not step.already(Aim(queue.host, queue.name, (queue,)))]


def _share(diagnosis: Diagnosis, of: str, keys: Sequence[str]) -> float:
    rows = diagnosis.ips if of == "ips" else diagnosis.vmtas
    whole = sum(row.tally.deferred for row in rows)
    return sum(row.tally.deferred for row in rows if row.key in keys) / whole if whole else 0.0
