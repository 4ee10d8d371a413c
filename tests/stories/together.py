"""Mail refused for good, many ISPs at once, planned work, and an incident closed by hand."""

from __future__ import annotations

from tests.stories.bot_here import ANN, BO
from tests.stories.language import (
    at,
    audited,
    back,
    broadcast,
    command,
    dark,
    edit,
    line,
    mail,
    post,
    private,
    storm,
    story,
    within,
)

BLOCKED = "smtp;550 5.7.1 Unfortunately, messages from [192.0.2.10] weren't sent. Please contact your provider (S3150)"
STORIES = (
    story(
        "mail refused for good is an incident, though nothing is deferred",
        at("0s", mail("microsoft", 1, refused=70, reply=BLOCKED)),
        within("0s", "20s", post("Microsoft", "refus"), line("incident opened")),
        ends="5m",
    ),
    story(
        "three ISPs that cross together are one message, and over when all are",
        at("0s", storm(3, 35)),
        within("10s", "30s", post("3 ISPs")),
        within("10s", "30s", *(line(f"*isp00{number}.example*", "incident opened") for number in range(3))),
        ends="5m",
    ),
    story(
        "planned work: a host goes dark in it and nobody hears of it",
        at("0s", command(BO, "/deferrals maintenance host mta1 13:00 2h new kernel")),
        within("0s", "10s", private(BO, "Maintenance of host `mta1`", "SIL-1")),
        at("61m", dark("mta1")),
        at("90m", back("mta1")),
        ends="2h",
    ),
    story(
        "closed by hand, and told again where it gets worse",
        at("0s", mail("gmail", 20)),
        within("10s", "20s", post("Gmail is deferring 20 %"), line("incident opened")),
        at("2m", command(ANN, "/deferrals resolve gmail known sender, ends tonight")),
        within(
            "2m",
            "3m",
            edit("resolved"),
            line("closed this by hand at tier *mixed*: known sender, ends tonight"),
            private(ANN, "INC-1"),
        ),
        at("10m", mail("gmail", 60)),
        within("10m", "11m", broadcast("*block*"), edit("60 %"), audited("deferbot", "reopen INC-1")),
        ends="20m",
    ),
)
