from __future__ import annotations

import pytest

from bot.core import distinct
from bot.core.accounting import Header, RowReader
from bot.core.counts import Counts
from bot.core.model import Cell, IspCell, JobCell, RollUp, Tally
from bot.core.record_time import TimeStyle
from bot.core.rollup import Seen, add_up, roll_up, seen
from bot.core.templates import OTHER_TEMPLATE
from tests.accounting_rows import SHORT, row, shipped_isps

ISPS = shipped_isps()
MINUTE = 1795184700
HOSTED = {"domain": "corp.example", "dsnMta": "aspmx.l.google.com (192.0.2.1)"}


def counted(*rows: str, templates: int = 2_000, style: TimeStyle | None = None) -> RollUp:
    reader = RowReader("".join(rows).encode(), Header.parse(SHORT), style=style or TimeStyle())
    return roll_up(reader, host="mta1", isps=ISPS, templates=templates)


def test_of_pmtas_own_categories_the_first_one_of_a_reply_is_kept() -> None:
    head = b"type,timeLogged,rcpt,dsnDiag,bounceCat\n"
    at = b"2026-11-20 14:25:01+0000"
    rows = (
        b"t,%b,a@gmail.com,smtp;550 5.1.1 gone," % at,
        b"b,%b,a@gmail.com,smtp;550 5.1.1 gone,bad-mailbox" % at,
        b"b,%b,b@gmail.com,smtp;550 5.1.1 gone,policy-related" % at,
        b"b,%b,b@gmail.com,smtp;550 5.7.1 listed,<%b" % (at, b"x" * 99),
    )
    found = roll_up(RowReader(head + b"\n".join(rows), None, final=True), host="mta1", isps=ISPS).filed
    assert found == {("gmail", "550 5.1.1 gone"): "bad-mailbox", ("gmail", "550 5.7.1 listed"): "<" + 39 * "x"}


def test_mail_to_hosted_domains_is_told_apart() -> None:
    total = counted(row("d", **HOSTED), row("t", **HOSTED), row("d"), row("d", domain="corp.example"))
    assert total.hosted == {IspCell(MINUTE, "gmail"): Tally(1, 1)}


@pytest.mark.parametrize(
    ("queue", "mx", "domain", "hosted"),
    [
        ("corp.example", "aspmx.l.google.com", "corp.example", True),
        ("corp.example", "aspmx.l.google.com", "", True),  # tq: the queue names the domain
        ("gmail.com", "gmail-smtp-in.l.google.com", "gmail.com", False),
        ("cox.net", "mx-aol.mail.gm0.yahoodns.net", "cox.net", False),  # a provider of its own that moved
        ("google.rollup", "aspmx.l.google.com", "corp.example", False),  # the operator says what it is
        ("own.rollup", "aspmx.l.google.com", "corp.example", False),
        ("corp.example", "mx.corp.example", "corp.example", False),
        ("", "aspmx.l.google.com", "", False),  # nothing tells the domain
    ],
)
def test_hosted_is_what_only_the_mx_told(queue: str, mx: str, domain: str, hosted: bool) -> None:
    assert ISPS.told((queue, mx, domain)).hosted is hosted


def test_recipients_of_deferred_mail_are_sketched_once_each() -> None:
    again = [row("t", rcpt="Ann@Gmail.com"), row("t", rcpt="ann@gmail.com"), row("t", rcpt="bob@gmail.com")]
    others = [row("d", rcpt="eve@gmail.com"), row("b", rcpt="eve@gmail.com"), row("t", rcpt="")]
    later = row("t", at="2026-11-20 14:30:00+0000", rcpt="ann@gmail.com")
    total = counted(*again, *others, later)
    assert total.deferred_to == {
        IspCell(1795184400, "gmail"): distinct.merged(map(distinct.hashed, ("ann@gmail.com", "bob@gmail.com"))),
        IspCell(1795185000, "gmail"): (distinct.hashed("ann@gmail.com"),),
    }


def test_templates_beyond_the_bound_count_as_one() -> None:
    replies = [f"smtp;421 4.7.0 {'x' * n}" for n in range(1, 6)]
    total = counted(*(row("t", dsnDiag=reply) for reply in [*replies, replies[0], replies[4]]), templates=2)
    assert {cell.reply: tally.deferred for cell, tally in total.cells.items()} == {
        "421 4.7.0 x": 2,
        "421 4.7.0 xx": 1,
        OTHER_TEMPLATE: 4,
    }
    assert total.samples["gmail", OTHER_TEMPLATE] == "421 4.7.0 xxx"
    assert counted(row("t", domain="aol.com"), row("t"), templates=1).samples.keys() == {
        ("yahoo", "421 4.7.0 [TSS04] from * deferred, later"),
        ("gmail", "421 4.7.0 [TSS04] from * deferred, later"),
    }


def test_a_clock_that_is_ahead_is_put_back() -> None:
    times = ["2026-11-20 14:25:01+0000", "1795184701", "11/20/2026 14:25:01"]
    total = counted(*(row("d", at=at) for at in times), style=TimeStyle(skew_s=120))
    assert {cell.minute for cell in total.cells} == {MINUTE - 120}


def test_what_a_roll_up_shows_of_a_host() -> None:
    assert seen(RollUp()) == Seen(0, 0, None, None, source_ip=False, vmta=False)
    total = counted(row("d"), row("d", at="2026-11-20 14:27:00+0000"), row("t", at="2026-11-20 14:20:00+0000", vmta=""))
    assert seen(total) == Seen(2, 1, MINUTE, MINUTE - 300, source_ip=True, vmta=True)
    assert seen(counted(row("t", dlvSourceIp="", vmta=""))) == Seen(0, 1, None, MINUTE, source_ip=False, vmta=False)


def test_parts_of_one_key_add_up() -> None:
    part = counted(row("d"), row("t"), row("t", **HOSTED))
    total = add_up([part, part, RollUp(jobs={JobCell(MINUTE, "gmail", "mta1", "campaign-1"): Tally(5)})])
    assert total.cells == {cell: tally + tally for cell, tally in part.cells.items()}
    assert total.jobs == {JobCell(MINUTE, "gmail", "mta1", "campaign-1"): Tally(7, 4)}
    assert total.hosted == {IspCell(MINUTE, "gmail"): Tally(0, 2)}
    assert total.deferred_to == part.deferred_to
    assert add_up([]).cells == {}


def test_counts_are_a_mapping_of_their_rows() -> None:
    cells = Counts(IspCell, [[60, 60, 0], ["a", "b", "a"]], [[1, 2, 3], [0, 0, 0], [0, 0, 0], [0, 0, 4]])
    assert dict(cells) == {IspCell(60, "a"): Tally(1), IspCell(60, "b"): Tally(2), IspCell(0, "a"): Tally(3, 0, 0, 4)}
    assert cells == Counts.of(IspCell, dict(cells))
    assert Counts.joined(IspCell, [cells, cells])[IspCell(60, "a")] == Tally(2)
    assert (len(Counts.of(Cell, {})), Counts.of(Cell, {}).fields) == (0, [()] * 6)
