"""When a credential ends, read from itself: only to explain a refusal, and to not send what is dead."""

from __future__ import annotations

import base64
import json
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

_UTC_TIME, _GENERALIZED_TIME, _VERSION = 0x17, 0x18, 0xA0
_FORMAT: Final = "%Y%m%d%H%M%SZ"


def certificate_expiry(pem: bytes) -> datetime | None:
    """The notAfter of the first certificate in ``pem`` (RFC 5280 §4.1.2.5); None where it tells none."""
    begin, end = pem.find(b"-----BEGIN CERTIFICATE-----"), pem.find(b"-----END CERTIFICATE-----")
    try:
        der = ssl.PEM_cert_to_DER_cert(pem[begin : end + len(b"-----END CERTIFICATE-----")].decode())
        (_, certificate), *_ = _elements(der)
        (_, signed), *_ = _elements(certificate)
        _serial, _algorithm, _issuer, (_, validity), *_ = (e for e in _elements(signed) if e[0] != _VERSION)
        _, (tag, encoded), *_ = _elements(validity)
        text = encoded.decode()
        if tag == _UTC_TIME:
            text = ("19" if text[:2] >= "50" else "20") + text
        return datetime.strptime(text, _FORMAT).replace(tzinfo=UTC)
    except (ValueError, IndexError):
        return None


def _elements(der: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of the DER elements in ``der``, one level deep."""
    at = 0
    while at < len(der):
        tag, length = der[at], der[at + 1]
        at += 2
        if length & 0x80:
            size = length & 0x7F
            length = int.from_bytes(der[at : at + size])
            at += size
        yield tag, der[at : at + length]
        at += length


def token_expiry(token: str) -> datetime | None:
    """The ``exp`` claim of a JWT (RFC 7519), unverified; None for any other token."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return datetime.fromtimestamp(float(claims["exp"]), UTC)
    except (ValueError, KeyError, TypeError, OverflowError, OSError):
        return None
