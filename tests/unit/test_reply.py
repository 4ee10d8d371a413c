from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.reply import TEMPLATE_LENGTH, clean, codes, mask_local_parts, name_of, template

_GMAIL = "smtp;421-4.7.0 [192.0.2.10      15] Our system has detected an unusual rate of unsolicited mail."


@pytest.mark.parametrize(
    ("diag", "expected"),
    [
        (_GMAIL, "421 4.7.0 [192.0.2.10 15] Our system has detected an unusual rate of unsolicited mail."),
        ("smtp;450 4.0.0 (undefined status);smtp;421 Refused", "421 Refused"),  # composite: the remote's own words
        ("SMTP; 550 5.1.1 no (in reply to RCPT TO command)", "550 5.1.1 no"),
        ("550-5.7.26 one\r\n550-5.7.26 two\r\n550 5.7.26 three", "550 5.7.26 one two three"),
        ("550-5.7.26 one 550-5.7.26 two 550 5.7.26 three", "550 5.7.26 one two three"),
        ("550-one 550-two", "550 one two"),
        ("no code at all", "no code at all"),
        ("", ""),
    ],
)
def test_clean(diag: str, expected: str) -> None:
    assert clean(diag) == expected


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (_GMAIL, ("421", "4.7.0")),
        ("smtp;451 4.7.650 limited", ("451", "4.7.650")),
        ("550 #5.1.1 no", ("550", "5.1.1")),
        ("421 Try later", ("421", "")),
        ("4.4.7 expired", ("", "4.4.7")),
        ("554 30 Sorry", ("554", "")),
        ("nothing", ("", "")),
    ],
)
def test_codes(reply: str, expected: tuple[str, str]) -> None:
    assert codes(reply) == expected


@pytest.mark.parametrize(
    ("diag", "expected"),
    [
        (_GMAIL, "421 4.7.0 [*] Our system has detected an unusual rate of unsolicited mail."),
        ("smtp;451 4.7.650 [192.0.2.1] limited (S3150)", "451 4.7.650 [*] limited (S3150)"),
        ("421 RP-001 (BAY004-MC1F4) from 2001:db8::25", "421 RP-001 (BAY004-*) from *"),
        ("421 4.7.0 [TSS04] from 192.0.2.7 deferred - 4.16.55.1", "421 4.7.0 [TSS04] from * deferred - *"),
        ("250 2.0.0 OK  1637418301 x12-20020a056a00.12 - gsmtp", "250 2.0.0 OK * - gsmtp"),
        ('550 5.1.1 <bob@a.example>: user "bob" unknown', '550 5.1.1 <*>: user "*" unknown'),
        ("450 try in 61 minutes, 12 of 100", "450 try in * minutes, * of *"),
        ("450 at 2026-11-20T14:25:01.5Z, Fri, 20 Nov 2026 14:25:01 +0000", "450 at *"),
        ("550 BL000010 AUP#In-1310 OFR_102 LPN007_104", "550 BL000010 AUP#In-1310 OFR_102 LPN007_104"),
        ("550 5.7.1 [AM4PEPF00025F95.prod.outlook.com 08DCAF99A3203CA8]", "550 5.7.1 [*]"),
        ("550 5.7.1 said: 550 5.7.26 no", "550 5.7.1 said: 550 5.7.26 no"),
        ("452 4.3.1 id 4F2A71B2C3, 6ba7b810-9dad-11d1-80b4-00c04fd430c8", "452 4.3.1 id *"),
    ],
)
def test_template_masks_what_varies_and_nothing_else(diag: str, expected: str) -> None:
    assert template(diag) == expected


@given(st.integers(0, 255), st.integers(10**5, 10**9), st.integers(1, 99))
def test_one_cause_is_one_template(octet: int, number: int, count: int) -> None:
    seen = template(f"smtp;421 4.7.1 [192.0.2.{octet}] id {number:x}q{number} too many ({count}) mx{octet}.a.example")
    assert seen == "421 4.7.1 [*] id * too many (*) *"


@given(st.text(max_size=900))
def test_template_takes_any_text(text: str) -> None:
    assert len(template(text)) <= TEMPLATE_LENGTH
    assert "\n" not in template(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('550 <nobody@corp.example>: user "nobody" unknown', '550 <…@corp.example>: user "…" unknown'),
        ('to "ab"@x.example and c+d=e@x.example.', "to …@x.example and …@x.example."),
        ("al@a.example is not al", "…@a.example is not al"),  # two letters are too often a word
        ("at 5 pm @ home", "at 5 pm @ home"),
        ("nobodyelse nobody@a.example", "nobodyelse …@a.example"),
    ],
)
def test_local_parts_are_masked(text: str, expected: str) -> None:
    assert mask_local_parts(text) == expected


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (_GMAIL, "421 4.7.0"),
        ("421 RP-001 (SN1) Unfortunately, some messages from 192.0.2.41 weren't sent.", "421 RP-001"),
        ("smtp;421 4.7.0 [TSS04] Messages from 192.0.2.21 temporarily deferred", "421 4.7.0 TSS04"),
        ("550 5.7.1 messages from [192.0.2.41] weren't sent (S3140).", "550 5.7.1 S3140"),
        ("no code at all", ""),
    ],
)
def test_a_reply_is_named_as_people_name_it(reply: str, expected: str) -> None:
    assert name_of(reply) == expected
