"""Certificates (pure): the house's own authority, its servers' and its devices' certificates, and the list of revoked ones.

The authority and the servers have P-256 keys, which browsers take; a device has the Ed25519 key that it signs its batches
with. A device's common name is its name in the house: the broker takes it as the user name (RFC 5280; mosquitto.conf(5)).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509 import Certificate
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from central.errors import SecretError
from protocols.errors import BadSignature
from protocols.signing import PublicKey

AUTHORITY_LASTS = timedelta(days=3650)
SERVER_LASTS = timedelta(days=397)  # more than 398 days is refused by browsers
CLOCKS_DIFFER = timedelta(minutes=10)
RENEWED_WITH_LEFT = 1 / 3  # of its life


@dataclass(frozen=True)
class Signer:
    """The authority: who signs certificates, and with which key."""

    certificate: Certificate
    key: EllipticCurvePrivateKey


@dataclass(frozen=True)
class Revoked:
    """A certificate that is worth nothing any more."""

    serial: int
    revoked_at: datetime


def new_key() -> EllipticCurvePrivateKey:
    """A fresh key for the authority or a server."""
    return generate_private_key(SECP256R1())


def new_authority(name: str, now: datetime) -> Signer:
    """A self-signed authority that may sign certificates of servers and devices, and nothing below them."""
    key, who = new_key(), _named(name)
    built = _begun(who, who, now, AUTHORITY_LASTS).public_key(key.public_key())
    built = built.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    built = built.add_extension(_usage(signs_certificates=True), critical=True)
    built = built.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    return Signer(built.sign(key, SHA256()), key)


def server_certificate(signer: Signer, key: EllipticCurvePrivateKey, names: Sequence[str], now: datetime) -> Certificate:
    """For the broker and the console, good for these host names and addresses."""
    built = _begun(_named("tallyhouse"), signer.certificate.subject, now, SERVER_LASTS).public_key(key.public_key())
    alternatives = x509.SubjectAlternativeName([_general(name) for name in names])
    built = built.add_extension(alternatives, critical=False)
    return _leaf(signer, built, ExtendedKeyUsageOID.SERVER_AUTH)


def device_certificate(signer: Signer, device: str, key: PublicKey, now: datetime, lasts: timedelta) -> Certificate:
    """For the device of that name and key."""
    built = _begun(_named(device), signer.certificate.subject, now, lasts).public_key(key)
    return _leaf(signer, built, ExtendedKeyUsageOID.CLIENT_AUTH)


def revocation_list(signer: Signer, revoked: Iterable[Revoked], now: datetime) -> bytes:
    """The list that the broker refuses by, in PEM form. It ends with the authority: an expired list would lock all out."""
    built = x509.CertificateRevocationListBuilder(issuer_name=signer.certificate.subject)
    built = built.last_update(now - CLOCKS_DIFFER).next_update(signer.certificate.not_valid_after_utc)
    for one in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(one.serial).revocation_date(one.revoked_at)
        built = built.add_revoked_certificate(entry.build())
    return built.sign(signer.key, SHA256()).public_bytes(Encoding.PEM)


def requested_key(request: str) -> PublicKey:
    """The key of a certificate request (PEM) whose sender holds its private half; its names count for nothing.

    Raises BadSignature.
    """
    try:
        read = x509.load_pem_x509_csr(request.encode())
        key = read.public_key()
        is_genuine = read.is_signature_valid
    except (ValueError, UnsupportedAlgorithm, InvalidSignature, x509.InvalidVersion) as error:
        raise BadSignature(f"not a certificate request in PEM form: {error}") from error
    if not isinstance(key, Ed25519PublicKey) or not is_genuine:
        raise BadSignature("the certificate request must be of an Ed25519 key, and signed by it")
    return key


def read_certificate(pem: bytes) -> Certificate:
    """The first certificate in `pem`. Raises SecretError."""
    try:
        return x509.load_pem_x509_certificate(pem)
    except (ValueError, x509.InvalidVersion) as error:
        raise SecretError(
            f"not a certificate in PEM form: {error}; restore the file, or run: tallyhouse tls init"
        ) from error


def read_key(pem: bytes) -> EllipticCurvePrivateKey:
    """The P-256 key in `pem`. Raises SecretError."""
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SecretError(f"not a private key in PEM form: {error}; restore the file from a backup") from error
    if not isinstance(key, EllipticCurvePrivateKey):
        raise SecretError("the key is not an elliptic one; restore the file from a backup")
    return key


def key_pem(key: EllipticCurvePrivateKey) -> bytes:
    """PKCS#8 PEM, to be stored with mode 0600."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def certificate_pem(certificate: Certificate) -> bytes:
    """PEM."""
    return certificate.public_bytes(Encoding.PEM)


def alternatives(certificate: Certificate) -> list[str]:
    """The host names and addresses that a server certificate is good for."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [str(name.value) for name in names]


def is_due(certificate: Certificate, now: datetime) -> bool:
    """Whether less than a third of its life is left."""
    lasts = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    return certificate.not_valid_after_utc - now < lasts * RENEWED_WITH_LEFT


def _begun(subject: x509.Name, issuer: x509.Name, now: datetime, lasts: timedelta) -> x509.CertificateBuilder:
    built = x509.CertificateBuilder(issuer_name=issuer, subject_name=subject, serial_number=x509.random_serial_number())
    return built.not_valid_before(now - CLOCKS_DIFFER).not_valid_after(now + lasts)


def _leaf(signer: Signer, built: x509.CertificateBuilder, purpose: x509.ObjectIdentifier) -> Certificate:
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key())
    built = built.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    built = built.add_extension(_usage(signs_certificates=False), critical=True)
    built = built.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    return built.add_extension(identifier, critical=False).sign(signer.key, SHA256())


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _named(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
