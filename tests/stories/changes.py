"""From a button to a changed host and back."""

from __future__ import annotations

from tests.stories.bot_here import ANN, BO
from tests.stories.language import (
    Entry,
    at,
    audited,
    back,
    broadcast,
    click,
    dark,
    deaf,
    edit,
    ended,
    kill_at_command,
    line,
    mail,
    post,
    private,
    ran,
    restart,
    story,
    submit,
    twice,
    window,
    within,
)

OPENED: tuple[Entry, ...] = (
    *at("0s", mail("gmail", 30)),
    *within("10s", "20s", post("Gmail is deferring 30 %"), line("tier *reputation*, incident opened")),
)
PREVIEWED: tuple[Entry, ...] = (
    *at("2m", click(ANN, "apply_0", "Gmail")),
    *within("2m", "2m", window(ANN), window(ANN, "pmta set queue", "gmail.com/gmail-ip-1")),
)
APPLIED: tuple[Entry, ...] = (
    *at("3m", submit(ANN, "rate doubled")),
    *within("3m", "3m", ran("mta1", "set queue", "gmail-ip-1"), ran("mta2", "set queue", "gmail-ip-3")),
    *within("3m", "3m20s", private(ANN, "2 steps done"), edit("In force", "Undo"), line("“rate doubled”")),
    *within("3m", "3m20s", line("Applied. `mta1` 1 of 1 read back · `mta2` 1 of 1 read back")),
)

STORIES = (
    story(
        "applied, read back, helped, and ended by itself",
        OPENED,
        PREVIEWED,
        APPLIED,
        at("20m", mail("gmail", 1)),
        within("20m", "26m", line("back to normal; it"), line("incident closed")),
        within("4h3m", "4h4m", ran("mta1", "normal"), ran("mta2", "normal"), line("Time is up")),
        ends="4h5m",
    ),
    story(
        "taken back by a click",
        OPENED,
        PREVIEWED,
        APPLIED,
        at("5m", click(BO, "undo", "Gmail")),
        within("5m", "5m", window(BO, "normal")),
        at("6m", submit(BO)),
        within(
            "6m",
            "6m30s",
            ran("mta1", "normal"),
            ran("mta2", "normal"),
            private(BO, "taken back"),
            line("<@U0BO> is taking back"),
        ),
        within("6m", "6m30s", line("Taken back."), edit("Suggested: Slow 2 Gmail queues")),
        ends="15m",
    ),
    story(
        "two people confirm the same thing at once: it is done once, and the second is told",
        OPENED,
        PREVIEWED,
        at("150s", click(BO, "apply_0", "Gmail")),
        within("150s", "150s", window(BO), window(BO, "pmta set queue")),
        APPLIED,
        at("190s", submit(BO, "me too")),
        within("190s", "190s", private(BO, "CHG-1 does the same and is active (<@U0ANN> applied it")),
        ends="10m",
    ),
    story(
        "a window confirmed twice is one change",
        OPENED,
        PREVIEWED,
        at("150s", twice(on=True)),
        APPLIED,
        ends="10m",
    ),
    story(
        "a preview of more than ten minutes ago is not applied",
        OPENED,
        PREVIEWED,
        at("15m", submit(ANN, "rate doubled")),
        within("15m", "15m", private(ANN, "This preview is 13 min old")),
        ends="20m",
    ),
    story(
        "a command that is not read back is taken back at once",
        OPENED,
        PREVIEWED,
        at("3m", deaf("mta1"), submit(ANN, "rate doubled")),
        within("3m", "3m", ran("mta1", "mode=backoff"), ran("mta1", "mode=normal"), ran("mta2", "mode=backoff")),
        within("3m", "4m", private(ANN, "1 of 2"), line("“rate doubled”"), line("Partly applied."), edit("In force")),
        ends="10m",
    ),
    story(
        "a host that goes dark between preview and confirmation",
        OPENED,
        PREVIEWED,
        at("150s", dark("mta2")),
        at("3m", submit(ANN, "rate doubled")),
        within("3m", "3m", ran("mta1", "mode=backoff")),
        within("3m", "4m", private(ANN, "1 of 2"), line("“rate doubled”"), line("Partly applied."), edit("In force")),
        ends="5m",
    ),
    story(
        "the bot is killed while it applies: the rest is found out by reading back, and said",
        OPENED,
        PREVIEWED,
        at("3m", kill_at_command("mta2"), submit(ANN, "rate doubled")),
        within("3m", "3m", ran("mta1", "mode=backoff"), ran("mta2", "mode=backoff"), ended()),
        within("3m", "4m", line("“rate doubled”"), edit("In force"), audited("deferbot", "applied CHG-1")),
        within("3m", "4m", line("Applied. `mta1` 1 of 1 read back · `mta2` 1 of 1 read back")),
        ends="10m",
    ),
    story(
        "a restart does not forget what is in force",
        OPENED,
        PREVIEWED,
        APPLIED,
        at("10m", restart()),
        within(
            "4h3m", "4h3m", ran("mta1", "mode=normal"), ran("mta2", "mode=normal"), line("Time is up", "Taken back.")
        ),
        within("4h3m", "4h3m", broadcast("still tier *reputation*", "nobody has taken it")),
    ),
    story(
        "time is up while a host is dark: the channel hears that it is still in force, and it is tried again",
        OPENED,
        PREVIEWED,
        APPLIED,
        at("4h", dark("mta2")),
        within(
            "4h3m", "4h3m", ran("mta1", "mode=normal"), broadcast("Time is up", "Partly taken back.", "still in force")
        ),
        within("4h5m", "4h6m", post("mta2: no data"), line("`mta2` is dark")),
        at("4h10m", back("mta2")),
        within("4h10m", "4h12m", ran("mta2", "mode=normal"), line("Time is up", "Taken back.")),
        within("4h10m", "4h12m", line("`mta2` is read again"), line("no host is dark any more")),
        within("4h10m", "4h12m", broadcast("still tier *reputation*", "nobody has taken it")),
    ),
)
