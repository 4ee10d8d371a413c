"""SMTP replies of further troubles: our own lines in each provider's documented wording. See `sim.fleet.replies`."""

from __future__ import annotations

from typing import Final

from bot.sim.fleet.replies import ReplyText

_SECURITY = "4.7.0 (other or undefined security status)"
_UNDEFINED = "4.0.0 (undefined status)"
_REFUSED = "5.7.1 (delivery not authorized)"
_NO_ANSWER = "4.4.1 (no answer from host)"
_OLC = "[{id}.prod.outlook.com {stamp}]"


def _deferred(text: str, status: str = _SECURITY, weight: float = 1.0) -> ReplyText:
    return ReplyText("t", text, status, weight)


def _refused(text: str, status: str = _REFUSED, weight: float = 1.0) -> ReplyText:
    return ReplyText("b", text, status, weight, "policy-related")


GMAIL_DOMAIN: Final = (
    _deferred(
        "421-4.7.0 [{ip}      15] Gmail has detected that this message is suspicious due to the very low reputation of"
        " the sending domain. To best protect our users from spam, the message has been blocked. {id} - gsmtp"
    ),
)
GMAIL_RATE: Final = (
    _deferred(
        "421-4.7.28 Gmail has detected an unusual rate of unsolicited mail originating from your IP address [{ip}"
        "      35]. To protect our users from spam, mail sent from your IP address has been temporarily rate limited."
        " {id} - gsmtp",
        "4.7.28 (undefined status)",
    ),
)
GMAIL_RATE_REFUSED: Final = (
    _refused(
        "550-5.7.28 [{ip}      19] Gmail has detected an unusual rate of unsolicited mail originating from your IP"
        " address. To protect our users from spam, mail sent from your IP address has been blocked. {id} - gsmtp",
        "5.7.28 (undefined status)",
    ),
)
GMAIL_URL: Final = (
    _deferred(
        "421-4.7.28 Gmail has detected an unusual rate of unsolicited mail containing one of your URL domains. To"
        " protect our users from spam, mail with the URL has been temporarily rate limited. {id} - gsmtp",
        "4.7.28 (undefined status)",
    ),
)
GMAIL_AUTH: Final = (
    _deferred(
        "421-4.7.26 This mail has been rate limited because it is unauthenticated. Gmail requires all senders to"
        " authenticate with either SPF or DKIM. {id} - gsmtp",
        "4.7.26 (undefined status)",
        0.4,
    ),
    _refused(
        "550-5.7.26 This mail has been blocked because the sender is unauthenticated. Gmail requires all senders to"
        " authenticate with either SPF or DKIM. {id} - gsmtp",
        "5.7.26 (undefined status)",
        0.6,
    ),
)
GMAIL_CONTENT: Final = (
    _refused(
        "550-5.7.1 [{ip}      12] Gmail has detected that this message is likely unsolicited mail. To reduce the amount"
        " of spam sent to Gmail, this message has been blocked. {id} - gsmtp"
    ),
)
GMAIL_QUOTA: Final = (
    _refused("550-5.4.5 Daily SMTP relay sending limit exceeded for user. {id} - gsmtp", "5.4.5 (undefined status)"),
)
GMAIL_TLS: Final = (
    _deferred(
        "421-4.7.29 This mail has been rate limited because the connection was not encrypted with TLS. {id} - gsmtp",
        "4.7.29 (undefined status)",
    ),
)
GMAIL_PTR: Final = (
    _deferred(
        "421-4.7.23 The IP address sending this message ({ip}) does not have a PTR record, or the corresponding forward"
        " DNS entry does not match the sending IP. {id} - gsmtp",
        "4.7.23 (undefined status)",
    ),
)
MICROSOFT_RP003: Final = (
    _deferred(
        "421 RP-003 The mail server IP {ip} connecting to Outlook.com has exceeded the connection limit allowed. Reduce"
        " the number of connections and try again later. ({id})",
        _UNDEFINED,
    ),
)
MICROSOFT_BANNED: Final = (
    _refused(
        "550 5.7.606 Access denied, banned sending IP [{ip}]. To request removal from this list please visit"
        f" https://sender.office.com/ and follow the directions. {_OLC}",
        "5.7.606 (undefined status)",
    ),
)
MICROSOFT_OWN_LIST: Final = (
    _refused(
        "550 5.7.1 Unfortunately, messages from [{ip}] weren't sent. Please contact your Internet service provider"
        f" since part of their network is on our block list (S3150). {_OLC}"
    ),
)
MICROSOFT_DMARC: Final = (
    _refused(
        "550 5.7.509 Access denied, sending domain [sender.example] does not pass DMARC verification and has a DMARC"
        f" policy of reject. {_OLC}",
        "5.7.509 (undefined status)",
    ),
)
MICROSOFT_COMPLAINTS: Final = (
    _refused("550 SC-004 Unfortunately, messages from {ip} weren't sent: blocked after user complaints. ({id})"),
)
YAHOO_LASTING: Final = (
    _deferred(
        "421 4.7.1 [TSS09] All messages from {ip} will be permanently deferred; Retrying will NOT succeed. See"
        " https://postmaster.yahooinc.com/error-codes",
        "4.7.1 (delivery not authorized)",
    ),
)
YAHOO_LINK: Final = (_refused("554 Message not allowed - [PH01] Email not accepted for policy reasons.", "5.0.0"),)
APPLE_POLICY: Final = (
    _refused("554 5.7.1 [CS01] Message rejected due to local policy. Please visit https://support.apple.com/HT204137"),
)
APPLE_DMARC: Final = (
    _refused("550 5.7.1 Your mail to {rcpt} was rejected: it did not pass the DMARC policy of sender.example."),
)
COMCAST_PTR: Final = (
    _refused(
        "554 {mx} comcast {ip} Comcast requires that all mail servers must have a PTR record with a valid reverse DNS"
        " entry."
    ),
)
COMCAST_POLICY: Final = (_refused("550 5.7.1 Rejected for policy reasons"),)
LISTED_ANYWHERE: Final = (
    _refused("554 5.7.1 Service unavailable; Client host [{ip}] blocked using zen.spamhaus.org", _REFUSED, 0.5),
    _deferred("450 4.7.1 Client host [{ip}] blocked using zen.spamhaus.org", "4.7.1", 0.5),
)
GREYLISTED: Final = (_deferred("450 4.2.0 <{rcpt}>: Recipient address rejected: Greylisted, come back later", "4.2.0"),)
MAILBOX_FULL: Final = (
    ReplyText("t", "452 4.2.2 <{rcpt}>: Recipient mailbox quota exceeded", "4.2.2 (mailbox full)", sticky=True),
)
NO_CONNECTION: Final = (
    _deferred("421 4.4.1 Connection timed out while connecting to {mx}", _NO_ANSWER, 0.7),
    _deferred("421 4.4.2 Connection reset by {mx} after sending DATA", "4.4.2 (bad connection)", 0.3),
)
NO_RESOLVER: Final = (
    _deferred("451 4.4.3 DNS query failed for {mx}: no answer from the name server", "4.4.3 (directory failure)"),
)
NO_DOMAIN: Final = (
    _deferred("451 4.1.2 <{rcpt}>: Recipient address rejected: Domain not found", "4.1.2", 0.6),
    _refused("550 5.1.2 <{rcpt}>: Host unknown (Name server: {mx}: host not found)", "5.1.2", 0.4),
)
NO_HANDSHAKE: Final = (
    _deferred("454 4.7.5 TLS handshake failed: certificate of the client has expired", "4.7.5 (cryptographic failure)"),
)
COMPLAINED_OF: Final = (
    _deferred("421 4.7.0 Messages from {ip} temporarily deferred due to user complaints about this sender"),
)
NOT_UNDERSTOOD: Final = (_deferred("499 xq-17 zorb {id}", ""),)
