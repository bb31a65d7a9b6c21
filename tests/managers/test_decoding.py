from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from licstats.managers.decoding import decode


def test_utf8_is_decoded() -> None:
    assert decode("    fjällström ws01 :0 (v1.0)\n".encode()) == "    fjällström ws01 :0 (v1.0)\n"


def test_a_latin1_line_does_not_spoil_the_utf8_lines_around_it() -> None:
    data = "grün\n".encode() + "grün\n".encode("latin-1") + "žluť\n".encode()
    assert decode(data) == "grün\ngrün\nžluť\n"


def test_nul_is_replaced_and_a_byte_order_mark_is_dropped() -> None:
    assert decode(b"\xef\xbb\xbfa\0b\n") == "a\N{REPLACEMENT CHARACTER}b\n"


def test_a_file_of_a_windows_shell_is_utf16() -> None:
    assert decode("Users of a:\r\n".encode("utf-16")) == "Users of a:\r\n"


def test_an_odd_utf16_file_is_still_decoded() -> None:
    assert decode(b"\xff\xfea") == "ÿþa"


@given(st.binary(max_size=200))
def test_any_bytes_are_decoded_and_no_line_is_lost(data: bytes) -> None:
    text = decode(data)
    assert "\0" not in text
    if not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        assert text.count("\n") == data.count(b"\n")
