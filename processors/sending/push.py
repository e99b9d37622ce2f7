"""Web Push: a message that only the browser can read (RFC 8291), sent in our name (RFC 8292) through its service."""

import base64
import os
import time
from urllib.parse import urlsplit

import orjson
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from domain.notice.recipient import Delivery, Notice
from infra.outbound import Refused
from processors.sending.hooks import Call

KEPT = 86_400  # seconds that the service keeps it for a device that is away (RFC 8030, 5.2)
GOOD_FOR = 12 * 3_600  # seconds; a day at most (RFC 8292, 2)
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256


class Vapid:
    """The key pair by which push services know this installation. It hangs on the secret."""

    def __init__(self, seed: bytes, contact: str) -> None:
        """`seed`: 32 bytes; `contact`: an e-mail address, for whoever runs a push service."""
        self._key = ec.derive_private_key(int.from_bytes(seed) % (_ORDER - 1) + 1, ec.SECP256R1())
        self._contact = contact
        self._tokens: dict[str, tuple[float, str]] = {}

    @property
    def public(self) -> str:
        """What a browser is told to subscribe with: `applicationServerKey`."""
        point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return _text(point)

    def authorization(self, endpoint: str) -> str:
        parts = urlsplit(endpoint)
        origin = f"{parts.scheme}://{parts.netloc}"
        until, token = self._tokens.get(origin, (0.0, ""))
        if until < time.time() + GOOD_FOR / 2:
            until = time.time() + GOOD_FOR
            claims = {"aud": origin, "exp": int(until), "sub": f"mailto:{self._contact}"}
            from joserfc import jwt  # here, as below: only the sender signs and seals, and all load this file
            from joserfc.jwk import ECKey

            token = jwt.encode({"alg": "ES256", "typ": "JWT"}, claims, ECKey.import_key(self._key))
            if len(self._tokens) > 100:
                self._tokens.clear()
            self._tokens[origin] = until, token
        return f"vapid t={token}, k={self.public}"


def push_call(vapid: Vapid, delivery: Delivery, notice: Notice) -> Call:
    """Raises Refused for keys that no browser has given. A later one of the same notice replaces what still waits."""
    import http_ece

    told = {
        "notice_id": notice.notice,
        "subject": notice.subject,
        "text": notice.text,
        "link": notice.link,
        "urgent": notice.urgent,
    }
    body = orjson.dumps(told)[:3_000]  # the service takes 4,096 bytes (RFC 8030, 7.2); texts of ours are short
    try:
        receiver, auth = (_bytes(each) for each in delivery.keys.split("."))
        sealed = http_ece.encrypt(
            body,
            salt=os.urandom(16),
            private_key=ec.generate_private_key(ec.SECP256R1()),
            dh=receiver,
            auth_secret=auth,
            version="aes128gcm",
        )
    except (ValueError, http_ece.ECEException) as error:
        raise Refused("these are no keys of a browser") from error
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Encoding": "aes128gcm",
        "TTL": str(KEPT),
        "Urgency": "high" if notice.urgent else "normal",
        "Topic": _text(notice.notice.bytes),
        "Authorization": vapid.authorization(delivery.address),
    }
    return Call(delivery.address, headers, sealed)


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
