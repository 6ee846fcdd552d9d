import random
import time
from typing import Any

import pytest

from gero.kit import Invalid
from gero.traces import Trace, captured, check_redaction, redaction
from gero.traces.capture import BUILT_IN


def redacted(text: str, *patterns: str) -> str:
    trace = captured(Trace("t", "inference", "", input=text), content=True, redact=patterns or BUILT_IN)
    return trace.input


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("email", "write to ann.o'neil+x@mail.example.co.uk.", "write to [email]."),
        ("email", "<größe@exämple.de>,a@b.io", "<[email]>,[email]"),
        ("email", "user@localhost and @somebody", "user@localhost and @somebody"),
        ("phone", "call +49 (30) 1234-567 or (555) 123-4567!", "call [phone] or [phone]!"),
        ("phone", "030/1234567, 06 12 34 56 78, 555-1234, 5552345678", "[phone], [phone], [phone], [phone]"),
        ("phone", "0044 20 7946 0958; 1-800-555-0199", "[phone]; [phone]"),
        ("phone", "on 2026-01-05, 05.01.2026 12:30, 1700000000", "on 2026-01-05, 05.01.2026 12:30, 1700000000"),
        ("phone", "1.234.567 of 19.99, 10.0.0.12, 2019-2020 2021", "1.234.567 of 19.99, 10.0.0.12, 2019-2020 2021"),
        ("phone", "550e8400-e29b-41d4-a716-446655440000", "550e8400-e29b-41d4-a716-446655440000"),
        ("card", "4111 1111 1111 1111 12/27, 378282246310005.", "[card] 12/27, [card]."),
        ("card", "4111-1111-1111-1112 and 4111 1111 1111", "4111-1111-1111-1112 and 4111 1111 1111"),
        ("iban", "to DE89 3704 0044 0532 0130 00 or gb82west12345698765432", "to [iban] or [iban]"),
        ("iban", "DE88 3704 0044 0532 0130 00", "DE88 3704 0044 0532 0130 00"),
        ("ip", "192.168.0.1, ::1, 2001:db8::1.", "[ip], [ip], [ip]."),
        (
            "ip",
            "999.1.1.1 v1.2.3.4 12:30:45 std::vector 1.2.3.4.5",
            "999.1.1.1 v1.2.3.4 12:30:45 std::vector 1.2.3.4.5",
        ),
        ("secret", "sk-proj-abcdefghijklmnop1234 AKIAIOSFODNN7EXAMPLE", "[secret] [secret]"),
        ("secret", "Authorization: Bearer abc.def-123456", "Authorization: Bearer [secret]"),
        ("secret", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "[secret]"),
        ("secret", 'password="hunter22", api_key: 0a1b2c3d4e', 'password="[secret]", api_key: [secret]'),
        ("secret", "postgres://me:hunter22@db/x", "postgres://me:[secret]@db/x"),
        ("secret", "-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY----- x", "[secret] x"),
        ("secret", "the secretary: Johnson; a password is required; sk-1", None),
    ],
)
def test_built_in_patterns_find_what_they_are_for_and_leave_what_only_looks_like_it(
    pattern: str, text: str, expected: str | None
) -> None:
    assert redacted(text, pattern) == (text if expected is None else expected)


def test_what_several_find_in_one_place_is_named_once_by_the_one_that_knows_best() -> None:
    assert redacted("4111 1111 1111 1111") == "[card]"
    assert redacted("from 192.168.0.1 with ann@x.io") == "from [ip] with [email]"
    assert redacted("EMP-123 ann@x.io", "email", r"EMP-\d+", r"\w+@") == "[redacted] [email]"


def test_patterns_of_ones_own_are_replaced_wherever_they_are() -> None:
    assert redacted("EMP-1, emp-22 and EMP-x", r"(?i)emp-\d+") == "[redacted], [redacted] and EMP-x"


WHOLE: dict[str, Any] = {
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": "I am ann@x.io"}, {"type": "image_url", "n": 1}]},
        {"role": "assistant", "tool_calls": [{"function": {"arguments": '{"to": "ann@x.io"}'}}]},
    ],
    "parameters": {"temperature": 0.5, "user": "ann@x.io", "tools": [{"description": "mail ann@x.io"}]},
    "tool_calls": [{"function": {"arguments": '{"to": "ann@x.io"}'}}],
    "metadata": {"ann@x.io": {"deep": [["ann@x.io"]]}, "phone": 4915112345678, "vip": True, "n": 3},
    "expected": ["ann@x.io", "other"],
    "output": "ann@x.io",
    "reason": "because of ann@x.io",
    "error": "refused for ann@x.io",
    "judge_error": "about ann@x.io",
}


def test_every_text_of_a_trace_is_searched_at_any_depth() -> None:
    trace = captured(Trace("t", "inference", "", input="ann@x.io", **WHOLE), content=True, redact=["email"])
    assert trace.content == "redacted"
    assert "ann" not in str(trace)
    assert trace.metadata == {"[email]": {"deep": [["[email]"]]}, "phone": 4915112345678, "vip": True, "n": 3}
    assert trace.parameters
    assert trace.parameters["temperature"] == 0.5
    assert trace.tool_calls == [{"function": {"arguments": '{"to": "[email]"}'}}]


def test_numbers_that_say_what_a_text_must_not_say_become_texts() -> None:
    trace = captured(Trace("t", "manual", "", metadata={"card": 4111111111111111}), content=True, redact=["card"])
    assert trace.metadata == {"card": "[card]"}


def test_where_nothing_is_found_a_trace_is_the_same() -> None:
    trace = Trace("t", "inference", "", input="hello", metadata={"n": 1})
    assert captured(trace, content=True, redact=["email", "x{9}"]) is trace
    assert captured(trace, content=True, redact=[]) is trace


def test_without_content_only_figures_and_errors_stay() -> None:
    trace = Trace("t", "inference", "now", input="secret", score=1, tokens_in=7, model="m", fallback_for="p", **WHOLE)
    kept = captured(trace, content=False, redact=["email"])
    assert (kept.content, kept.score, kept.tokens_in, kept.model, kept.error) == ("left out", 1, 7, "m", trace.error)
    assert (kept.input, kept.output, kept.messages, kept.expected, kept.reason, kept.tool_calls) == ("", *[None] * 5)
    assert kept.parameters == {"temperature": 0.5}
    assert kept.metadata == {"phone": 4915112345678, "vip": True, "n": 3}


def test_what_is_nested_too_deeply_is_left_out() -> None:
    deep: Any = "ann@x.io"
    for _ in range(3000):
        deep = [deep]
    kept = captured(Trace("t", "inference", "", metadata={"deep": deep}), content=True, redact=["email"])
    assert kept.content == "redacted"
    assert "left out" in str(kept.metadata)


def test_what_would_take_too_long_is_left_out_and_never_kept_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    long = "ann " * 500_000
    kept = captured(Trace("t", "inference", "", input=long, output="ann"), content=True, redact=["(a+n?)+n"])
    assert (kept.input, kept.output, kept.content) == ("[left out]", "[redacted]", "redacted")
    monkeypatch.setattr(redaction, "_MAX_SECONDS", -1)
    kept = captured(Trace("t", "inference", "", input="ann", error="ann"), content=True, redact=["ann"])
    assert (kept.input, kept.content, kept.error) == ("", "left out", "left out")
    kept = captured(Trace("t", "inference", "", input="ann"), content=True, redact=["("])
    assert kept.input == "", "a pattern that is none, however it came here"


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("adress", None),
        ("(", "not a regular expression"),
        (r"(a)\1", "a back reference"),
        ("(?<=a)b", "looking ahead or behind"),
        ("a*", "matches nothing"),
        ("", "matches nothing"),
        ("a" * 501, "longer than 500"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_refused_by_name(pattern: str, why: str | None) -> None:
    if why is None:
        check_redaction(["email", pattern])
        return
    with pytest.raises(Invalid, match=why) as refused:
        check_redaction(["email", pattern])
    assert refused.value.details["field"] == "redact"
    assert repr(pattern[:50])[1:-1] in refused.value.message


HOSTILE = [
    *("a", "@", "a@", "a.", "x@a.", "@a", "1 ", "12 ", "1-", "1", "1.", "0 ", "00 ", "+", "(", "(1", "+1 "),
    *("4111 ", "411-1111 ", "AB12 ", "AB12", "AB12A ", ":", "a:", "1:1: ", "::", ":: ", "1.1.1.1 "),
    *("eyJ", "eyJaaaaaaaa", "eyJaaaaaaaa.", "sk-", "sk-a ", "Bearer ", "bearer x", "api_key=", "password is "),
    *("://a:", "://aaaaaaaaa:", "-----BEGIN PRIVATE KEY-----", "-----BEGIN ", "secret_", "SG.", "SG.aaaaaaaaaaaaaaaa."),
]


@pytest.mark.parametrize("unit", HOSTILE)
def test_built_in_patterns_take_time_in_proportion_to_the_text(unit: str) -> None:
    search = redaction.of(BUILT_IN)

    def seconds(length: int) -> float:
        text = (unit * length)[:length]
        started = time.process_time()
        search.text(text, float("inf"))
        return time.process_time() - started

    small = min(seconds(8_000) for _ in range(2))
    assert seconds(64_000) < 24 * max(small, 0.002), "eight times the text, with room for a busy machine"


def test_anything_at_all_can_be_searched() -> None:
    draw = random.Random(7)
    alphabet = "aA1@.:+-()/ \n\t_=\"'éßж語😀\x00٣" + "sk-Bearer "
    for _ in range(300):
        text = "".join(draw.choices(alphabet, k=200))
        once = redacted(text)
        assert once == text or "[" in once
