"""The answer to `/deferrals help`."""

from __future__ import annotations

from bot.slack.messages.message import Message, context, message, section

_HELP = "\n".join(
    (
        "*`/deferrals`* every ISP, worst first",
        "*`/deferrals gmail`* one ISP: rate, cause, source IPs, VMTAs, replies, campaigns, what to do; "
        "`gmail 15m` looks at the last 15 minutes alone",
        "*`/deferrals gmail 24h`*, `7d`, `30d` its rate over that time, and when it was worst",
        "*`/deferrals campaigns`*, `campaigns gmail` the day's campaigns, most deferred first",
        "*`/deferrals hosts`*, `hosts mta1` how fresh each host's data is, bad rows, missing columns",
        "*`/deferrals help`* this text",
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
    who = context(f"Applying and undoing is for {operators}. Asking is for everyone.")
    text = "How to ask for deferrals: /deferrals, /deferrals gmail, gmail 24h, campaigns, hosts, help."
    return message(text, [section(_HELP), section(_NAMES), section(_CLICK), who], key="help")
