"""Reads the file a phone writes when a WhatsApp-like chat is exported: any size, any usual date, message by message."""

from producers.chat_export.dates import AmbiguousDates, Layout, detect
from producers.chat_export.entries import Entry, ExportedMessage, Kind, SystemLine
from producers.chat_export.headers import DateOrder
from producers.chat_export.lines import UnreadableExport, open_export, read_lines
from producers.chat_export.reading import parse, read_export

__all__ = [
    "AmbiguousDates",
    "DateOrder",
    "Entry",
    "ExportedMessage",
    "Kind",
    "Layout",
    "SystemLine",
    "UnreadableExport",
    "detect",
    "open_export",
    "parse",
    "read_export",
    "read_lines",
]
