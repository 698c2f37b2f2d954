"""What can be wrong with words on the wire.

ProtocolError
├─ BadIdentifier    a site, device, camera, location or SKU breaks the grammar: rename it
├─ BadTopic         a topic is not part of the tree: publish on one that `protocols/topics.py` builds
├─ Oversized        a payload is larger than the contract allows: split it
├─ Unreadable       bytes that are not the message they claim to be: fix the sender
├─ UnknownKind      a known message in a major version that this code does not speak: upgrade the reader
├─ BadSignature     bytes that were not signed by the key on record: re-enrol the device or look for an intruder
├─ BadClaim         a claim code or fingerprint that was copied wrongly: copy it again
└─ BadProfile       a register map that contradicts itself, or registers that do not fit it: fix the TOML or the wiring
"""


class ProtocolError(Exception):
    """Anything said on the wire that the contract does not allow."""


class BadIdentifier(ProtocolError):
    """An identifier breaks its grammar."""


class BadTopic(ProtocolError):
    """A topic that the contract does not know."""


class Oversized(ProtocolError):
    """A payload above the limit of its topic."""


class Unreadable(ProtocolError):
    """Bytes that cannot be decoded into the message they claim to be."""


class UnknownKind(ProtocolError):
    """A message name that is known, in a major version that is not."""


class BadSignature(ProtocolError):
    """A signature is missing, malformed or does not fit bytes and key."""


class BadClaim(ProtocolError):
    """A claim code or a fingerprint is not one."""


class BadProfile(ProtocolError):
    """A sensor profile contradicts itself, or registers do not fit it."""
