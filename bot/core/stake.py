"""How much mail an ISP's trouble holds up. Pure."""

from __future__ import annotations

from bot.core.diagnosis import Diagnosis


def at_risk(diagnosis: Diagnosis) -> int:
    """Recipients deferred or refused for our sake in the window, and those that wait in the ISP's queues.

    Some are both, so it is at most this many: it errs towards telling. Deferrals stand for recipients where those
    were not counted.
    """
    deferred = diagnosis.now.deferred
    if diagnosis.recipients is not None:
        deferred = min(deferred, diagnosis.recipients.distinct)
    return deferred + diagnosis.refused + sum(queue.recipients for queue in diagnosis.queues)
