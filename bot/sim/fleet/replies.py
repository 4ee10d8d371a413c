"""SMTP replies of the simulated providers: our own lines in each provider's documented wording.

Placeholders: {ip} source IP, {rcpt} recipient, {local} its local part, {domain} its domain, {mx} MX host,
{id} hex digits, {stamp} UTC time of the reply.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ReplyText:
    """One reply. `record` is the accounting type it leads to: `t`, `b`, or `tq` where no session came about.

    `weight` is relative within its group (scenario replies) or the chance per attempt (everyday replies).
    `sticky`: the mailbox itself is in trouble, so a retry gets the same answer most of the time.
    """

    record: str
    text: str
    status: str
    weight: float = 1.0
    category: str = ""
    sticky: bool = False


_SECURITY = "4.7.0 (other or undefined security status)"
_UNDEFINED = "4.0.0 (undefined status)"
_FULL = "4.2.2 (mailbox full)"
_NO_USER = "5.1.1 (bad destination mailbox address)"
_REFUSED = "5.7.1 (delivery not authorized)"
_SYSTEM = "4.3.2 (system not accepting network messages)"
_NO_ANSWER = "4.4.1 (no answer from host)"

DELIVERED: Final = {
    "gmail": "smtp;250 2.0.0 OK  {stamp} {id} - gsmtp",
    "microsoft": (
        "smtp;250 2.6.0 <{id}@sender.example> [InternalId={stamp}, Hostname=mail1.{domain}] Queued mail for delivery"
    ),
    "yahoo": "smtp;250 ok dirdel",
    "apple": "smtp;250 2.0.0 Ok: queued as {id}",
    "comcast": "smtp;250 2.0.0 {id} mail accepted for delivery",
}

EVERYDAY: Final[dict[str, tuple[ReplyText, ...]]] = {
    "gmail": (
        ReplyText(
            "t",
            "450-4.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional"
            " messages from being delivered. Please resend your message at a later time. {id} - gsmtp",
            "4.2.1 (mailbox disabled, not accepting messages)",
            0.028,
        ),
        ReplyText(
            "t",
            "452-4.2.2 The recipient's inbox is out of storage space and inactive. Please direct the recipient to"
            " https://support.google.com/mail/?p=OverQuotaTemp {id} - gsmtp",
            _FULL,
            0.0007,
            sticky=True,
        ),
        ReplyText("t", "421-4.7.0 Try again later, closing connection. {id} - gsmtp", _SECURITY, 0.006),
        ReplyText(
            "b",
            "550-5.1.1 The email account that you tried to reach does not exist. Please try double-checking the"
            " recipient's email address for typos or unnecessary spaces. {id} - gsmtp",
            _NO_USER,
            0.005,
            "bad-mailbox",
        ),
    ),
    "microsoft": (
        ReplyText(
            "t",
            "451 4.7.500 Server busy. Please try again later from [{ip}]. (AS77712) [{id}.prod.outlook.com {stamp}]",
            "4.7.500 (undefined status)",
            0.008,
        ),
        ReplyText("t", "452 4.2.2 Mailbox full: {rcpt} has no room for this message", _FULL, 0.0007, sticky=True),
        ReplyText(
            "b",
            "550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302). [{id}.prod.outlook.com {stamp}]",
            "5.5.0 (other or undefined protocol status)",
            0.006,
            "bad-mailbox",
        ),
    ),
    "yahoo": (
        ReplyText("t", "451 Message temporarily deferred - 4.16.50", _UNDEFINED, 0.010),
        ReplyText("t", "452 4.2.2 <{rcpt}>: mailbox is over its quota, try later", _FULL, 0.0007, sticky=True),
        ReplyText(
            "b",
            "554 delivery error: dd This user doesn't have a {domain} account ({rcpt}) [-9] - {mx}",
            "5.0.0 (undefined status)",
            0.006,
            "bad-mailbox",
        ),
    ),
    "apple": (
        ReplyText("t", "451 4.7.1 Service unavailable - try again later", "4.7.1 (delivery not authorized)", 0.010),
        ReplyText("t", "452 4.2.2 <{rcpt}>: user is overquota", _FULL, 0.0007, sticky=True),
        ReplyText("b", "550 5.1.1 <{rcpt}>: user does not exist", _NO_USER, 0.005, "bad-mailbox"),
    ),
    "comcast": (
        ReplyText("t", "421 {mx} Too many sessions opened", _UNDEFINED, 0.008),
        ReplyText(
            "t", "452 4.1.1 <{rcpt}> user over quota", "4.1.1 (bad destination mailbox address)", 0.0008, sticky=True
        ),
        ReplyText("b", '550 5.1.1 <{rcpt}>: recipient "{local}" is not our customer', _NO_USER, 0.006, "bad-mailbox"),
    ),
}

GMAIL_PACING: Final = (
    ReplyText(
        "t",
        "421-4.2.1 The user you are trying to contact is receiving mail too quickly. Please resend your message at a"
        " later time; if the user is able to receive mail at that time, your message will be delivered. {id} - gsmtp",
        "4.2.1 (mailbox disabled, not accepting messages)",
    ),
)
GMAIL_REPUTATION: Final = (
    ReplyText(
        "t",
        "421-4.7.0 [{ip}      15] Gmail has detected that this message is suspicious due to the very low reputation of"
        " the sending IP address. To protect our users from spam, mail sent from your IP address has been temporarily"
        " rate limited. Please visit https://support.google.com/mail/answer/188131 {id} - gsmtp",
        _SECURITY,
        0.8,
    ),
    ReplyText(
        "t",
        "421-4.7.0 [{ip}      15] Our system has detected an unusual rate of unsolicited mail originating from your IP"
        " address. To protect our users from spam, mail sent from your IP address has been temporarily rate limited."
        " {id} - gsmtp",
        _SECURITY,
        0.2,
    ),
)
MICROSOFT_RP001: Final = (
    ReplyText(
        "t",
        "421 RP-001 The mail server IP {ip} connecting to Outlook.com has exceeded the rate limit allowed. Reason for"
        " rate limitation is related to IP/domain reputation. ({id})",
        _UNDEFINED,
        0.75,
    ),
    ReplyText(
        "t",
        "451 4.7.650 The mail server [{ip}] has been temporarily rate limited due to IP reputation. For e-mail delivery"
        " information, see https://postmaster.live.com (S775) [{id}.prod.outlook.com {stamp}]",
        "4.7.650 (undefined status)",
        0.25,
    ),
)
MICROSOFT_RP002: Final = (
    ReplyText(
        "t",
        "421 RP-002 The mail server IP {ip} connecting to Outlook.com has exceeded the rate limit allowed on this"
        " connection. Open fewer connections and try again later. ({id})",
        _UNDEFINED,
        0.9,
    ),
    ReplyText(
        "t",
        "451 4.7.652 The mail server [{ip}] has exceeded the maximum number of connections. (S3115)"
        " [{id}.prod.outlook.com {stamp}]",
        "4.7.652 (undefined status)",
        0.1,
    ),
)
_TSS04 = (
    "421 4.7.0 [TSS04] Messages from {ip} temporarily deferred due to unexpected volume or user complaints"
    " - 4.16.55.1; see https://postmaster.yahooinc.com/error-codes"
)
YAHOO_TSS04: Final = (
    ReplyText("t", _TSS04, _UNDEFINED, 0.97),
    ReplyText("tq", _TSS04, _NO_ANSWER, 0.03),
)
LISTED: Final[dict[str, tuple[ReplyText, ...]]] = {
    "microsoft": (
        ReplyText(
            "b",
            "550 5.7.1 Unfortunately, messages from [{ip}] weren't sent. Please contact your Internet service provider"
            " since part of their network is on our block list (S3150). [{id}.prod.outlook.com {stamp}]",
            _REFUSED,
            0.35,
            "policy-related",
        ),
        ReplyText(
            "t",
            "451 4.7.650 The mail server [{ip}] has been temporarily rate limited due to IP reputation. For e-mail"
            " delivery information, see https://postmaster.live.com (S843) [{id}.prod.outlook.com {stamp}]",
            "4.7.650 (undefined status)",
            0.65,
        ),
    ),
    "apple": (
        ReplyText(
            "b",
            "550 5.7.1 Mail from IP {ip} was rejected due to listing in Spamhaus SBL. For details please see"
            " http://www.spamhaus.org/query/bl?ip={ip}",
            _REFUSED,
            0.3,
            "spam-related",
        ),
        ReplyText(
            "t",
            "450 4.7.1 Mail from IP {ip} deferred: it is listed in Spamhaus SBL, see http://www.spamhaus.org/query/bl?ip={ip}",
            "4.7.1 (delivery not authorized)",
            0.7,
        ),
    ),
    "comcast": (
        ReplyText(
            "b",
            "554 {mx} comcast {ip} found on one or more DNSBLs, see http://postmaster.comcast.net/smtp-error-codes.php#BL000001",
            "5.0.0 (undefined status)",
            0.3,
            "spam-related",
        ),
        ReplyText(
            "t",
            "452 {mx} comcast {ip} found on one or more DNSBLs, see http://postmaster.comcast.net/smtp-error-codes.php#BL000001",
            _UNDEFINED,
            0.7,
        ),
    ),
}
APPLE_OUTAGE: Final = (
    ReplyText("t", "451 4.3.2 {mx} Internal error, please try again later", _SYSTEM, 0.64),
    ReplyText("t", "421 4.3.2 {mx} Service not available, closing transmission channel", _SYSTEM, 0.30),
    ReplyText("tq", "421 4.3.2 {mx} Service not available, closing transmission channel", _SYSTEM, 0.03),
    ReplyText("tq", "", _NO_ANSWER, 0.03),
)
