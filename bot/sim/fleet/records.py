"""Turns one delivery attempt into one accounting row, in the default column order."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from bot.sim.fleet.accounting import quoted, stamp
from bot.sim.fleet.providers import Verdict
from bot.sim.fleet.queues import Mail, Queue

_ESMTP: Final = {
    "gmail": '"SIZE,8BITMIME,STARTTLS,ENHANCEDSTATUSCODES,PIPELINING,CHUNKING,SMTPUTF8"',
    "microsoft": '"SIZE,PIPELINING,DSN,ENHANCEDSTATUSCODES,STARTTLS,8BITMIME,BINARYMIME,CHUNKING,SMTPUTF8"',
    "yahoo": '"PIPELINING,SIZE,8BITMIME,STARTTLS"',
    "apple": '"PIPELINING,SIZE,ETRN,STARTTLS,ENHANCEDSTATUSCODES,8BITMIME,DSN,SMTPUTF8"',
    "comcast": '"8BITMIME,SIZE,STARTTLS"',
}
_SOURCE_MTA: Final = "app1.sender.example (10.0.0.5)"
_ACTIONS: Final = {"d": "relayed", "t": "delayed", "b": "failed"}


@lru_cache(maxsize=8192)
def _local(at: int) -> str:
    return stamp(at) + "+0000"


def _envelope(at: int, mail: Mail) -> str:
    return f"{_local(at)},{_local(mail.queued_at)},{mail.orig},{mail.local}@{mail.box.domain},"


def recipient_row(at: int, mail: Mail, queue: Queue, verdict: Verdict, ip: str, pool: str) -> str:
    """A `d`, `t` or `b` record."""
    box = mail.box
    action, status, diag = _ACTIONS[verdict.record], quoted(verdict.status), quoted(verdict.diag)
    return (
        f"{verdict.record},{_envelope(at, mail)},{action},{status},{diag},{box.mx} ({box.address}),{verdict.category},"
        f"smtp,{_SOURCE_MTA},smtp,{ip},{box.address},{_ESMTP[box.isp]},{mail.size},{queue.vmta},{mail.job},,"
        f"{queue.name},{pool}"
    )


def queue_row(at: int, mail: Mail, queue: Queue, verdict: Verdict, ip: str) -> str:
    """A `tq` record: about the whole queue, so it names no recipient."""
    box = mail.box
    return (
        f"tq,{_local(at)},,,,,,{quoted(verdict.status)},{quoted(verdict.diag)},{box.mx} ({box.address}),,,,smtp,{ip},"
        f"{box.address},,,{queue.vmta},,,{queue.name},"
    )


def expired_row(at: int, mail: Mail, queue: Queue, diag: str, pool: str) -> str:
    """A `b` record that PMTA makes itself: the mail waited too long, nobody was connected to."""
    return (
        f"b,{_envelope(at, mail)},failed,4.4.7 (delivery time expired),{quoted(diag)},,message-expired,smtp,"
        f"{_SOURCE_MTA},,,,,{mail.size},{queue.vmta},{mail.job},,{queue.name},{pool}"
    )
