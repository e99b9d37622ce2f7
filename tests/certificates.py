"""Certificates that a test makes for itself: an authority that nobody else knows, and what it signs."""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Certificates:
    """An authority of our own, and what it has signed: PEM files, the key before the certificate."""

    ca: Path
    server: Path
    client: Path


def certificates(folder: Path) -> Certificates:
    """Made anew, for this machine's own address only."""
    key, name = ec.generate_private_key(ec.SECP256R1()), _name("an authority")
    authority = _signed(name, name, key, key, x509.BasicConstraints(ca=True, path_length=0))
    made = Certificates(folder / "ca.pem", folder / "server.pem", folder / "client.pem")
    made.ca.write_bytes(authority.public_bytes(Encoding.PEM))
    for path in (made.server, made.client):
        own = ec.generate_private_key(ec.SECP256R1())
        address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        certificate = _signed(_name(path.stem), name, own, key, address)
        private = own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    return made


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _signed(
    subject: x509.Name,
    issuer: x509.Name,
    own: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    more: x509.ExtensionType,
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(issuer, subject, own.public_key(), x509.random_serial_number())
    return (
        builder.not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(more, critical=isinstance(more, x509.BasicConstraints))
        .sign(signer, hashes.SHA256())
    )
