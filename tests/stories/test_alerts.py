"""When an incident begins, gets worse, gets better and is over."""

from __future__ import annotations

import pytest

from tests.stories.language import (
    Story,
    at,
    audited,
    broadcast,
    edit,
    line,
    mail,
    no_mail,
    post,
    story,
    within,
)
from tests.stories.stage import play

STORIES = (
    story(
        "a tier is believed at the second poll, and then it is one message and one line",
        at("0s", mail("gmail", 30)),
        within("10s", "10s", post("Gmail is deferring 30 %"), audited("deferbot", "open INC-1")),
        within("10s", "20s", line("tier *reputation*, incident opened")),
        ends="20m",
    ),
    story(
        "one bad poll is not told",
        at("0s", mail("gmail", 30)),
        at("5s", mail("gmail", 1)),
        ends="10m",
    ),
    story(
        "a block beyond doubt is told at once",
        at("0s", mail("gmail", 80, of=5_000)),
        within("0s", "0s", post("Gmail is deferring 80 %")),
        within("0s", "10s", line("tier *block*, incident opened")),
        ends="10m",
    ),
    story(
        "below 15 % pacing is not told",
        at("0s", mail("gmail", 10, reply="smtp;421-4.2.1 The user you are trying to contact is receiving mail")),
        ends="30m",
    ),
    story(
        "nothing at all is told of a fleet that is well",
        at("0s", mail("gmail", 1), mail("yahoo", 2)),
        ends="2h",
    ),
    story(
        "too little mail wakes nobody",
        at("0s", mail("gmail", 60, of=60)),
        ends="1h",
    ),
    story(
        "a worse tier edits the message and is a line; the block tier is shown in the channel",
        at("0s", mail("gmail", 20)),
        within("10s", "20s", post("Gmail is deferring 20 %"), line("tier *mixed*, incident opened")),
        at("2m", mail("gmail", 35)),
        within("2m", "3m", edit("35 %"), line("tier *mixed* → *reputation*")),
        at("5m", mail("gmail", 60)),
        within("5m", "6m", edit("60 %"), broadcast("tier *reputation* → *block*")),
        ends="20m",
    ),
    story(
        "a tier falls only after its hold",
        at("0s", mail("gmail", 60)),
        within("0s", "20s", post("Gmail"), line("tier *block*, incident opened")),
        at("5m", mail("gmail", 30)),
        within("10m", "11m", line("tier *block* → *reputation*")),
        ends="20m",
    ),
    story(
        "within two points below its floor a tier stays",
        at("0s", mail("gmail", 16)),
        within("10s", "20s", post("Gmail"), line("tier *mixed*, incident opened")),
        at("5m", mail("gmail", 13.6)),
        ends="25m",
    ),
    story(
        "back to normal is told at once, and the end after five minutes of it",
        at("0s", mail("gmail", 30)),
        within("10s", "20s", post("Gmail"), line("incident opened")),
        at("10m", mail("gmail", 1)),
        within("10m", "10m", edit("Gmail is deferring 1 %", "this closes by itself once it has lasted")),
        within("10m", "11m", line("back to normal; it closes once that has lasted")),
        within("15m", "15m", edit("Gmail is back to 1 % deferred after 14 min (peak 30 %)"), line("incident closed")),
        ends="25m",
    ),
    story(
        "what comes back within half an hour is the same incident",
        at("0s", mail("gmail", 30)),
        within("10s", "20s", post("Gmail"), line("incident opened")),
        at("5m", mail("gmail", 1)),
        within("5m", "11m", line("back to normal; it"), line("incident closed")),
        at("25m", mail("gmail", 30)),
        within("25m", "26m", edit("30 %"), broadcast("the same incident goes on"), audited("deferbot", "reopen INC-1")),
        ends="35m",
    ),
    story(
        "what comes back later is a new one",
        at("0s", mail("gmail", 30)),
        within("10s", "20s", post("Gmail"), line("incident opened")),
        at("5m", mail("gmail", 1)),
        within("5m", "11m", line("back to normal; it"), line("incident closed")),
        at("45m", mail("gmail", 30)),
        within(
            "45m", "46m", post("Gmail is deferring 30 %"), line("incident opened"), audited("deferbot", "open INC-2")
        ),
        ends="55m",
    ),
    story(
        "an ISP that nothing is sent to any more is closed",
        at("0s", mail("gmail", 30)),
        within("10s", "20s", post("Gmail"), line("incident opened")),
        at("5m", no_mail("gmail")),
        within("30m", "33m", broadcast("still tier *reputation* after 3")),
        within("1h", "1h15m", line("back to normal; it"), line("hardly any mail is left to judge, incident closed")),
    ),
)


@pytest.mark.parametrize("told", STORIES, ids=[each.name for each in STORIES])
def test_alerts(told: Story) -> None:
    play(told)
