"""Mail as files in a folder: what one machine does where no server is set."""

import asyncio
import re
from pathlib import Path

from infra.outbound import Mail
from infra.post.message import message_of


class Folder:
    """One `.eml` a mail, named after its id: sent again, it is the same file."""

    def __init__(self, folder: Path, sender: str) -> None:
        self._folder, self._sender = folder, sender

    async def send(self, mail: Mail) -> None:
        await asyncio.to_thread(self._write, mail)

    def _write(self, mail: Mail) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = re.sub(r"[^\w.@-]", "_", mail.id)
        made = self._folder / f".{name}.part"
        made.touch(mode=0o600)
        made.write_bytes(message_of(mail, self._sender).as_bytes())
        made.rename(self._folder / f"{name}.eml")
