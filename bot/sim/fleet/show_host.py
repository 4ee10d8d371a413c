"""`pmta show status|version|settings|vmta-settings|disabled sources`: the host itself and how it is set."""

from __future__ import annotations

from typing import Final

from bot.sim.fleet.accounting import stamp
from bot.sim.fleet.command import Command, CommandFault
from bot.sim.fleet.counters import Minute
from bot.sim.fleet.directives import seconds
from bot.sim.fleet.guesses import GUESSES
from bot.sim.fleet.mta import Mta
from bot.sim.fleet.render import Shown

VERSION: Final = "5.0"
REVISION: Final = "v5_0r5@200713.f592d6f"
_BUILT: Final = "2019-08-31 16:07:03"


def _product(mta: Mta) -> dict[str, object]:
    return {
        "product": {
            "name": "PowerMTA",
            "version": VERSION,
            "buildDate": _BUILT,
            "revision": REVISION,
            "bits": 64,
        },
        "os": {"name": "Linux", "build": "Simulated Linux release 1.0 (Core) "},
        "fullHostName": mta.full_name,
    }


def show_version(mta: Mta, _command: Command) -> Shown:
    return Shown(f"PowerMTA v5.0r5, revision {REVISION}, built {_BUILT}, 64 bits", {"mta": _product(mta)})


def show_status(mta: Mta, _command: Command) -> Shown:
    status = {
        "timeNow": stamp(mta.at),
        "startupTime": stamp(mta.started_at),
        "shuttingDown": 0,
        "traffic": _traffic(mta),
        "conn": {
            "smtpIn": {"cur": 2, "max": mta.settings.number("total-max-smtp-in")},
            "smtpOut": {
                "cur": sum(queue.connections for queue in mta.queues.values()),
                "max": mta.settings.number("total-max-smtp-out"),
            },
        },
        "queue": {
            "smtp": {
                "rcp": sum(queue.recipients for queue in mta.queues.values()),
                "dom": len({queue.domain for queue in mta.queues.values()}),
                "kb": sum(queue.kbytes for queue in mta.queues.values()),
            }
        },
    }
    return Shown(_status_text(mta), {"mta": _product(mta), "status": status})


def _traffic(mta: Mta) -> dict[str, dict[str, dict[str, object]]]:
    spans = {
        "total": mta.counters.total,
        "lastHr": mta.counters.last(60, mta.at),
        "lastMin": mta.counters.last(1, mta.at - 60),
    }
    return {name: _both_ways(minute) for name, minute in spans.items()}


def _both_ways(minute: Minute) -> dict[str, dict[str, object]]:
    return {
        "out": {"rcp": minute.sent, "msg": minute.sent, "kb": minute.sent_bytes / 1024},
        "in": {"rcp": minute.taken, "msg": minute.taken, "kb": minute.taken_bytes / 1024},
    }


def _status_text(mta: Mta) -> str:
    """The text form; its exact layout is a guess."""
    lines = [
        f"PowerMTA v5.0r5 status on {mta.full_name} on {stamp(mta.at)}",
        "",
        "Traffic      inbound rcpt  inbound KB  outbound rcpt  outbound KB",
        "------------ ------------ ----------- -------------- ------------",
    ]
    titles = {"total": "Total", "lastHr": "Last Hour", "lastMin": "Last Min."}
    for name, both in _traffic(mta).items():
        inward, out = both["in"], both["out"]
        lines.append(
            f"{titles[name]:<12} {inward['rcp']:>12} {inward['kb']:>11.1f} {out['rcp']:>14} {out['kb']:>12.1f}"
        )
    connections = sum(queue.connections for queue in mta.queues.values())
    lines += ["", f"Connections outbound: {connections} of {mta.settings.number('total-max-smtp-out')}"]
    return "\n".join(lines)


def show_settings(mta: Mta, command: Command) -> Shown:
    domain, vmta = command.queue()
    vmta_block, queue_block = mta.settings.shown(domain, "{default}" if vmta == "*" else vmta)
    # The real command prints this one in plain seconds whatever the file says.
    queue_block["retry-recipients-after"] = str(seconds(queue_block["retry-recipients-after"]))
    lines = [*_block("Virtual MTA Settings", vmta_block), "", *_block("Queue Settings", queue_block)]
    return Shown("\n".join(lines), {"vmtaSettings": vmta_block, "queueSettings": queue_block})


def _block(title: str, values: dict[str, str]) -> list[str]:
    return [title, "-" * len(title), *(f"{word} {value or chr(34) * 2}" for word, value in values.items())]


def show_vmta_settings(mta: Mta, command: Command) -> Shown:
    name = command.arguments[0]
    if name not in mta.settings.vmtas:
        raise CommandFault("no such vmta", name=name)
    values, _ = mta.settings.shown("*", name)
    sources = list(mta.sources(name))
    lines = _block("Virtual MTA Settings", values) + [f"smtp-source-host {ip}" for ip in sources]
    return Shown("\n".join(lines), {"vmtaSettings": {**values, "source": sources}})


def show_disabled_sources(mta: Mta, command: Command) -> Shown:
    """Source IP, queue and end on one line each. The whole form is a guess."""
    lines: list[str] = []
    items: list[dict[str, object]] = []
    for queue in mta.matching(*command.queue()):
        for ip, until in sorted(queue.disabled.items()):
            form = GUESSES["disabled source, until" if until is not None else "disabled source, for good"]
            lines.append(form.format(ip=ip, queue=queue.name, until=stamp(until or 0)))
            items.append({"ip": ip, "queue": queue.name, "until": stamp(until) if until is not None else "never"})
    return Shown("\n".join(lines) or GUESSES["disabled sources, none"], {"source": items} if items else {})
