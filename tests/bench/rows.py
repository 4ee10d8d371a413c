"""A made accounting file for measuring: default columns, one hour, Zipf over 20 ISPs, 50 IPs, 30 kinds of reply."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.accounting_rows import HEADER

_AT = "[at]"
START = datetime(2026, 11, 20, 14, tzinfo=UTC)
_EXTENSIONS = '"SIZE,8BITMIME,STARTTLS,ENHANCEDSTATUSCODES,PIPELINING,CHUNKING,SMTPUTF8"'
_BIG = (
    ("gmail.com", "gmail-smtp-in.l.google.com"), ("outlook.com", "outlook-com.olc.protection.outlook.com"),
    ("yahoo.com", "mta5.am0.yahoodns.net"), ("icloud.com", "mx01.mail.icloud.com"),
    ("comcast.net", "mx1a1.comcast.net"),
    ("orange.fr", "smtp-in.orange.fr"), ("gmx.de", "mx00.gmx.net"), ("web.de", "mx-ha.web.de"),
    ("mail.ru", "mxs.mail.ru"), ("laposte.net", "smtpz4.laposte.net"), ("free.fr", "mx1.free.fr"),
    ("libero.it", "smtp-in.libero.it"), ("wp.pl", "mx.wp.pl"), ("qq.com", "mx3.qq.com"),
    ("att.net", "mx-att.mail.am0.yahoodns.net"),
)  # fmt: skip
_HOSTED = (
    "aspmx.l.google.com",
    "{}.mail.protection.outlook.com",
    "mx.{}",
    "mx0a.pphosted.com",
    "mta7.am0.yahoodns.net",
)
_REPLIES = (
    "421-4.7.0 [{ip}      15] Our system has detected an unusual rate of unsolicited mail. {id} - gsmtp",
    "421 4.7.0 [TSS04] Messages from {ip} temporarily deferred due to unexpected volume or user complaints - {ip}",
    "451 4.7.650 The mail server [{ip}] has been rate limited due to IP reputation. (S775) [{host} {time} {hex}]",
    "421 RP-001 ({host}) Unfortunately, some messages from {ip} weren't sent. Please try again, id {hex}.",
    '452 4.2.2 <{user}@{domain}>: mailbox of ""{user}"" is full',
    "450 4.2.0 <{user}@{domain}>: Recipient address rejected: Greylisted, see http://help.example/{domain}",
)


BASE = 250_000
"""Different rows; they come again after these, with later times."""


def write_file(path: Path, rows: int, seed: int = 1) -> None:
    """Write `rows` rows (80 % delivered, 16 % deferred, 4 % bounced) with a header, spread over one hour; about 418
    bytes each."""
    base = list(_rows(min(rows, BASE), random.Random(seed)))
    with path.open("w", newline="") as file:
        file.write(HEADER + "\r\n")
        for second in range(3600):
            at = f"{START + timedelta(seconds=second):%Y-%m-%d %H:%M:%S}+0000"
            numbers = range(rows * second // 3600, rows * (second + 1) // 3600)
            file.write("".join(base[number % len(base)] for number in numbers).replace(_AT, at))


def _rows(count: int, chance: random.Random) -> Iterator[str]:
    domains = [*_BIG, *((f"c{n}.example", _HOSTED[n % 5].format(f"c{n}.example")) for n in range(5000))]
    weights = [1000 / (n + 1) for n in range(len(_BIG))] + [0.15] * 5000
    picked = chance.choices(domains, weights, k=count)
    for domain, mx in picked:
        kind = chance.choices("dtb", (80, 16, 4))[0]
        ip = chance.randrange(50)
        local, diag, host = chance.randrange(10**6), _diag(kind, domain, chance), chance.randrange(250)
        yield (
            f"{kind},{_AT},{_AT},news@sender.example,u{local}@{domain},,relayed,2.0.0 (success),"
            f'"{diag}",{mx} (198.51.100.{host}),,smtp,app1.sender.example (10.0.0.5),'
            f"smtp,192.0.2.{ip},198.51.100.7,{_EXTENSIONS},48211,vmta-{ip},"
            f"campaign-{chance.randrange(40)},,{domain}/vmta-{ip},\r\n"
        )


def _diag(kind: str, domain: str, chance: random.Random) -> str:
    if kind == "d":
        return f"smtp;250 2.0.0 OK  {chance.randrange(10**10)} a1-{chance.getrandbits(64):x} - gsmtp"
    n = chance.randrange(len(_REPLIES))
    text = _REPLIES[n].format(
        ip=f"192.0.2.{chance.randrange(50)}",
        id=f"x{n}-20020a{chance.getrandbits(48):x}.{chance.randrange(90)}",
        host=f"BL{chance.randrange(9)}NAM0{chance.randrange(9)}FT005.mail.example",
        time=f"2026-11-20T14:{chance.randrange(60):02d}:01.123Z",
        hex=f"{chance.getrandbits(64):016X}",
        user=f"u{chance.randrange(10**6)}",
        domain=domain,
    )
    return f"smtp;{text} (variant {'abcde'[chance.randrange(5)]})"
