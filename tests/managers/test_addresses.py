from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licstats.managers.addresses import share_a_machine
from licstats.managers.base import AddressError
from licstats.managers.registry import MANAGERS

FLEXNET, LMX = MANAGERS["flexnet"], MANAGERS["lmx"]


@pytest.mark.parametrize(
    "address",
    ["27000@lic1", "@lic1", "27000@lic-1.example.com", "27000@10.0.0.7", "27000@[2001:db8::7]", "1@lic_1"],
)
def test_addresses_of_one_machine(address: str) -> None:
    assert FLEXNET.check_address(address) == address
    assert FLEXNET.check_address(f" {address} ") == address


LABEL = "a" * 63
HOST = f"{LABEL}.{LABEL}.{LABEL}.{'a' * 61}"  # of 253 characters


@pytest.mark.parametrize(
    "host",
    [LABEL, HOST, "a", "_", "a_b", "a--b", "lic1.", "1a", "3com.example", "10.0.0.255", "[::]", "[::ffff:1.2.3.4]"],
)
def test_hosts_that_there_may_be(host: str) -> None:
    for port in ("1", "65535", ""):
        assert FLEXNET.check_address(f"{port}@{host}") == f"{port}@{host}"


@pytest.mark.parametrize(
    ("host", "says"),
    [
        (f"{LABEL}a", "not a host name"),
        (f"{HOST}a", "not a host name"),
        (f"{HOST[:-1]}.a", "not a host name"),
        ("a..b", "not a host name"),
        (".a", "not a host name"),
        ("-a", "not a host name"),
        ("a-", "not a host name"),
        ("a-.b", "not a host name"),
        ("10.0.0", "not an IPv4 address"),
        ("10.0.0.0.1", "not an IPv4 address"),
        ("10.0.0.256", "not an IPv4 address"),
        ("1234", "not an IPv4 address"),
        ("[::1", "not a host name"),
        ("::1]", "not a host name"),
        ("::1", "not a host name"),
        ("[]", "not an IPv6 address"),
        ("\u0430bc", "not a host name"),  # the first letter is Cyrillic
        ("a\u202eb", "not a host name"),
    ],
)
def test_hosts_that_there_cannot_be(host: str, says: str) -> None:
    with pytest.raises(AddressError, match=says):
        FLEXNET.check_address(f"1@{host}")


@pytest.mark.parametrize("port", ["0", "65536", "99999", "000001", "+1", "-1", "1.0", "0x1", "\u0661", "²"])
def test_ports_that_there_cannot_be(port: str) -> None:
    with pytest.raises(AddressError, match="is not a port, which is a number from 1 to 65535"):
        FLEXNET.check_address(f"{port}@lic1")


@pytest.mark.parametrize("triad", [("27000@a", "27000@b", ""), ("", "", ""), ("27000@a", "x@b", "27000@c")])
def test_the_part_of_a_triad_that_is_wrong_is_named(triad: tuple[str, ...]) -> None:
    with pytest.raises(AddressError) as raised:
        FLEXNET.check_address(",".join(triad))
    wrong = next(part for part in triad if not part.startswith("27000"))
    assert str(raised.value).startswith(f"'{wrong}' is not an address: ")
    assert str(raised.value).endswith("or for a redundant triad 27000@host1,27000@host2,27000@host3.")


def test_an_address_has_500_characters_at_most() -> None:
    longest = ",".join(f"1@{letter * 60}.{letter * 60}.{letter * 41}" for letter in "abc") + "ccc"
    assert len(FLEXNET.check_address(longest)) == 500
    with pytest.raises(AddressError, match="The address has 501 characters, more than 500"):
        FLEXNET.check_address(longest + "z")


def test_a_triad_has_three_machines() -> None:
    assert FLEXNET.check_address("27000@a, 27000@b ,27001@c") == "27000@a,27000@b,27001@c"
    for address in ("27000@a,27000@b", "27000@a,27000@b,27000@c,27000@d"):
        with pytest.raises(AddressError, match="a redundant triad has three"):
            FLEXNET.check_address(address)
    with pytest.raises(AddressError, match="names a machine twice"):
        FLEXNET.check_address("27000@a,27000@A,27000@c")


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("", "no @"),
        ("lic1", "no @"),
        ("27000@", "host is missing"),
        ("x@lic1", "'x' is not a port"),
        ("0@lic1", "'0' is not a port"),
        ("65536@lic1", "'65536' is not a port"),
        ("٣@lic1", "is not a port"),
        ("27000@-c", "not a host name"),
        ("-c@lic1", "not a port"),
        ("27000@lic1;reboot", "not a host name"),
        ("27000@$(reboot)", "not a host name"),
        ("27000@lic 1", "not a host name"),
        ("27000@lic1\n", "not a host name"),
        ("27000@/etc/license.dat", "not a host name"),
        ("27000@lic1@lic2", "not a host name"),
        ("27000@10.0.0.999", "not an IPv4 address"),
        ("27000@[::g]", "not an IPv6 address"),
        ("27000@[fe80::1%eth0]", "not an IPv6 address"),
        ("27000@" + "a" * 600, "more than 500"),
    ],
)
def test_what_is_wrong_is_named_and_what_would_be_right(address: str, says: str) -> None:
    with pytest.raises(AddressError) as raised:
        FLEXNET.check_address(address)
    assert says in str(raised.value)
    assert "27000@host" in str(raised.value)


def test_lmx_needs_a_port() -> None:
    assert LMX.check_address("6200@lic1") == "6200@lic1"
    with pytest.raises(AddressError, match=r"the port is missing\. Right would be 6200@host"):
        LMX.check_address("@lic1")


@pytest.mark.parametrize(
    ("address", "other", "shared"),
    [
        ("27000@us", "27000@us", True),
        ("27000@US.", " 27000@us ", True),
        ("027000@us", "27000@us", True),
        ("27000@us", "27001@us", False),
        ("27000@us", "27000@us2", False),
        ("@us", "27000@us", True),
        ("27009@us", "@us", True),
        ("@us", "@us", True),
        ("@us", "6200@us", False),
        ("27000@a,27000@us,27000@c", "27000@us", True),
        ("27000@c", "27000@a, 27000@b, 27000@C", True),
        ("27000@a,27000@b,27000@c", "27000@d,27000@e,27000@f", False),
        ("27000@[2001:db8::7]", "27000@[2001:0DB8:0::7]", True),
        ("nonsense", "27000@us", False),
    ],
)
def test_addresses_with_a_machine_in_common(address: str, other: str, shared: bool) -> None:
    assert share_a_machine(address, other) is shared
    assert share_a_machine(other, address) is shared


def test_commands_are_argument_lists() -> None:
    assert FLEXNET.command("status", "/opt/lmutil", "27000@a") == ["/opt/lmutil", "lmstat", "-a", "-c", "27000@a"]
    assert FLEXNET.command("catalogue", "lmutil", "@a") == ["lmutil", "lmstat", "-i", "-c", "@a"]
    assert LMX.command("status", "lmx", "6200@a") == ["lmx", "-licstat", "-host", "a", "-port", "6200"]
    hal = "6200@a,6200@b,6200@c"
    assert LMX.command("status", "lmx", hal) == ["lmx", "-licstat", "-hal", hal]


@given(st.text(max_size=40))
def test_whatever_gets_through_is_plain(text: str) -> None:
    try:
        address = FLEXNET.check_address(text)
    except AddressError:
        return
    assert not address.startswith("-")
    assert not set(address) & set(" \t\n;|&$`'\"<>(){}*?\\/")
    assert FLEXNET.check_address(address) == address
