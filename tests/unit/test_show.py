"""What `pmta show …` prints: recorded answers with the values expected of them, and rules that hold for any text."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.core.model import QueueState, VmtaState
from bot.core.show import (
    Status,
    mentions_source,
    parse_queues_dom,
    parse_queues_text,
    parse_status_dom,
    parse_status_json,
    parse_vmtas_dom,
    parse_vmtas_text,
)
from bot.errors import ParseError

DATA = Path(__file__).parent.parent / "data" / "pmta"
QUEUES = {".dom": parse_queues_dom, ".txt": parse_queues_text}
VMTAS = {".dom": parse_vmtas_dom, ".txt": parse_vmtas_text}


def cases(folder: str) -> list[Path]:
    return sorted(path for path in (DATA / folder).iterdir() if path.suffix in (".dom", ".txt"))


def expected(case: Path) -> Any:  # noqa: ANN401  # JSON
    return json.loads(case.with_name(case.name + ".json").read_text())


@pytest.mark.parametrize("case", cases("show_queues"), ids=lambda path: path.name)
def test_queues_as_recorded(case: Path) -> None:
    queues, complete = QUEUES[case.suffix](case.read_bytes().decode(), "mta1")
    want = expected(case)
    assert queues == tuple(QueueState(host="mta1", **queue) for queue in want["queues"])
    assert complete is want["complete"]


@pytest.mark.parametrize("case", cases("show_vmtas"), ids=lambda path: path.name)
def test_vmtas_as_recorded(case: Path) -> None:
    vmtas = VMTAS[case.suffix](case.read_bytes().decode(), "mta1")
    assert vmtas == tuple(VmtaState(host="mta1", **vmta) for vmta in expected(case))


STATUS = Status("5.0", "v5_0r5@200713.f592d6f", "mta1.example.com", "2026-11-20 14:26:02", "2026-11-02 03:10:44")


def test_status_as_recorded() -> None:
    assert parse_status_dom((DATA / "show_status" / "v5.dom").read_text()) == STATUS


def test_status_json_is_found_where_either_build_puts_it() -> None:
    assert parse_status_json((DATA / "show_status" / "data-status.json").read_text()) == STATUS
    nested = parse_status_json((DATA / "show_status" / "data-mta-status.json").read_text())
    assert (nested.revision, nested.time_now) == ("v5_0r1", "2026-11-20 14:26:02")


def dom_queue(name: str, **values: str) -> str:
    fields = {"name": name, "rcp": "1", "kb": "0.1", "conn": "0", "paused": "no", "mode": "normal"} | values
    return "".join(f'queue[0].{key}="{value}"\n' for key, value in fields.items() if value != "-")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("pmta: cannot connect\n", "line 1: expected a line of the form"),  # an error text on stdout
        (dom_queue("## maint ##"), "line 1: expected a queue name like gmail.com/vmta1, found '## maint ##'"),
        (dom_queue("a/b", rcp="many"), "line 2: expected a whole number for queue[0].rcp, found 'many'"),
        (dom_queue("a/b", paused="perhaps"), "line 5: expected queue[0].paused to be yes or no, found 'perhaps'"),
        (dom_queue("a/b", mode="-"), "line 1: expected queue[0] to have mode, found 'only name, rcp"),
        (dom_queue("a/b") * 2, "line 7: expected queue[0].name once, found 'a/b'"),  # a forged second value
        (dom_queue("a/b")[:-2], "line 6: expected queue[0].mode to end with a quote"),  # cut in the middle
    ],
)
def test_queues_dom_faults_say_line_found_and_expected(text: str, says: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_queues_dom(text, "mta1")
    assert f"mta1: pmta show queues, {says}" in str(caught.value)
    assert "\n" not in str(caught.value)


HEAD = "queue                     #rcpt kbytes conn st    retry last error\n"
DASH = "------------------------- ----- ------ ---- -- -------- ----------\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "line 1: expected a table"),
        (HEAD + DASH + "a/b 1 0.1 0\n", 'line 3: expected a last line like "4 of 61 matching queues."'),  # cut off
        (HEAD + DASH + "a/b 1 0.1 0\n2 of 2 matching queues.\n", "line 4: expected 2 rows, as the last line says"),
        (HEAD + DASH + "*/*\nab 1 0.1 0\n1 of 1 matching queues.\n", "line 4: expected a queue name like"),
        (HEAD + DASH + "*/*\na/b one 0.1 0\n1 of 1 matching queues.\n", "line 4: expected a row of the table"),
        (HEAD + DASH + "*/*\na/b 1 0.1 0 ??\n1 of 1 matching queues.\n", "line 4: expected state, retry time"),
    ],
)
def test_queues_text_faults_say_line_found_and_expected(text: str, says: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_queues_text(text, "mta1")
    assert f"mta1: pmta show queues, {says}" in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", '"data"', "{}", '{"data": 1}', '{"data": {"a": 1}}', "[" * 100_000])
def test_status_json_faults_are_parse_errors(text: str) -> None:
    with pytest.raises(ParseError, match="pmta show status"):
        parse_status_json(text)


def test_status_dom_without_version_and_time_is_a_parse_error() -> None:
    with pytest.raises(ParseError, match="found neither"):
        parse_status_dom('status.shuttingDown="0"\n')


@pytest.mark.parametrize("silence", ["", "\n", " \r\n"])
def test_silence_is_nothing_held_and_not_known_to_be_all(silence: str) -> None:
    assert parse_queues_dom(silence, "mta1") == ((), False)
    assert parse_vmtas_dom(silence, "mta1") == ()
    with pytest.raises(ParseError, match="line 1: expected lines of the form"):
        parse_status_dom(silence)


def test_total_must_be_a_number() -> None:
    with pytest.raises(ParseError, match="line 1: expected a whole number for totalQueuesWithRcp, found 'x'"):
        parse_queues_dom('totalQueuesWithRcp="x"\n', "mta1")


ONE_LINE = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]))
BLOCKS = st.sampled_from(
    [
        *'"=[].\n\r',
        'queue[0].name="',
        'queue[1].event[0].text="',
        "a/b",
        "9" * 20,
        "²",
        '"\n',
        "\u2028",
        "\x1c",
        HEAD,
        DASH,
        "1 of 1 matching queues.",
        '{"data":',
        "[" * 3,
    ]
)
ANY_TEXT = st.one_of(st.text(), st.lists(st.one_of(BLOCKS, st.text(max_size=5))).map("".join))


@given(ANY_TEXT)
@example(f'queue[0].rcp="{"9" * 5000}"\nqueue[0].name="a/b"\n')
@example(HEAD + DASH + f"a/b {'9' * 5000} 1 1\n1 of 1 matching queues.\n")
def test_any_text_is_read_or_is_a_parse_error(text: str) -> None:
    for parse in (*QUEUES.values(), *VMTAS.values()):
        with suppress(ParseError):
            parse(text, "mta1")
    for parse_status in (parse_status_dom, parse_status_json):
        with suppress(ParseError):
            parse_status(text)
    mentions_source(text, "192.0.2.1", "gmail.com/a")


@given(ONE_LINE.map(lambda text: f"{text[: len(text) // 2]}/{text[len(text) // 2 :]}"), ONE_LINE)
def test_queue_names_and_errors_round_trip_through_dom(name: str, error: str) -> None:
    """Quotes, equals signs and everything else that fits in a line come back as they were."""
    event = f'queue[0].event[0].type="error"\nqueue[0].event[0].text="{error}"\n'
    (queue,), _ = parse_queues_dom(dom_queue(name) + event, "mta1")
    assert (queue.name, queue.last_error) == (name, error)


WORD = st.text(st.characters(categories=["L", "N"], include_characters=".-_{}"), min_size=1, max_size=60)


@given(WORD, WORD, st.integers(0, 10**9), st.integers(0, 99_999))
def test_queue_names_of_any_length_round_trip_through_the_table(dom: str, vmta: str, rcpt: int, conn: int) -> None:
    """Long names push the columns to the right; the numbers stay theirs."""
    row = f"{dom}/{vmta}".ljust(25) + f" {rcpt:>5} {rcpt / 7:>6.1f} {conn:>4}    14:35:42 421 busy 5 6 7...\n"
    (queue,), complete = parse_queues_text(f"{HEAD}{DASH}*/*\n{row}1 of 1 matching queues.\n", "mta1")
    assert complete
    assert queue == QueueState("mta1", f"{dom}/{vmta}", rcpt, conn, False, "normal", "14:35:42", "421 busy 5 6 7...")


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("192.0.2.1 gmail.com/vmta1", True),
        ("gmail.com/vmta1: 192.0.2.1, until 18:05.", True),
        ('source[0].ip="192.0.2.1" queue="gmail.com/vmta1"', True),
        ("GMAIL.COM/vmta1 (192.0.2.1)", True),
        ("192.0.2.1: gmail.com/vmta1.", True),
        ("192.0.2.10 gmail.com/vmta1", False),  # a longer address
        ("10.192.0.2.1 gmail.com/vmta1", False),
        ("192.0.2.1.7 gmail.com/vmta1", False),
        ("192.0.2.1/24 gmail.com/vmta1", False),  # a network
        ("192.0.2.1 gmail.com/vmta10", False),  # a longer name
        ("192.0.2.1 mail.gmail.com/vmta1", False),
        ("192.0.2.1 gmail.com/vmta1.b", False),
        ("192.0.2.1\ngmail.com/vmta1", False),  # two lines
        ("192.0.2.1 gmail.com", False),
        ("", False),
    ],
)
def test_a_source_is_mentioned_only_as_whole_words_on_one_line(line: str, found: bool) -> None:
    assert mentions_source(f"Disabled sources\n{line}\n", "192.0.2.1", "gmail.com/vmta1") is found


def test_a_source_may_be_an_ipv6_address_and_the_queue_the_default_one() -> None:
    assert mentions_source("2001:DB8::1 corp.example/{default}", "2001:db8::1", "corp.example/{default}")
    assert not mentions_source("2001:db8::1:2 corp.example/{default}", "2001:db8::1", "corp.example/{default}")
    assert not mentions_source("2001:db8::1 x", "2001:db8::1", "")
