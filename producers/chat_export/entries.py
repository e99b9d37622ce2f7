"""What an exported chat is made of: what people sent, and what the app noted by itself."""

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid5


class Kind(StrEnum):
    TEXT = "text"
    PHOTO = "photo"
    VIDEO = "video"
    VOICE = "voice"
    DOCUMENT = "document"
    STICKER = "sticker"
    LOCATION = "location"
    CONTACT = "contact"
    MEDIA = "media"  # left out by an Android phone, which does not tell what it was


@dataclass(frozen=True, slots=True)
class ExportedMessage:
    """What a person sent.

    `line` counts from 1; `at` is in UTC and as exact as the file, to the second or the minute; `text` is the caption
    where something else was sent; `attachment` is a file's name, never a path, where the export tells it; `ordinal`
    counts the equal messages before this one in the same second or minute.
    """

    line: int
    at: datetime
    author: str
    text: str
    kind: Kind = Kind.TEXT
    attachment: str | None = None
    deleted: bool = False
    edited: bool = False
    ordinal: int = 0

    @property
    def key(self) -> UUID:
        """The same for the same message in every export of the chat, so that importing again adds nothing."""
        return _key(self.author, self.at, self.kind, self.text, self.attachment, self.deleted, self.ordinal)


@dataclass(frozen=True, slots=True)
class SystemLine:
    """What the app noted: somebody was added, a call was missed. `author` is whom the phone names before it."""

    line: int
    at: datetime
    text: str
    author: str | None = None
    ordinal: int = 0

    @property
    def key(self) -> UUID:
        """The same for the same note in every export of the chat."""
        return _key(self.author, self.at, "system", self.text, self.ordinal)


Entry = ExportedMessage | SystemLine

_KEYS = UUID("5d3a3c5e-2f0f-5f0b-9c1a-6c1f2c9be0d7")  # never changes: the keys of all imported messages hang on it


def _key(author: str | None, at: datetime, *rest: str | int | None) -> UUID:
    return uuid5(_KEYS, json.dumps([author, at.isoformat(), *rest]))
