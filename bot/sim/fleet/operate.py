"""The `pmta` commands that change something: pause, resume, disable, enable, mode, schedule, reload, rotate."""

from __future__ import annotations

import ipaddress

from bot.sim.fleet.command import Command, CommandFault
from bot.sim.fleet.config import parse_config
from bot.sim.fleet.guesses import GUESSES, PAUSE_HOLDS_LATER_QUEUES
from bot.sim.fleet.mta import Mta
from bot.sim.fleet.queues import Queue
from bot.sim.fleet.render import Shown
from bot.sim.fleet.settings import Settings


def _chosen(mta: Mta, command: Command, index: int = 0) -> list[Queue]:
    """The queues named; one named in full is made where it is not there, a wildcard finds only those that are."""
    domain, vmta = command.queue(index)
    if "*" in domain or "*" in vmta:
        return mta.matching(domain, vmta)
    if vmta not in {*mta.settings.vmtas, "{default}"}:
        raise CommandFault("no such vmta", name=vmta)
    return [mta.queue(domain, vmta)]


def pause_queue(mta: Mta, command: Command) -> Shown:
    for queue in _chosen(mta, command):
        queue.paused = True
        queue.connections = 0
    if PAUSE_HOLDS_LATER_QUEUES:
        mta.paused_patterns.add(command.queue())
    return Shown("Queue(s) paused.")


def resume_queue(mta: Mta, command: Command) -> Shown:
    for queue in mta.matching(*command.queue()):
        queue.paused = False
    mta.paused_patterns.discard(command.queue())
    return Shown("Queue(s) resumed.")


def pause_job(mta: Mta, command: Command) -> Shown:
    mta.paused_jobs.add(command.arguments[0])
    return Shown("paused job.")


def resume_job(mta: Mta, command: Command) -> Shown:
    job = command.arguments[0]
    if job not in mta.paused_jobs:
        raise CommandFault("no such job", job=job)
    mta.paused_jobs.remove(job)
    for queue in mta.queues.values():
        queue.release(job)
    return Shown("resumed job.")


def set_queue(mta: Mta, command: Command) -> Shown:
    mode = command.choice("mode", ("normal", "backoff"))
    if not mode:
        raise CommandFault("usage", usage="set queue --mode={normal|backoff} domain[/vmta]")
    for queue in _chosen(mta, command):
        mta.set_mode(queue, mode, "set by operator")
    return Shown(GUESSES["set queue"].format(mode=mode))


def _source(command: Command) -> str:
    try:
        return str(ipaddress.ip_address(command.arguments[0]))
    except ValueError:
        raise CommandFault("no such source", ip=command.arguments[0], queue=command.arguments[1]) from None


def _serving(mta: Mta, command: Command, ip: str) -> list[Queue]:
    queues = [queue for queue in _chosen(mta, command, 1) if ip in mta.sources(queue.vmta)]
    if not queues:
        raise CommandFault("no such source", ip=ip, queue=command.arguments[1])
    return queues


def disable_source(mta: Mta, command: Command) -> Shown:
    ip = _source(command)
    interval = command.options.get("reenable-after")
    queues = _serving(mta, command, ip)
    for queue in queues:
        try:
            until = mta.until(interval) if interval is not None else mta.default_reenable(queue)
        except ValueError:
            raise CommandFault("bad option", option="--reenable-after", value=interval) from None
        mta.disable(queue, ip, until)
    return Shown(GUESSES["disable source"].format(ip=ip, n=len(queues)))


def enable_source(mta: Mta, command: Command) -> Shown:
    ip = _source(command)
    queues = _serving(mta, command, ip)
    for queue in queues:
        queue.disabled.pop(ip, None)
    return Shown(GUESSES["enable source"].format(ip=ip, n=len(queues)))


def schedule(mta: Mta, command: Command) -> Shown:
    matching = mta.matching(*command.queue())
    free_recipients = "retry-recipients" in command.options
    scheduled = 0
    for queue in matching:
        waits = queue.retry_at > mta.at or (free_recipients and bool(queue.waiting))
        scheduled += waits
        queue.retry_at = 0
        if free_recipients:
            queue.wake_all()
    return Shown(f"{scheduled} of {len(matching)} matching queues scheduled.")


def reload(mta: Mta, _command: Command) -> Shown:
    mta.reload()
    return Shown("Configuration reloaded.")


def test_config(mta: Mta, _command: Command) -> Shown:
    Settings(parse_config(mta.config_path))
    return Shown(GUESSES["test config"])


def rotate_acct(mta: Mta, _command: Command) -> Shown:
    mta.ledger.rotate(mta.at)
    return Shown("Accounting file rotated.")


def rotate_log(_mta: Mta, _command: Command) -> Shown:
    return Shown("Logging file rotated.")


def reset_counters(mta: Mta, _command: Command) -> Shown:
    mta.counters.reset()
    return Shown("Traffic counters reset.")


def delete(_mta: Mta, command: Command) -> Shown:
    has_selector = command.options.get("queue") or command.options.get("jobId")
    raise CommandFault("delete not simulated" if has_selector else "delete refused")
