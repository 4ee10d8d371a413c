"""`pmta show queues|topqueues|domains|topdomains|vmtas|jobs`: what waits where."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from bot.sim.fleet.accounting import stamp
from bot.sim.fleet.command import Command
from bot.sim.fleet.guesses import GUESSES, STATE_LETTERS
from bot.sim.fleet.mta import Mta
from bot.sim.fleet.queues import Event, Queue
from bot.sim.fleet.render import Shown, table

DEFAULT_ITEMS: Final = 20
_ERROR_WIDTH: Final = 75
_SORTS: Final = ("name", "rcpt", "size")


@dataclass(frozen=True, slots=True)
class Holding:
    """What a domain, VMTA or job holds."""

    name: str
    recipients: int
    kbytes: float
    connections: int
    domains: int
    errors: tuple[Event, ...] = ()


def show_queues(mta: Mta, command: Command) -> Shown:
    top = command.name == "show topqueues"
    sort = "rcpt" if top else command.choice("sort", _SORTS) or "name"
    matching = _sorted(_filtered(mta, command), sort)
    limit = command.number("maxitems", DEFAULT_ITEMS)
    listed = matching[:limit]
    title = (
        f"Top {limit} queues by number of recipients" if sort == "rcpt" else GUESSES["title by name"].format(n=limit)
    )
    tree = {
        "title": title,
        "queue": [_queue_tree(queue, mta.at, command) for queue in listed],
        "totalRcp": sum(queue.recipients for queue in matching),
        "totalQueuesWithRcp": sum(1 for queue in matching if queue.recipients),
    }
    heads = ("queue", "#rcpt", "kbytes", "conn", "st", "retry", "last error")
    rows = [_queue_row(queue, mta.at) for queue in listed]
    lines = table(heads, rows, left=(0, 4, 6), least=(25, 5, 6, 4, 2, 8, 10))
    lines.insert(2, "/".join(command.queue()))
    return Shown("\n".join([*lines, f"{len(listed)} of {len(matching)} matching queues."]), tree)


def _filtered(mta: Mta, command: Command) -> list[Queue]:
    paused = command.choice("paused", ("yes", "no"))
    connected = command.choice("connected", ("yes", "no"))
    mode = command.choice("mode", ("normal", "backoff"))
    return [
        queue
        for queue in mta.matching(*command.queue())
        if paused in {"", _yes(queue.paused)}
        and connected in {"", _yes(queue.connections > 0)}
        and mode in {"", queue.mode}
    ]


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _sorted(queues: list[Queue], sort: str) -> list[Queue]:
    if sort == "rcpt":
        return sorted(queues, key=lambda queue: (-queue.recipients, queue.name))
    if sort == "size":
        return sorted(queues, key=lambda queue: (-queue.bytes, queue.name))
    return queues


def _retry_time(queue: Queue, at: int) -> str:
    """When the queue tries again: the end of its own wait, or of its first recipient's where none is ready."""
    if queue.retry_at > at:
        return stamp(queue.retry_at)
    return stamp(queue.waiting[0][0]) if queue.waiting and not queue.ready else ""


def _queue_tree(queue: Queue, at: int, command: Command) -> dict[str, object]:
    events = list(queue.errors) if "errors" in command.options else []
    if "mode-events" in command.options:
        events += queue.modes
    tree: dict[str, object] = {
        "name": queue.name,
        "rcp": queue.recipients,
        "kb": queue.kbytes,
        "conn": queue.connections,
    }
    if events:
        tree["event"] = [{"type": event.kind, "time": stamp(event.at), "text": event.text} for event in events]
    return tree | {"paused": queue.paused, "mode": queue.mode, "retryTime": _retry_time(queue, at)}


def _queue_row(queue: Queue, at: int) -> tuple[str, ...]:
    state = (STATE_LETTERS["paused"] if queue.paused else "") + (
        STATE_LETTERS["backoff"] if queue.mode == "backoff" else ""
    )
    error = queue.errors[0].reply if queue.errors else ""
    if len(error) > _ERROR_WIDTH:
        error = error[:_ERROR_WIDTH].rsplit(" ", 1)[0] + "..."
    retry = _retry_time(queue, at)[11:]
    return (queue.name, str(queue.recipients), f"{queue.kbytes:.1f}", str(queue.connections), state, retry, error)


def show_vmtas(mta: Mta, command: Command) -> Shown:
    """VMTAs that hold mail: idle ones are not listed, as with the real command."""
    held = [h for h in _held(mta.queues.values(), lambda queue: queue.vmta) if h.recipients]
    total = sum(holding.recipients for holding in held) or 1
    found = _ordered(held, command)
    listed = found[: command.number("maxitems", DEFAULT_ITEMS)]
    rows = [
        (
            h.name,
            str(h.domains),
            str(h.recipients),
            str(100 * h.recipients // total),
            f"{h.kbytes:.1f}",
            str(h.connections),
        )
        for h in listed
    ]
    width = max([11, *(len(holding.name) for holding in listed)])
    heads = ("name", "domains", "#rcpt", "% total", "kbytes", "conn")
    lines = table(heads, rows, left=(0,), least=(width, 7, 5, 7, 8, 4))
    tree = {
        "vmta": [
            {
                "name": h.name,
                "rcp": h.recipients,
                "kb": h.kbytes,
                "pctOfTotal": 100 * h.recipients // total,
                "conn": h.connections,
                "dom": h.domains,
            }
            for h in listed
        ],
        "totalVmtas": len(found),
    }
    return Shown("\n".join([*lines, "", f"{len(listed)} of {len(found)} virtual MTAs."]), tree)


def show_domains(mta: Mta, command: Command) -> Shown:
    """Domains over all their VMTAs. The columns are a guess; the last line is known."""
    top = command.name == "show topdomains"
    pattern = command.arguments[0] if command.arguments else "*"
    queues = mta.matching(pattern, command.options.get("vmta", "*"))
    connected = command.choice("connected", ("yes", "no"))
    held = [
        h for h in _held(queues, lambda queue: queue.domain) if connected in {"", _yes(h.connections > 0)}
    ]  # fmt: skip
    found = sorted(held, key=lambda h: (-h.recipients, h.name)) if top else _ordered(held, command)
    listed = found[: command.number("maxitems", DEFAULT_ITEMS)]
    rows = [
        (
            h.name,
            str(h.recipients),
            f"{h.kbytes:.1f}",
            str(h.connections),
            h.errors[0].reply[:_ERROR_WIDTH] if h.errors else "",
        )
        for h in listed
    ]
    heads = ("domain", "#rcpt", "kbytes", "conn", "last error")
    lines = table(heads, rows, left=(0, 4), least=(25, 5, 8, 4, 10))
    tree = {
        "domain": [_domain_tree(h, with_events="errors" in command.options) for h in listed],
        "totalRcp": sum(h.recipients for h in found),
    }
    return Shown("\n".join([*lines, f"{len(listed)} of {len(found)} domains shown."]), tree)


def _domain_tree(holding: Holding, *, with_events: bool) -> dict[str, object]:
    tree: dict[str, object] = {"name": holding.name, "rcp": holding.recipients, "kb": holding.kbytes}
    tree["conn"] = holding.connections
    if with_events and holding.errors:
        tree["event"] = [{"type": e.kind, "time": stamp(e.at), "text": e.text} for e in holding.errors]
    return tree


def _ordered(held: list[Holding], command: Command) -> list[Holding]:
    sort = command.choice("sort", _SORTS) or "name"
    keys = {
        "name": lambda h: (0, h.name),
        "rcpt": lambda h: (-h.recipients, h.name),
        "size": lambda h: (-h.kbytes, h.name),
    }
    return sorted(held, key=keys[sort])


def _held(queues: Iterable[Queue], name_of: Callable[[Queue], str]) -> list[Holding]:
    groups: defaultdict[str, list[Queue]] = defaultdict(list)
    for queue in queues:
        groups[name_of(queue)].append(queue)
    return [_holding(name, group) for name, group in groups.items()]


def _holding(name: str, queues: Sequence[Queue]) -> Holding:
    return Holding(
        name,
        sum(queue.recipients for queue in queues),
        sum(queue.kbytes for queue in queues),
        sum(queue.connections for queue in queues),
        len({queue.domain for queue in queues if queue.recipients}),
        tuple(sorted((e for queue in queues for e in queue.errors), key=lambda e: -e.at)[:10]),
    )


def show_jobs(mta: Mta, command: Command) -> Shown:
    """Campaigns with waiting recipients. The columns are a guess; the last line is known."""
    waiting: defaultdict[str, list[int]] = defaultdict(list)
    for queue in mta.queues.values():
        for mail in queue.all_mail():
            waiting[mail.job].append(mail.size)
    for job in mta.paused_jobs:
        waiting[job] += []
    held = [Holding(job, len(sizes), sum(sizes) / 1024, 0, 0) for job, sizes in waiting.items()]
    found = _ordered(held, command)
    listed = found[: command.number("maxitems", DEFAULT_ITEMS)]
    rows = [(h.name, str(h.recipients), f"{h.kbytes:.1f}", _yes(h.name in mta.paused_jobs)) for h in listed]
    lines = table(("job", "#rcpt", "kbytes", "paused"), rows, left=(0,), least=(25, 5, 8, 6))
    tree = {
        "job": [
            {"name": h.name, "rcp": h.recipients, "kb": h.kbytes, "paused": h.name in mta.paused_jobs} for h in listed
        ]
    }
    return Shown("\n".join([*lines, f"Total of {len(found)} job(s)."]), tree)
