"""Which addresses a webhook may go to: public ones, and the networks that the operator named."""

import ipaddress
import socket
from collections.abc import Sequence
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# public by their numbers for some version of Python, and yet a cloud's own servers or the way into a network
INSIDE: Final = tuple(
    map(ipaddress.ip_network, ("168.63.129.16", "192.0.0.0/24", "192.88.99.0/24", "100.64.0.0/10", "64:ff9b:1::/48"))
)
# IPv6 addresses that a gateway turns into the IPv4 address at their end
NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


class NoAddress(Exception):
    """Nobody may be asked there; the message is a reason for the list of deliveries."""


def resolve(host: str, port: int, networks: Sequence[Network], *, encrypted: bool) -> list[str]:
    """The addresses of a host, in the order of the resolver, every one of them allowed. Raises NoAddress.

    What comes back is what must be connected to: asking again could give another answer (DNS rebinding). One
    address that is not allowed refuses the host: an honest name does not lead to both sides.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NoAddress("not_resolved") from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for text in addresses:
        if not _named(text, networks):
            if not _public(ipaddress.ip_address(text)):
                raise NoAddress("refused_address")
            if not encrypted:
                raise NoAddress("not_https")
    return addresses


def _named(text: str, networks: Sequence[Network]) -> bool:
    address = ipaddress.ip_address(text)
    return any(address.version == network.version and address in network for network in networks)


def _public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        inside = address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])
        if address in NAT64:
            inside = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inside:
            return _public(inside)
        if address.scope_id is not None or address.is_site_local:
            return False
    if any(address.version == network.version and address in network for network in INSIDE):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved
