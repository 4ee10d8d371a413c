"""What a verdict says beside the category: final or not, who is blamed, how long to wait, how surely."""

from __future__ import annotations

import pytest

from bot.core.blame import Blamed
from bot.core.category import Category
from bot.core.classify import Classifier, Confidence, Verdict
from bot.core.wait import LONGEST_WAIT_S, stated_wait_s
from bot.playbook.load import load_rules
from tests.playbook_samples import RULES

SHIPPED: Classifier = load_rules(RULES)


def verdict(reply: str, isp: str = "") -> Verdict:
    return SHIPPED.classify(reply, isp)


@pytest.mark.parametrize(
    ("reply", "permanent"),
    [
        ("550 5.1.1 User unknown", True),
        ("smtp;421 4.7.0 Try again later", False),
        # the reply's own code, not the status behind it
        ("550 4.4.7 message expired", True),
        ("421 5.7.1 refused", False),
        # a greeting before the code that matters
        ("220-mx.example 421 4.2.1 Please try later", False),
        # no SMTP code: the enhanced one, else the meaning
        ("5.1.1 unknown", True),
        ("4.4.1 no answer from host", False),
        ("Sorry, this message is looping. (#5.4.6)", True),
        ("Message temporarily not taken. [#4.16.5]", False),
        ("x-pmta;deleted by administrator", True),
        ("Connection timed out", False),
        # nothing to go by is not final
        ("???", False),
        # the outer host decides whether it is final
        ("450 4.1.1 unverified address: host mx.example said: 550 5.1.1 User unknown", False),
    ],
)
def test_permanent_is_what_the_text_says(reply: str, permanent: bool) -> None:
    assert verdict(reply).permanent is permanent


@pytest.mark.parametrize(
    ("isp", "reply", "pressure", "lasting"),
    [
        # 5xx that clear by themselves
        ("qq", "550 Ip frequency limited", True, False),
        ("microsoft", "554 5.2.122 The recipient has exceeded their limit for messages per hour", True, False),
        ("gmail", "550 5.2.1 The user is receiving mail at a rate that prevents it", True, False),
        ("godaddy", "550 This IP has sent too many messages this hour. IB504", True, False),
        ("", "552 5.2.2 Mailbox full. Please try again later", True, False),
        # 5xx that do not
        ("", "552 5.2.2 Mailbox full", False, False),
        ("", "550 5.1.1 User unknown", False, False),
        ("", "554 5.7.1 blocked using zen.spamhaus.org", False, False),
        # 4xx that will not clear
        ("yahoo", "421 4.7.1 [TS03] All messages from 192.0.2.30 will be permanently deferred", False, True),
        ("yahoo", "421 4.7.0 [TSS09] Mail from 192.0.2.30 deferred", False, True),
        ("", "421 All messages will be permanently deferred; retrying will NOT succeed", False, True),
        # 4xx that will
        ("yahoo", "421 4.7.0 [TSS04] Messages temporarily deferred due to user complaints", False, False),
    ],
)
def test_what_clears_and_what_does_not(isp: str, reply: str, pressure: bool, lasting: bool) -> None:
    found = verdict(reply, isp)
    assert (found.pressure, found.lasting) == (pressure, lasting)


@pytest.mark.parametrize(
    ("isp", "reply", "blamed"),
    [
        ("gmail", "421 4.7.28 Gmail has detected an unusual rate of email from your IP Netblock", Blamed.NETBLOCK),
        ("gmail", "421 4.7.28 Gmail has detected an unusual rate of email from your DKIM domain", Blamed.DKIM),
        ("gmail", "421 4.7.28 Gmail has detected an unusual rate of email from your SPF domain", Blamed.MAIL_FROM),
        ("gmail", "421 4.7.28 There is an unusual rate of email with one of your URL domains", Blamed.URL),
        ("gmail", "421 4.7.28 Gmail has detected an unusual rate of email from your IP address", Blamed.IP),
        ("gmail", "421 4.7.28 [192.0.2.1] Gmail has detected an unusual rate of email", Blamed.UNKNOWN),
        ("gmail", "421 4.7.0 suspicious due to the very low reputation of the sending domain", Blamed.FROM_DOMAIN),
        ("gmail", "450 4.2.1 The user is receiving mail too quickly", Blamed.RECIPIENT),
        ("microsoft", "550 5.7.1 part of their network is on our block list (S3150)", Blamed.NETBLOCK),
        ("microsoft", "550 5.7.1 MailFrom domain is listed in Spamhaus", Blamed.MAIL_FROM),
        ("", "550 5.7.1 Email rejected per DMARC policy", Blamed.FROM_DOMAIN),
        ("", "550 SPF check failed", Blamed.MAIL_FROM),
        ("", "550 neither SPF nor DKIM passes", Blamed.FROM_DOMAIN),
        ("", "550 5.7.20 No passing DKIM signature", Blamed.DKIM),
        ("", "554 blocked using zen.spamhaus.org; see https://dkim.example/spf", Blamed.IP),
        ("", "550 5.7.1 URL in this message is listed by SURBL", Blamed.URL),
        ("", "554 5.7.1 virus found", Blamed.MESSAGE),
        ("", "550 No PTR record", Blamed.IP),
        ("", "550 Sender domain does not resolve", Blamed.MAIL_FROM),
        ("", "550 Domain does not accept mail (nullMX)", Blamed.RECIPIENT),
        ("", "451 4.3.0 Temporary system problem", Blamed.UNKNOWN),
    ],
)
def test_who_is_blamed(isp: str, reply: str, blamed: Blamed) -> None:
    assert verdict(reply, isp).blamed is blamed


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("450 4.7.1 Greylisted for 5 minutes", 300),
        ("450 4.2.0 Greylisted, please try again in 300 seconds", 300),
        ("451 4.7.1 greylisted, try again in 60s", 60),
        ("451 Greylisting in action, please come back in 00:05:00", 300),
        ("421 try again in 1 hour", 3600),
        ("421 Please retry after 3600 seconds", 3600),
        ("421 Retry-After: 120", 120),
        ("421 try your message again in an hour", 3600),
        ("421 wait at least 10 min before the next attempt", 600),
        ("421 try again in two hours", 7200),
        ("450 Too many mails, try again in 1 hour(s) 25 minute(s)", 5100),
        ("450 4.7.1 greylisted, retry in 4 minutes and 30 seconds", 270),
        # a second number is part of the wait only where its unit is the smaller one
        ("421 try again in 5 minutes, 3 hours at most", 300),
        # a limit is no wait, nor is a code, a size or an empty one
        ("421 more than 100 messages per hour; try again later", None),
        ("550 This IP has sent too many messages in 60 minutes", None),
        ("421 4.7.0 try again later, closing connection (5 m1-20)", None),
        ("450 retry timeout exceeded", None),
        ("451 try again in 0 seconds", None),
        ("", None),
        # a promise of months is none
        ("421 try again in 9999 days", LONGEST_WAIT_S),
    ],
)
def test_only_a_stated_wait_is_taken(text: str, seconds: int | None) -> None:
    assert stated_wait_s(text) == seconds


def test_a_wait_the_rule_advises_is_kept_apart_from_one_the_reply_states() -> None:
    found = verdict("421 4.7.1 Service refuse. Veuillez essayer plus tard. OFR_999 [999]", "orange")
    assert (found.retry_hint_s, found.advised_wait_s) == (None, 2 * 3600)


@pytest.mark.parametrize(
    ("isp", "reply", "confidence"),
    [
        ("yahoo", "421 4.7.0 [TSS04] Messages temporarily deferred", Confidence.HIGH),
        ("", "550 5.1.1 User unknown", Confidence.MEDIUM),
        ("", "452 4.2.2", Confidence.LOW),
        ("", "421", Confidence.LOW),
        ("", "", Confidence.LOW),
    ],
)
def test_confidence_is_what_the_answer_rests_on(isp: str, reply: str, confidence: Confidence) -> None:
    assert verdict(reply, isp).confidence is confidence


@pytest.mark.parametrize(
    ("isp", "reply", "provider", "category"),
    [
        # the MX or domain first, the signature where these say nothing
        ("gmail", "550 5.1.1 no such user - gsmtp", "gmail", Category.BAD_MAILBOX),
        ("", "450 MI:SFQ 163 smtp1,192.0.2.60,1763600000", "netease", Category.RATE_LIMIT),
        ("", "550 5.1.1 no such user", "", Category.BAD_MAILBOX),
        # what one platform says holds for every ISP on it
        ("webde", "554 Nemesis ESMTP Service not available c=rdns", "webde", Category.DNS_FAILURE),
        ("laposte", "550 5.7.1 service refused LPN007_101", "laposte", Category.BLOCKLIST),
        # the cause inside a quoted reply
        (
            "mimecast",
            "550 Remote server returned message -> 550 5.7.1 [192.0.2.1] Gmail has detected that this message is "
            "suspicious due to the very low reputation of the sending domain - gsmtp",
            "mimecast",
            Category.REPUTATION_DOMAIN,
        ),
        ("", "450 4.1.1 host mx.example[192.0.2.9] said: 552 5.2.2 over quota", "", Category.MAILBOX_FULL),
    ],
)
def test_whose_reply_it_is(isp: str, reply: str, provider: str, category: Category) -> None:
    found = verdict(reply, isp)
    assert (found.provider, found.category) == (provider, category)
