"""The answer to `/deferrals help`: the questions people ask at night, by name, and how to ask more."""

from __future__ import annotations

from dataclasses import dataclass

import slackblocks as sb

from bot.slack.messages import texts
from bot.slack.messages.message import Message, context, message, section


@dataclass(frozen=True, slots=True)
class Question:
    """`ask`: what to type. `replaces`: what is typed on a host for it; its columns fit one header row only."""

    name: str
    ask: str
    replaces: str


QUESTIONS = (
    Question(
        "Which ISPs defer, and how much?",
        "/deferrals",
        """awk -F, '{split($7,a,"@"); n[a[2]]++} $1=="t"{t[a[2]]++} END{for(d in n) if(n[d]>=50) """
        """print t[d]/n[d], n[d], d}' acct.csv | sort -rn""",
    ),
    Question(
        "Which queues are rising?", "/deferrals queues", "pmta show queues | awk '{print $2, $1}' | sort -rn | head"
    ),
    Question(
        "Which source IPs carry it?",
        "/deferrals gmail ips",
        """awk -F, '$7~/@gmail.com/{n[$15]++; if($1=="t") t[$15]++} END{for(i in n) print t[i]/n[i], n[i], i}' """
        "acct.csv | sort -rn",
    ),
    Question("What state are the VMTAs in?", "/deferrals gmail vmtas", "pmta show vmtas | awk '/gmail/'"),
    Question(
        "What do they answer?",
        "/deferrals gmail replies",
        """awk -F, '$1=="t" && $7~/@gmail.com/{print $10}' acct.csv | sort | uniq -c | sort -rn | head""",
    ),
    Question(
        "Which campaigns ran?",
        "/deferrals gmail jobs",
        """awk -F, '$7~/@gmail.com/{print $9}' acct.csv | sort | uniq -c | sort -rn""",
    ),
)

_MORE = "\n".join(
    (
        "*`/deferrals gmail`* one ISP: rate, cause, what carries it, what to do, what to look at",
        "*`/deferrals ip 192.0.2.10`*, `vmta gmail-ip-1`, `job campaign-981` one of them at every ISP",
        "*`/deferrals gmail history`*, `gmail 24h`, `7d`, `30d` its rate over that time, and when it was worst",
        "*`/deferrals campaigns`* the day's campaigns of all ISPs, most deferrals first",
        "*`/deferrals unknown`* replies that no rule understands yet, each with a rule to adopt",
        "*`/deferrals hosts`*, `hosts mta1` how fresh each host's data is, bad rows, missing columns",
        "*`/deferrals incidents`*, `INC-42` what is open and was in the last day; one with its timeline",
        "*`/deferrals ack gmail`*, `unack`, `resolve INC-42 why` take it, let it go, close it by hand",
        "*`/deferrals handover`*, `handover 8h` what a shift hands over",
        "*`/deferrals silence gmail 2h why`* no message till then; `silences` lists them, `unsilence 3` ends one",
        "*`/deferrals maintenance host mta1 22:00 2h why`* the same ahead, in your time; it may go dark unsaid then",
        "A time may stand anywhere: `gmail 15m`, `gmail ips 24h`, `24h ips gmail`.",
    )
)
_NAMES = (
    "ISPs answer to their usual names: `gmail`, `google`, `gmail.com`; `microsoft`, `outlook`, `hotmail`; "
    "any domain we send to."
)
_CLICK = (
    "*A button that ends in “…”* first shows what it would do: the exact commands, what they touch, when it ends "
    "by itself. Nothing happens before you confirm, and every change has an Undo."
)


def help_message(operators: str) -> Message:
    """`operators`: who may apply changes, as words for people."""
    blocks: list[sb.Block] = []
    for question in QUESTIONS:
        blocks.append(section(f"*{question.name}* `{question.ask}`"))
        blocks.append(context(f"in place of {texts.code(question.replaces, 300)}"))
    who = context(f"Applying and undoing is for {operators}. Asking is for everyone.")
    text = "How to ask for deferrals: /deferrals, /deferrals gmail, gmail ips, gmail replies 24h, ip 192.0.2.10, hosts."
    return message(text, [*blocks, section(_MORE), section(_NAMES), section(_CLICK), who], key="help")
