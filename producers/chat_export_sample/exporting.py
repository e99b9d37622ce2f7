"""Writes a conversation down as the phones do, and says for every entry what a reader must make of it."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from producers.chat_export.entries import Entry, ExportedMessage, Kind, SystemLine
from producers.chat_export_sample.conversation import ZONE, Group, Noted, Said

_LRM = "\u200e"
_FILES = {
    Kind.PHOTO: "PHOTO-{}.jpg",
    Kind.VIDEO: "VIDEO-{}.mp4",
    Kind.VOICE: "AUDIO-{}.opus",
    Kind.STICKER: "STICKER-{}.webp",
}


class Phone(StrEnum):
    ANDROID = "android"  # "10/3/23, 9:15 PM - Ann: text", without the media
    IPHONE = "iphone"  # "[03/10/2023, 21:15:07] Ann: text", with the media


def export(said: Iterable[Said | Noted], group: Group, phone: Phone) -> Iterator[tuple[str, Entry]]:
    """Pieces of the file, which put together are the whole, and the entry each of them stands for."""
    write: Callable[[Said | Noted, Group, int], tuple[str, Entry]] = _android if phone is Phone.ANDROID else _iphone
    line = 1
    equals = Counter[Entry]()
    for number, item in enumerate(said, start=1):
        piece, entry = write(item, group, number)
        ordinal = equals[entry]
        equals[entry] += 1
        yield piece, replace(entry, line=line, ordinal=ordinal)
        line += piece.count("\n")


def _android(item: Said | Noted, group: Group, number: int) -> tuple[str, Entry]:
    clock = item.at.astimezone(ZONE)
    half = "AM" if clock.hour < 12 else "PM"
    header = f"{clock.month}/{clock.day}/{clock:%y}, {clock.hour % 12 or 12}:{clock:%M}\u202f{half} - "
    at = item.at.replace(second=0)
    if isinstance(item, Noted):
        return f"{header}{item.text}\n", SystemLine(0, at, item.text)
    entry = ExportedMessage(0, at, item.author.name, item.text, item.kind, None, item.deleted, item.edited)
    body = item.text
    if item.deleted:
        body = "This message was deleted"
    elif item.edited:
        body += " <This message was edited>"
    elif item.kind is Kind.LOCATION:
        body = f"location: https://maps.google.com/?q={item.name}"
        entry = replace(entry, text=body)
    elif item.kind is Kind.CONTACT:
        body = f"{_LRM}{item.name}.vcf (file attached)"
        entry = replace(entry, attachment=f"{item.name}.vcf")
    elif item.kind is not Kind.TEXT:
        below = item.text or item.name
        body = f"<Media omitted>\n{below}" if below else "<Media omitted>"
        entry = replace(entry, text=below, kind=Kind.MEDIA)
    return f"{header}{item.author.name}: {body}\n", entry


def _iphone(item: Said | Noted, group: Group, number: int) -> tuple[str, Entry]:
    clock = item.at.astimezone(ZONE)
    header = f"[{clock:%d/%m/%Y, %H:%M:%S}] "
    if isinstance(item, Noted):
        author = item.author.name if item.author else group.title
        return f"{header}{_written(author)}: {_LRM}{item.text}\r\n", SystemLine(0, item.at, item.text, author)
    entry = ExportedMessage(0, item.at, item.author.name, item.text, item.kind, None, item.deleted, item.edited)
    body = item.text
    if item.deleted:
        body = f"{_LRM}This message was deleted."
    elif item.edited:
        body += f" {_LRM}<This message was edited>"
    elif item.kind is Kind.LOCATION:
        entry = replace(entry, text=f"Location: https://maps.google.com/?q={item.name}")
        body = _LRM + entry.text
    elif item.kind is not Kind.TEXT:
        entry = replace(entry, attachment=f"{number:08}-{_file(item, clock)}")
        about = f"{item.name} • {_LRM}3 pages" if item.kind is Kind.DOCUMENT else item.text
        body = f"{about} {_LRM}<attached: {entry.attachment}>".lstrip()
        header = _LRM + header
    return f"{header}{_written(item.author.name)}: {body}\r\n", entry


def _file(item: Said, clock: datetime) -> str:
    if item.kind in _FILES:
        return _FILES[item.kind].format(f"{clock:%Y-%m-%d-%H-%M-%S}")
    return f"{item.name}.vcf" if item.kind is Kind.CONTACT else item.name


def _written(name: str) -> str:
    """Numbers that are no contact's are kept from running the wrong way and from breaking at a line's end."""
    return "\u202a" + name.replace(" ", "\u00a0") + "\u202c" if name.startswith("+") else name
