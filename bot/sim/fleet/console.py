"""The simulated `pmta` command as a whole: a line in, what it prints and its exit status out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from bot.sim.fleet import operate, show_host, show_queues
from bot.sim.fleet.command import FORMS, Command, CommandFault, parse_command
from bot.sim.fleet.config import ConfigFault
from bot.sim.fleet.guesses import EXIT_FAILURE
from bot.sim.fleet.mta import Mta
from bot.sim.fleet.render import Shown, render

_COMMANDS: Final[dict[str, Callable[[Mta, Command], Shown]]] = {
    "show status": show_host.show_status,
    "show version": show_host.show_version,
    "show settings": show_host.show_settings,
    "show vmta-settings": show_host.show_vmta_settings,
    "show disabled sources": show_host.show_disabled_sources,
    "show queues": show_queues.show_queues,
    "show topqueues": show_queues.show_queues,
    "show domains": show_queues.show_domains,
    "show topdomains": show_queues.show_domains,
    "show vmtas": show_queues.show_vmtas,
    "show jobs": show_queues.show_jobs,
    "pause queue": operate.pause_queue,
    "resume queue": operate.resume_queue,
    "pause job": operate.pause_job,
    "resume job": operate.resume_job,
    "set queue": operate.set_queue,
    "disable source": operate.disable_source,
    "enable source": operate.enable_source,
    "schedule": operate.schedule,
    "reload": operate.reload,
    "test config": operate.test_config,
    "rotate acct": operate.rotate_acct,
    "rotate log": operate.rotate_log,
    "reset counters": operate.reset_counters,
    "reset status": operate.reset_counters,
    "delete": operate.delete,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What one `pmta` command printed, and its exit status."""

    stdout: str
    stderr: str
    status: int


def run_command(mta: Mta, argv: Sequence[str]) -> Answer:
    """Run `pmta` with these words (the word `pmta` itself left out) on one host. Never raises."""
    if "--help" in argv:
        return Answer("\n".join(form.name for form in FORMS) + "\n", "", 0)
    try:
        command = parse_command(argv)
        return Answer(render(_COMMANDS[command.name](mta, command), command.format), "", 0)
    except (CommandFault, ConfigFault) as fault:
        return Answer("", f"{fault}\n", EXIT_FAILURE)
