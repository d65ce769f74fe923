"""A throw-away certificate for ``127.0.0.1``, made at start and forgotten at stop.

kubectl sends no bearer token over plain HTTP (client-go ``IsConfigTransportTLS``), so the demo needs
TLS. The standard library cannot make certificates; one self-signed P-256 certificate is a little
arithmetic (SEC 1, FIPS 186-5) and a little DER (RFC 5280, RFC 5480). The key guards invented data
on loopback for the life of one process: do not reuse this for anything else (it is not constant
time).
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import ipaddress
import os
import secrets
import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from msgspec import Struct

# NIST P-256 (SEC 2, 2.4.2)
_P: Final = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
_N: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_G: Final = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
Point = tuple[int, int] | None  # None is the point at infinity


class Certificate(Struct, frozen=True):
    """PEM texts of a self-signed certificate and its private key."""

    certificate: str
    key: str

    def server_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        handle, name = tempfile.mkstemp(prefix="epview-demo-")  # 0600; ssl reads keys from files only
        try:
            with os.fdopen(handle, "w") as file:
                file.write(self.certificate + self.key)
            context.load_cert_chain(name)
        finally:
            with contextlib.suppress(OSError):
                Path(name).unlink()
        return context


def make_certificate(address: str = "127.0.0.1") -> Certificate:
    """A new key and a certificate for one IP address, valid from yesterday for a year."""
    private = secrets.randbelow(_N - 1) + 1
    public = _public_bytes(private)
    body = _to_be_signed(public, address)
    der = _sequence(body, _ALGORITHM, _bits(_sign(private, body)))
    key = _sequence(
        _integer(1),
        _tlv(0x04, private.to_bytes(32, "big")),
        _tlv(0xA0, _CURVE),
        _tlv(0xA1, _bits(public)),
    )
    return Certificate(_pem("CERTIFICATE", der), _pem("EC PRIVATE KEY", key))


# -- the curve -----------------------------------------------------------------------------------


def _add(a: Point, b: Point) -> Point:
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and (a[1] + b[1]) % _P == 0:
        return None
    if a == b:
        slope = 3 * (a[0] * a[0] - 1) * pow(2 * a[1], -1, _P) % _P  # 3x² + a, with a = -3
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, _P) % _P
    x = (slope * slope - a[0] - b[0]) % _P
    return x, (slope * (a[0] - x) - a[1]) % _P


def _multiply(factor: int, point: Point) -> tuple[int, int]:
    result: Point = None
    while factor:
        if factor & 1:
            result = _add(result, point)
        point = _add(point, point)
        factor >>= 1
    assert result is not None  # factors lie between 1 and n - 1
    return result


def _public_bytes(private: int) -> bytes:
    x, y = _multiply(private, _G)
    return b"\x04" + x.to_bytes(32, "big") + y.to_bytes(32, "big")


def _sign(private: int, message: bytes) -> bytes:
    """ECDSA with SHA-256, as DER."""
    digest = int.from_bytes(hashlib.sha256(message).digest(), "big")
    while True:
        nonce = secrets.randbelow(_N - 1) + 1
        r = _multiply(nonce, _G)[0] % _N
        s = pow(nonce, -1, _N) * (digest + r * private) % _N
        if r and s:
            return _sequence(_integer(r), _integer(s))


# -- DER -----------------------------------------------------------------------------------------


def _tlv(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def _sequence(*parts: bytes) -> bytes:
    return _tlv(0x30, b"".join(parts))


def _integer(value: int) -> bytes:
    return _tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _bits(content: bytes) -> bytes:
    return _tlv(0x03, b"\x00" + content)


def _oid(dotted: str) -> bytes:
    first, second, *rest = (int(part) for part in dotted.split("."))
    encoded = bytes((first * 40 + second,))
    for part in rest:
        groups = [part & 0x7F]
        while part := part >> 7:
            groups.append(part & 0x7F | 0x80)
        encoded += bytes(reversed(groups))
    return _tlv(0x06, encoded)


_CURVE: Final = _oid("1.2.840.10045.3.1.7")  # prime256v1
_ALGORITHM: Final = _sequence(_oid("1.2.840.10045.4.3.2"))  # ecdsa-with-SHA256


def _to_be_signed(public: bytes, address: str) -> bytes:
    name = _sequence(
        _tlv(0x31, _sequence(_oid("2.5.4.3"), _tlv(0x0C, b"epview demo")))  # commonName
    )
    now = datetime.now(UTC)
    key_info = _sequence(_sequence(_oid("1.2.840.10045.2.1"), _CURVE), _bits(public))
    return _sequence(
        _tlv(0xA0, _integer(2)),  # version 3
        _integer(secrets.randbits(120) | 1),
        _ALGORITHM,
        name,
        _sequence(_time(now - timedelta(days=1)), _time(now + timedelta(days=365))),
        name,
        key_info,
        _tlv(0xA3, _sequence(*_extensions(public, address))),
    )


def _time(moment: datetime) -> bytes:
    return _tlv(0x17, moment.strftime("%y%m%d%H%M%SZ").encode())


def _extensions(public: bytes, address: str) -> list[bytes]:
    """Its own authority and a server at once: what strict verifiers ask of a self-signed one."""
    key_id = hashlib.sha1(public, usedforsecurity=False).digest()
    return [
        _extension("2.5.29.14", _tlv(0x04, key_id)),  # subjectKeyIdentifier
        _extension("2.5.29.35", _sequence(_tlv(0x80, key_id))),  # authorityKeyIdentifier
        _extension("2.5.29.19", _sequence(_tlv(0x01, b"\xff")), critical=True),  # basicConstraints: CA
        _extension("2.5.29.15", _tlv(0x03, b"\x02\x84"), critical=True),  # digitalSignature, keyCertSign
        _extension("2.5.29.37", _sequence(_oid("1.3.6.1.5.5.7.3.1"))),  # serverAuth
        _extension("2.5.29.17", _sequence(_tlv(0x87, ipaddress.ip_address(address).packed))),
    ]


def _extension(oid: str, value: bytes, *, critical: bool = False) -> bytes:
    mark = _tlv(0x01, b"\xff") if critical else b""
    return _sequence(_oid(oid), mark, _tlv(0x04, value))


def _pem(label: str, der: bytes) -> str:
    text = base64.encodebytes(der).decode().replace("\n", "")
    lines = "\n".join(text[start : start + 64] for start in range(0, len(text), 64))
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n"
