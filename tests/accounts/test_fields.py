"""E-mail addresses and names: what is kept, and what is refused in words."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quietus.accounts import fields


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  Alice@Example.ORG ", "alice@example.org"),
        ("admin@localhost", "admin@localhost"),
        ("ward@clinic.local", "ward@clinic.local"),
        ("a@b.test", "a@b.test"),
        ("jose\u0301@example.org", "jos\u00e9@example.org"),
        ("alice@EXÄMPLE.org", "alice@exämple.org"),
        ("alice@xn--exmple-cua.org", "alice@exämple.org"),
    ],
)
def test_an_address_is_kept_in_one_form(given: str, kept: str) -> None:
    assert fields.email_address(given) == kept


@pytest.mark.parametrize(
    "text",
    ["", "alice", "alice@", "@example.org", "a b@example.org", "a\x00@example.org", "a\ud800@example.org",
     "a@b@c.org", "alice@example..org", '"a b"@example.org', "alice@[127.0.0.1]", "a\n@example.org",
     "a@" + "b." * 200 + "org", "Alice <alice@example.org>"],
)  # fmt: skip
def test_what_is_no_address_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(ValueError, match=r"^This is not an e-mail address\.$"):
        fields.email_address(text)


@given(
    st.one_of(st.emails(), st.text(max_size=40), st.builds("{}@{}".format, st.text(max_size=20), st.text(max_size=20)))
)
def test_any_text_is_either_refused_or_already_in_its_final_form(text: str) -> None:
    try:
        kept = fields.email_address(text)
    except ValueError:
        return
    assert fields.email_address(kept) == kept == kept.lower()
    assert fields.email_address(text.upper()) == kept or text.upper().lower() != text.lower()
    assert len(kept) <= 255


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  Alice \n  Example ", "Alice Example"),
        ("Jose\u0301", "Jos\u00e9"),
        ("李雷", "李雷"),
        ("نیم\u200cفاصله", "نیم\u200cفاصله"),
    ],
)
def test_a_name_is_kept_as_people_write_it(given: str, kept: str) -> None:
    assert fields.full_name(given) == kept


@pytest.mark.parametrize(
    "text", ["", "a", "  ", "12", "a" * 121, "Al\x00ice", "Al\ud800ice", "\u202eecilA", "Al\x1bice", "\ue000\ue001"]
)
def test_a_name_that_cannot_be_shown_or_said_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="name"):
        fields.full_name(text)


@given(st.text(max_size=130))
def test_a_kept_name_can_always_be_stored(text: str) -> None:
    try:
        kept = fields.full_name(text)
    except ValueError:
        return
    assert 2 <= len(kept) <= 120
    assert kept.encode()
    assert "\x00" not in kept
    assert unicodedata.is_normalized("NFC", kept)


@pytest.mark.parametrize("text", ["", "Alice", "alice example", "a" * 41, "a_b", "a\n", "ä"])
def test_a_tokens_name_has_no_room_for_personal_text(text: str) -> None:
    with pytest.raises(ValueError, match="small letters"):
        fields.token_name(text)
