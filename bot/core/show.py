"""Read what `pmta show …` prints: queues, VMTAs, status, disabled sources. Pure; raises ParseError and nothing else.

DOM is what the bot asks for. The text tables are read as well, for people's captures and hosts without `--dom`;
they tell less: `st` letters are documented nowhere, times have no date, errors are cut with "...".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.core.dom import DomAnswer, Item, fault
from bot.core.model import QueueState, VmtaState
from bot.errors import ParseError

_TITLE_CAP = re.compile(r"Top ([0-9]{1,9}) ")
_QUEUE_ROW = re.compile(r"(?P<name>\S+) +(?P<rcpt>[0-9]{1,15}) +(?P<kb>[0-9.]+) +(?P<conn>[0-9]{1,9})(?P<rest>.*)")
_QUEUE_REST = re.compile(r" (?P<st>[A-Za-z ]{2}) (?P<retry>[0-9: ]{8})(?: +(?P<error>.*))?")
_VMTA_ROW = re.compile(r"(?P<name>\S+) +[0-9]+ +(?P<rcpt>[0-9]{1,15}) +[0-9.]+ +[0-9.]+ +(?P<conn>[0-9]{1,9}) *")
_DASHES = re.compile(r"-+(?: +-+)+")


@dataclass(frozen=True, slots=True)
class Status:
    """`show status`, the part the bot uses. `time_now` is host-local wall time without offset; "" = not told."""

    version: str
    revision: str
    host_name: str
    time_now: str
    started: str


def parse_queues_dom(text: str, host: str) -> tuple[tuple[QueueState, ...], bool]:
    """The queues of `pmta --dom show queues --errors`, and whether the list is known to be complete.

    Complete: fewer than the cap in the title ("Top 100 queues …"), or as many as `totalQueuesWithRcp` says.
    What PMTA prints where nothing matches is documented nowhere, so silence is no queue and not known to be all.
    """
    if not text.strip():
        return (), False
    answer = DomAnswer(text, f"{host}: pmta show queues")
    queues = tuple(_queue(item, host) for item in answer.items("queue"))
    cap = _TITLE_CAP.match(answer.first("title"))
    total = answer.number("totalQueuesWithRcp")
    return queues, bool(cap and len(queues) < int(cap[1])) or (total is not None and len(queues) >= total)


def parse_queues_text(text: str, host: str) -> tuple[tuple[QueueState, ...], bool]:
    """The same from the text table. Which letter in `st` means what is a guess: P paused, B backoff."""
    what = f"{host}: pmta show queues"
    rows, total = _table(text, what, "queue", _QUEUE_ROW, "matching queues")
    return tuple(_queue_of_row(row, host, what, number) for number, row in rows), len(rows) == total


def parse_vmtas_dom(text: str, host: str) -> tuple[VmtaState, ...]:
    """The VMTAs of `pmta --dom show vmtas`: those that hold mail now, none where nothing was printed."""
    if not text.strip():
        return ()
    answer = DomAnswer(text, f"{host}: pmta show vmtas")
    return tuple(
        VmtaState(host, item.text("name"), item.number("rcp"), item.number("conn")) for item in answer.items("vmta")
    )


def parse_vmtas_text(text: str, host: str) -> tuple[VmtaState, ...]:
    """The same from the text table."""
    rows, _ = _table(text, f"{host}: pmta show vmtas", "name", _VMTA_ROW, "virtual MTAs")
    return tuple(VmtaState(host, row["name"], int(row["rcpt"]), int(row["conn"])) for _, row in rows)


def parse_status_dom(text: str) -> Status:
    """`pmta --dom show status`."""
    answer = DomAnswer(text, "pmta show status")
    return _status({path: value.text for path, value in answer.values.items()})


def parse_status_json(text: str) -> Status:
    """`pmta --json show status`; builds differ in where they put it (`data.status` or `data.mta.status`)."""
    what = "pmta show status"
    try:
        data = json.loads(text)["data"]
        values = dict(_flat(data, ""))
    except (ValueError, KeyError, TypeError, RecursionError) as e:
        raise fault(what, 1, 'JSON of the form {"data": {…}, "status": …}', text) from e
    return _status(values)


def mentions_source(text: str, ip: str, queue: str) -> bool:
    """True where one line of `text` names both `ip` and `queue` as whole words.

    The form of `show disabled sources` is documented nowhere, so nothing more is read from it: False proves nothing.
    """
    if not ip or not queue:
        return False
    # An address or a name must not be found inside a longer one: 192.0.2.1 in 192.0.2.10, gmail.com/a in gmail.com/ab.
    address = re.compile(rf"(?<![\w:-])(?<![0-9]\.){re.escape(ip)}(?!\w|-|\.[0-9]|:[0-9A-Fa-f:]|/[0-9])", re.IGNORECASE)
    name = re.compile(rf"(?<![\w.{{}}*/@-]){re.escape(queue)}(?![\w{{}}*/@-]|\.\w)", re.IGNORECASE)
    return any(address.search(line) and name.search(line) for line in text.split("\n"))


def _queue(item: Item, host: str) -> QueueState:
    name = item.text("name")
    if "/" not in name:
        raise item.fault("name", "a queue name like gmail.com/vmta1")
    return QueueState(
        host=host,
        name=name,
        recipients=item.number("rcp"),
        connections=item.number("conn"),
        paused=item.word("paused", ("yes", "no")) == "yes",
        mode=item.word("mode", ("normal", "backoff")),
        retry_at=item.optional("retryTime"),
        last_error=_newest_error(item),
    )


def _newest_error(item: Item) -> str:
    """Events are listed newest first; an event that does not tell its type counts as an error."""
    place = 0
    while f"event[{place}].text" in item.values:
        if item.optional(f"event[{place}].type") in ("error", ""):
            return item.text(f"event[{place}].text")
        place += 1
    return ""


def _queue_of_row(row: re.Match[str], host: str, what: str, number: int) -> QueueState:
    if "/" not in row["name"]:
        raise fault(what, number, "a queue name like gmail.com/vmta1", row["name"])
    # After the connections the columns keep their widths, however far a long name has pushed them to the right.
    rest = _QUEUE_REST.fullmatch(row["rest"].ljust(12))
    if rest is None:
        raise fault(what, number, "state, retry time and last error after the connections", row["rest"])
    state = rest["st"].upper()
    return QueueState(
        host=host,
        name=row["name"],
        recipients=int(row["rcpt"]),
        connections=int(row["conn"]),
        paused="P" in state,
        mode="backoff" if "B" in state else "normal",
        retry_at=rest["retry"].strip(),
        last_error=(rest["error"] or "").strip(),
    )


Rows = Sequence[tuple[int, re.Match[str]]]


def _table(text: str, what: str, first: str, row: re.Pattern[str], things: str) -> tuple[Rows, int]:
    """Rows with their line numbers, and the total that the last line ("4 of 61 matching queues.") tells."""
    lines = [(number, line.rstrip()) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    if len(lines) < 3 or not lines[0][1].startswith(first) or not _DASHES.fullmatch(lines[1][1]):
        raise fault(what, 1, f"a table that begins with the columns {first} …", text)
    last, said = lines[-1]
    footer = re.fullmatch(rf"([0-9]{{1,9}}) of ([0-9]{{1,9}}) {re.escape(things)}\.?", said)
    if footer is None:
        raise fault(what, last, f'a last line like "4 of 61 {things}."', said)
    rows = list(_rows(lines[2:-1], what, row))
    if len(rows) != int(footer[1]):
        raise fault(what, last, f"{footer[1]} rows, as the last line says", f"{len(rows)} rows")
    return rows, int(footer[2])


def _rows(lines: Sequence[tuple[int, str]], what: str, row: re.Pattern[str]) -> Iterator[tuple[int, re.Match[str]]]:
    for place, (number, line) in enumerate(lines):
        match = row.fullmatch(line)
        if match:
            yield number, match
        elif not (place == 0 and " " not in line) and not line.startswith(" "):
            # The first row may be the filter, a bare "*/*"; what is indented belongs to the row above it.
            raise fault(what, number, "a row of the table", line)


def _status(values: Mapping[str, str]) -> Status:
    status = Status(
        version=values.get("mta.product.version", ""),
        revision=values.get("mta.product.revision", ""),
        host_name=values.get("mta.fullHostName", ""),
        time_now=values.get("status.timeNow") or values.get("mta.status.timeNow", ""),
        started=values.get("status.startupTime") or values.get("mta.status.startupTime", ""),
    )
    if not status.version and not status.time_now:
        raise ParseError("pmta show status: expected mta.product.version or status.timeNow, found neither")
    return status


def _flat(value: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield path, str(value)
