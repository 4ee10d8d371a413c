"""Every command the bot sends, as argv. Where `argv[0]` is "pmta" the host's own path is put in when it runs.

Pure. A name that could be read as an option or a second word never becomes an argument: the builders raise
ValueError (plans check before and refuse in words). Source: PowerMTA 5.0 User's Guide, "pmta" command.
"""

from __future__ import annotations

from datetime import timedelta

from bot.core.durations import pmta_duration
from bot.playbook.names import safe_ip, safe_queue

Argv = tuple[str, ...]

# Without it PMTA prints 20 queues and says nothing of the rest.
_ALL = "--maxitems=100000"


def as_table(argv: Argv) -> Argv:
    """The same command for a version without `--dom`: it answers with a text table."""
    return tuple(word for word in argv if word != "--dom")


def show_queues(queue: str = "") -> Argv:
    """Queues as DOM lines; all of them, or those matching one `domain/vmta`.

    Without `--errors`: nothing here reads them, and they make the answer of a big host several times as long.
    """
    argv = ("pmta", "--dom", "show", "queues", _ALL, "--no-rcpt-events")
    return (*argv, _queue(queue)) if queue else argv


def show_vmtas() -> Argv:
    """VMTAs that hold mail now (idle ones are not listed)."""
    return ("pmta", "--dom", "show", "vmtas", _ALL)


def show_status() -> Argv:
    return ("pmta", "--dom", "show", "status")


def local_time() -> Argv:
    """The host's wall time without PMTA, in the form of `status.timeNow`; a PMTA that is down tells nothing."""
    return ("date", "+%Y-%m-%d %H:%M:%S")


def show_disabled_sources(queue: str = "") -> Argv:
    """Disabled source IPs as text; the form is documented nowhere."""
    argv = ("pmta", "show", "disabled", "sources")
    return (*argv, _queue(queue)) if queue else argv


def pause_queue(queue: str) -> Argv:
    return ("pmta", "pause", "queue", _queue(queue))


def resume_queue(queue: str) -> Argv:
    return ("pmta", "resume", "queue", _queue(queue))


def disable_source(ip: str, queue: str, reenable_after: timedelta) -> Argv:
    """Stop using one source IP in one queue; PMTA itself takes it back after `reenable_after`."""
    return ("pmta", "disable", "source", f"--reenable-after={pmta_duration(reenable_after)}", _ip(ip), _queue(queue))


def enable_source(ip: str, queue: str) -> Argv:
    return ("pmta", "enable", "source", _ip(ip), _queue(queue))


def backoff_mode(queue: str) -> Argv:
    return ("pmta", "set", "queue", "--mode=backoff", _queue(queue))


def normal_mode(queue: str) -> Argv:
    return ("pmta", "set", "queue", "--mode=normal", _queue(queue))


def _queue(text: str) -> str:
    if not safe_queue(text):
        raise ValueError(f"queue of the form domain/vmta expected, found {text!r}")
    return text


def _ip(text: str) -> str:
    if not safe_ip(text):
        raise ValueError(f"IP address expected, found {text!r}")
    return text
