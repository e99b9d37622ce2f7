"""What of the notices hangs on the installation's secret: codes by mail, links that stop mails, keys of webhooks."""

import base64
import hmac
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID


@dataclass(frozen=True, slots=True)
class NoticeKeys:
    """Nothing of it is stored: it is made again wherever it is needed."""

    codes: bytes
    webhooks: bytes
    stops: bytes

    def code(self, person: str, address: str) -> str:
        """What proves that somebody reads the mail of an address: 100 bits, easy to type."""
        made = hmac.digest(self.codes, f"{person}\x1f{address}".encode(), sha256)
        return base64.b32encode(made)[:20].decode()

    def code_hash(self, code: str) -> bytes:
        """What is kept of a code, in whatever way it was typed."""
        return hmac.digest(self.codes, "".join(code.split()).upper().replace("-", "").encode(), sha256)

    def stop(self, person: str, category: str) -> str:
        """What proves that a link to stop mails was made here: for this person and category, and for nothing else."""
        made = hmac.digest(self.stops, f"{person}\x1f{category}".encode(), sha256)
        return base64.urlsafe_b64encode(made[:18]).decode()

    def webhook(self, webhook: UUID) -> bytes:
        """What the calls of a webhook are signed with."""
        return hmac.digest(self.webhooks, webhook.bytes, sha256)

    def shown(self, webhook: UUID) -> str:
        """The same as the receiver's library takes it (Standard Webhooks)."""
        return f"whsec_{base64.b64encode(self.webhook(webhook)).decode()}"
