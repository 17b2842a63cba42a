"""A webhook goes to public addresses, and to networks of the operator's own; never where a name may lead it."""

import datetime
import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from quietus.webhooks.addresses import NoAddress, resolve
from quietus.webhooks.posting import post
from tests.webhooks.receiver import Receiver

OWN = [ipaddress.ip_network("127.0.0.0/8")]
INSIDE = [
    "127.0.0.1", "127.1.2.3", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "169.254.1.1",
    "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "192.0.2.1", "198.18.0.1", "224.0.0.1",
    "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1",
    "2001:db8::1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1",
    "64:ff9b:1::1",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_what_is_inside_is_refused(address: str) -> None:
    with pytest.raises(NoAddress, match="refused_address"):
        resolve(address, 443, [], encrypted=True)


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1", "017700000001", "localhost"])
def test_other_ways_to_write_it_are_refused_too(host: str) -> None:
    with pytest.raises(NoAddress):
        resolve(host, 443, [], encrypted=True)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:93.184.215.14"])
def test_public_addresses_are_fine(address: str) -> None:
    assert resolve(address, 443, [], encrypted=True)


def test_http_is_for_own_networks_only() -> None:
    with pytest.raises(NoAddress, match="not_https"):
        resolve("93.184.215.14", 80, [], encrypted=False)
    assert resolve("127.0.0.1", 80, OWN, encrypted=False) == ["127.0.0.1"]
    with pytest.raises(NoAddress, match="refused_address"):
        resolve("10.0.0.1", 80, OWN, encrypted=False)


def test_a_name_nobody_has_is_told_apart() -> None:
    with pytest.raises(NoAddress, match="not_resolved"):
        resolve("nobody.invalid", 443, [], encrypted=True)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., list[str]]]:
    """Makes a name lead to these addresses, one list for each time it is asked; what was asked is kept."""
    real = socket.getaddrinfo

    def lead(name: str, *answers: list[str]) -> list[str]:
        asked: list[str] = []

        def answer(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
            if host != name:
                return real(host, port, *rest, **more)
            asked.append(host)
            found = answers[min(len(asked), len(answers)) - 1]
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

        monkeypatch.setattr(socket, "getaddrinfo", answer)
        return asked

    yield lead


def test_a_name_that_leads_to_both_sides_is_refused(names: Callable[..., list[str]]) -> None:
    names("mixed.example", ["93.184.215.14", "10.0.0.1"])
    with pytest.raises(NoAddress, match="refused_address"):
        resolve("mixed.example", 443, [], encrypted=True)


def test_a_name_that_changes_its_mind_is_not_asked_twice(names: Callable[..., list[str]]) -> None:
    receiver = Receiver()
    asked = names("rebinding.example", ["127.0.0.1"], ["10.255.255.1"])
    answer = post(receiver.url("rebinding.example"), {}, "{}", timeout=2, networks=OWN)
    receiver.stop()
    assert (answer.reason, len(asked)) == (None, 1)
    assert receiver.told[0].headers["host"] == f"rebinding.example:{receiver.server_port}"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and certificate of `hooks.example`, signed by itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hooks.example")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hooks.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "hooks.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(private + made.public_bytes(pem))
    return file


@pytest.fixture
def secure(certificate: Path) -> Iterator[Receiver]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    receiver = Receiver(context)
    yield receiver
    receiver.stop()


def test_a_certificate_that_nobody_vouches_for_is_refused(secure: Receiver, names: Callable[..., list[str]]) -> None:
    names("hooks.example", ["127.0.0.1"])
    assert post(secure.url("hooks.example"), {}, "{}", timeout=2, networks=OWN).reason == "tls"
    assert secure.told == []


def test_a_certificate_must_bear_the_name(
    secure: Receiver, names: Callable[..., list[str]], certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    names("hooks.example", ["127.0.0.1"])
    assert post(secure.url("hooks.example"), {}, "{}", timeout=2, networks=OWN).reason is None
    names("other.example", ["127.0.0.1"])
    assert post(secure.url("other.example"), {}, "{}", timeout=2, networks=OWN).reason == "tls"
    assert len(secure.told) == 1


def test_a_second_address_is_tried_where_the_first_is_dead(names: Callable[..., list[str]]) -> None:
    receiver = Receiver()
    names("two.example", ["127.0.0.9", "127.0.0.1"])
    answer = post(receiver.url("two.example"), {}, "{}", timeout=2, networks=OWN)
    receiver.stop()
    assert answer.reason is None
