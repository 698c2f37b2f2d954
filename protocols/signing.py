"""Ed25519 over the bytes exactly as sent: batches, twins, model releases (RFC 8032).

There is no canonical form: whoever checks a signature checks the bytes that came and decodes them afterwards.
"""

from base64 import b64decode, b64encode

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.hazmat.primitives.serialization import load_pem_private_key as _load_pem

from protocols.errors import BadSignature

DOES_NOT_FIT = "the signature does not fit these bytes and the key on record"

PrivateKey = Ed25519PrivateKey
PublicKey = Ed25519PublicKey


def new_key() -> PrivateKey:
    """A fresh private key."""
    return Ed25519PrivateKey.generate()


def private_pem(key: PrivateKey) -> bytes:
    """PKCS#8 PEM, to be stored with mode 0600."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def private_key(pem: bytes) -> PrivateKey:
    """The key of a PEM file. Raises BadSignature when it holds anything but an Ed25519 private key."""
    try:
        key = _load_pem(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadSignature(f"not a private key in PEM form: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise BadSignature("the key is not Ed25519: make one with `tallyhouse device add`")
    return key


def public_text(key: PrivateKey | PublicKey) -> str:
    """The public key as base64 of its 32 raw bytes: what files and the database hold."""
    public = key.public_key() if isinstance(key, Ed25519PrivateKey) else key
    return b64encode(public.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def public_key(text: str) -> PublicKey:
    """The key of `public_text`. Raises BadSignature."""
    try:
        return Ed25519PublicKey.from_public_bytes(b64decode(text, validate=True))
    except ValueError as error:
        raise BadSignature(f"not the base64 of a 32-byte Ed25519 public key: {error}") from error


def sign(key: PrivateKey, payload: bytes) -> str:
    """Base64 signature of `payload`, as it goes into the user property `sig`."""
    return b64encode(key.sign(payload)).decode()


def verify(key: PublicKey, payload: bytes, signature: str | None) -> None:
    """Raises BadSignature unless `signature` is that of `payload` by the owner of `key`."""
    if not signature:
        raise BadSignature("no signature: the user property 'sig' is missing")
    try:
        key.verify(b64decode(signature, validate=True), payload)
    except (InvalidSignature, ValueError) as error:
        raise BadSignature(DOES_NOT_FIT) from error
