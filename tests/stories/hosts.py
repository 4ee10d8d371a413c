"""Hosts that cannot be read, and clocks that jump."""

from __future__ import annotations

from tests.stories.language import (
    at,
    back,
    broadcast,
    clock_jumps,
    dark,
    edit,
    line,
    mail,
    post,
    restart,
    story,
    within,
)

STORIES = (
    story(
        "a host that goes dark is one message, and its return is its end",
        at("0s", mail("gmail", 1)),
        at("2m", dark("mta2")),
        within("7m", "7m10s", post("mta2"), line("`mta2` is dark")),
        at("20m", back("mta2")),
        within("20m", "20m20s", edit("mta2"), line("`mta2` is read again"), line("no host is dark any more")),
        ends="25m",
    ),
    story(
        "a rise that is only the good mail of a dark host missing is not told",
        at("0s", mail("gmail", 30, ips=("192.0.2.10",), of=400), mail("gmail/good", 0)),
        within("10s", "20s", post("Gmail"), line("incident opened")),
        at("2m", dark("mta2")),
        within("7m", "8m", post("mta2"), line("`mta2` is dark")),
        ends="30m",
    ),
    story(
        "while all hosts are dark no rate is true: nothing is opened and nothing is closed",
        at("0s", mail("gmail", 30)),
        within("10s", "20s", post("Gmail"), line("incident opened")),
        at("2m", dark("mta1", "mta2")),
        within("7m", "8m", post("I see none of 2 hosts"), line("are dark"), line("no host is read now")),
        at("15m", mail("gmail", 60)),
        at("25m", back("mta1", "mta2")),
        within("25m", "26m", edit("Both hosts are read again"), line("are read again"), line("outage closed")),
        within("25m", "26m", broadcast("*reputation* → *block*")),
        ends="30m",
    ),
    story(
        "a restart while a host is dark posts nothing anew",
        at("0s", mail("gmail", 1)),
        at("2m", dark("mta2")),
        within("7m", "7m10s", post("mta2"), line("`mta2` is dark")),
        at("10m", restart()),
        at("20m", back("mta2")),
        within("20m", "20m20s", line("`mta2` is read again"), line("no host is dark any more")),
        ends="25m",
    ),
    story(
        "a clock that jumps an hour ahead opens nothing and closes nothing by itself",
        at("0s", mail("gmail", 30)),
        within("10s", "20s", post("Gmail"), line("incident opened")),
        at("2m", clock_jumps("1h")),
        within("2m", "3m", broadcast("still tier *reputation* after 1 h 1 min")),
        ends="10m",
    ),
)
