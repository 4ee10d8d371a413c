"""Accounting files made for tests: generated rows, sound and hostile, as bytes."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from hypothesis import strategies as st

from bot.core.isp import IspCatalog
from bot.playbook.isps import load_isps

HEADER = (
    "type,timeLogged,timeQueued,orig,rcpt,orcpt,dsnAction,dsnStatus,dsnDiag,dsnMta,bounceCat,srcType,srcMta,dlvType,"
    "dlvSourceIp,dlvDestinationIp,dlvEsmtpAvailable,dlvSize,vmta,jobId,envId,queue,vmtaPool"
)
SHORT = "type,timeLogged,rcpt,dsnDiag,dsnMta,dlvSourceIp,vmta,jobId,queue"


def shipped_isps() -> IspCatalog:
    return load_isps(Path(__file__).parents[1] / "playbooks" / "isps.yaml")


def line(fields: Sequence[str], end: str = "\r\n") -> str:
    """One RFC 4180 line."""
    text = io.StringIO()
    csv.writer(text, lineterminator=end).writerow(fields)
    return text.getvalue()


def row(kind: str = "d", at: str = "2026-11-20 14:25:01+0000", domain: str = "gmail.com", **more: str) -> str:
    """One line under `SHORT`."""
    fields = {
        "type": kind,
        "timeLogged": at,
        "rcpt": f"ann@{domain}",
        "dsnDiag": "smtp;250 2.0.0 OK" if kind == "d" else "smtp;421 4.7.0 [TSS04] from 192.0.2.7 deferred, later",
        "dsnMta": "",
        "dlvSourceIp": "192.0.2.10",
        "vmta": "vmta1",
        "jobId": "campaign-1",
        "queue": f"{domain}/vmta1",
    } | more
    return line([fields[name] for name in SHORT.split(",")])


_DIAGS = [
    "",
    "smtp;421 4.7.0 [192.0.2.10      15] Our system has detected an unusual rate, see a1-20020a056a00.12 - gsmtp",
    'smtp;550 5.1.1 <nobody@corp.example>: user "nobody" unknown',
    "smtp;451 4.7.650 The mail server [192.0.2.1] has been temporarily rate limited (S3150), 61 minutes",
    "x-pmta;deleted by administrator",
    "smtp;421-4.7.0 first\r\n421-4.7.0 second\r\n421 4.7.0 third, ünïcode",
    "smtp;550 fe80::1 at 2026-11-20 14:25:01 id 4F2A71B2C3 mx9.example.net",
]
_TIMES = [
    "2026-11-20 14:25:01+0000",
    "2026-11-20 23:59:59-0330",
    "1795184701",
    "yesterday",
    "",
    "2026-11-20T14:25:30Z",
    "11/20/2026 14:25:01",
]
fields = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["d", "d", "t", "b", "tq", "r", "rb", "f", "?", ""]),
        "timeLogged": st.sampled_from(_TIMES),
        "rcpt": st.sampled_from(
            ["a@gmail.com", "A@Gmail.com", "b@Corp.Example", "", "odd", '"x@y"@aol.com', "İς@hotmail.co.uk"]
        ),
        "dsnDiag": st.sampled_from(_DIAGS) | st.text(max_size=20),
        "dsnMta": st.sampled_from(
            ["", "mta5.am0.yahoodns.net (198.51.100.4)", "MX.corp.example (x)", "aspmx.l.google.com."]
        ),
        "dlvSourceIp": st.sampled_from(["192.0.2.10", "192.0.2.11", ""]),
        "vmta": st.sampled_from(["vmta1", "vmta2", ""]),
        "jobId": st.sampled_from(["", "campaign,1", "c2"]),
        "bounceCat": st.sampled_from(["", "bad-mailbox", "policy-related", "x" * 60]),
        "queue": st.sampled_from(
            ["gmail.com/vmta1", "yahoo.rollup/vmta2", "own.rollup/v", "", "corp.example/{default}", "cox.net/v"]
        ),
    }
)
headers = st.permutations(SHORT.split(",")[1:]).map(lambda names: ["type", *names])


@st.composite
def sound_files(draw: st.DrawFn) -> bytes:
    """Header and rows as PMTA writes them: any column order, some columns missing or doubled, any line end."""
    names = draw(headers)
    names = names[: draw(st.integers(2, len(names)))] + draw(st.sampled_from([[], [names[-1]], ["header_Subject"]]))
    end = draw(st.sampled_from(["\r\n", "\n"]))
    rows = draw(st.lists(fields, max_size=12))
    lines = [line([each.get(name, "Hello, you") for name in names], end) for each in rows]
    again = draw(st.integers(0, len(lines)))
    if draw(st.booleans()):
        lines.insert(again, line(names, end))
    return "".join([line(names, end), *lines]).encode("utf-8", "replace")


_BROKEN = [
    b'"',
    b'""',
    b",",
    b"\n",
    b"\r",
    b"\r\n",
    b"\0",
    b"\xff",
    b"\x02",
    b"type,",
    b'"a"b',
    b"\xef\xbb\xbf",
    b"\n\n",
    b"x" * 300,
    b"{",
    b'\n{"type":"t","timeLogged":"1795184701","vmta":"v1"}\n',
    b'\n{"type":"x"}\n{"type":"t","timeLogged":"11/20/2026 14:25:01","dsnDiag":"\\ud800, \\u0000"}\n',
]


@st.composite
def hostile_files(draw: st.DrawFn) -> bytes:
    """A sound file with pieces put in, cut out or overwritten."""
    data = draw(sound_files())
    for _ in range(draw(st.integers(0, 5))):
        at = draw(st.integers(0, len(data)))
        cut = draw(st.integers(0, 3))
        data = data[:at] + draw(st.sampled_from(_BROKEN) | st.binary(max_size=4)) + data[at + cut :]
    return data
