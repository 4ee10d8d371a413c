"""Slack that fails, a bot that is killed, and too much at once."""

from __future__ import annotations

from tests.stories.language import (
    Entry,
    at,
    broadcast,
    delete,
    edit,
    ended,
    kill_after,
    line,
    mail,
    maybe,
    post,
    restart,
    slack_away,
    slack_back,
    slack_fails,
    story,
    within,
)

OPENED: tuple[Entry, ...] = (
    *at("0s", mail("gmail", 30)),
    *within("10s", "20s", post("Gmail is deferring 30 %"), line("tier *reputation*, incident opened")),
)

STORIES = (
    story(
        "Slack is away for ten minutes: then the newest is said, once",
        at("0s", slack_away(), mail("gmail", 20)),
        at("5m", mail("gmail", 35)),
        at("10m", slack_back()),
        within("10m", "11m", post("Gmail is deferring 35 %"), line("incident opened"), line("*mixed* → *reputation*")),
        ends="20m",
    ),
    story(
        "an edit is refused with 429: it waits as long as Slack says",
        OPENED,
        at("2m", slack_fails("chat.update", status=429), mail("gmail", 35)),
        within("2m30s", "3m", edit("35 %")),
        ends="5m",
    ),
    story(
        "Slack answers 500 for a while",
        at("0s", slack_fails("chat.postMessage", status=500, times=2), mail("gmail", 30)),
        within("20s", "2m", post("Gmail"), line("incident opened")),
        ends="5m",
    ),
    story(
        "a message that was deleted is posted anew",
        OPENED,
        at("2m", delete("Gmail")),
        within("2m", "3m", post("Gmail is deferring 30 %")),
        at("5m", mail("gmail", 60)),
        within("5m", "6m", edit("60 %"), broadcast("*reputation* → *block*")),
        ends="10m",
    ),
    story(
        "a restart in the middle: nothing is said twice",
        OPENED,
        at("2m", restart()),
        at("3m", mail("gmail", 1)),
        within("3m", "8m10s", edit("1 %"), line("back to normal; it"), line("incident closed")),
        ends="15m",
    ),
    story(
        "a restart while a tier is held: it is believed from two polls after it",
        at("0s", mail("gmail", 30)),
        at("5s", restart()),
        within("10s", "30s", post("Gmail"), line("incident opened")),
        ends="2m",
    ),
    story(
        "what is over before anybody saw it is said as over",
        at("0s", slack_away(), mail("gmail", 30)),
        at("5m", mail("gmail", 1)),
        at("20m", slack_back()),
        within("20m", "21m", post("Gmail is back to 1 %"), line("opened"), line("back to normal; it"), line("closed")),
        ends="25m",
    ),
    story(
        "killed after Slack took the alert and before the store knew",
        at("0s", kill_after("chat.postMessage"), mail("gmail", 30)),
        within("10s", "10s", post("Gmail"), ended()),
        within("20s", "30s", maybe(post("Gmail")), line("incident opened")),
        ends="5m",
    ),
    story(
        "an answer of Slack that is lost repeats the alert at most once",
        at("0s", slack_fails("chat.postMessage", lost=True), mail("gmail", 30)),
        within("10s", "30s", post("Gmail"), maybe(post("Gmail")), line("incident opened")),
        ends="5m",
    ),
    story(
        "two ISPs at once are two messages, each true",
        at("0s", mail("gmail", 30), mail("yahoo", 40, ips=("192.0.2.21",))),
        within("10s", "30s", post("Gmail is deferring 30 %"), post("Yahoo is deferring 40 %")),
        within("10s", "30s", line("*Gmail*", "incident opened"), line("*Yahoo*", "incident opened")),
        ends="5m",
    ),
)
