"""What a message is: the text a person wrote, a file, a deleted message, or words of the app."""

import re
from dataclasses import replace
from datetime import datetime

from producers.chat_export.entries import Entry, ExportedMessage, Kind, SystemLine
from producers.chat_export.headers import without_marks

# The words of the app, in the languages whose exports we have seen, without capitals, brackets and full stop.

OMITTED = {
    "media omitted": Kind.MEDIA,
    "medien ausgeschlossen": Kind.MEDIA,
    "multimedia omitido": Kind.MEDIA,
    "médias omis": Kind.MEDIA,
    "media omessi": Kind.MEDIA,
    "mídia oculta": Kind.MEDIA,
    "media weggelaten": Kind.MEDIA,
    "без медиафайлов": Kind.MEDIA,
    "تم استبعاد الوسائط": Kind.MEDIA,
    "image omitted": Kind.PHOTO,
    "bild weggelassen": Kind.PHOTO,
    "imagen omitida": Kind.PHOTO,
    "image absente": Kind.PHOTO,
    "immagine omessa": Kind.PHOTO,
    "imagem ocultada": Kind.PHOTO,
    "video omitted": Kind.VIDEO,
    "video weggelassen": Kind.VIDEO,
    "video omitido": Kind.VIDEO,
    "video omesso": Kind.VIDEO,
    "gif omitted": Kind.VIDEO,
    "gif weggelassen": Kind.VIDEO,
    "gif omitido": Kind.VIDEO,
    "audio omitted": Kind.VOICE,
    "audio weggelassen": Kind.VOICE,
    "audio omitido": Kind.VOICE,
    "audio omesso": Kind.VOICE,
    "sticker omitted": Kind.STICKER,
    "sticker weggelassen": Kind.STICKER,
    "sticker omitido": Kind.STICKER,
    "sticker non incluso": Kind.STICKER,
    "document omitted": Kind.DOCUMENT,
    "dokument weggelassen": Kind.DOCUMENT,
    "documento omitido": Kind.DOCUMENT,
    "documento omesso": Kind.DOCUMENT,
    "contact card omitted": Kind.CONTACT,
    "kontaktkarte ausgelassen": Kind.CONTACT,
    "live location shared": Kind.LOCATION,
}
DELETED = {
    "this message was deleted",
    "you deleted this message",
    "diese nachricht wurde gelöscht",
    "du hast diese nachricht gelöscht",
    "se eliminó este mensaje",
    "eliminaste este mensaje",
    "ce message a été supprimé",
    "vous avez supprimé ce message",
    "questo messaggio è stato eliminato",
    "hai eliminato questo messaggio",
    "mensagem apagada",
    "esta mensagem foi apagada",
    "تم حذف هذه الرسالة",
    "הודעה זו נמחקה",
}
DELETED_BY_ADMIN = "this message was deleted by admin"
_EDITED = {"this message was edited", "diese nachricht wurde bearbeitet", "se editó este mensaje"}
_KINDS = {
    Kind.PHOTO: ("jpg", "jpeg", "png", "heic", "gif"),
    Kind.VIDEO: ("mp4", "mov", "3gp", "webm"),
    Kind.VOICE: ("opus", "ogg", "m4a", "mp3", "aac", "amr", "wav"),
    Kind.STICKER: ("webp",),
    Kind.CONTACT: ("vcf",),
}
_KIND_BY_SUFFIX = {suffix: kind for kind, suffixes in _KINDS.items() for suffix in suffixes}

_APP = "\u200e"  # iPhones put this mark before all the app's words; Androids before the names of files
_NAME = re.compile(r"([^\n]{1,128}?):(?:[^\S\n]|(?=\n)|$)(.*)", re.DOTALL)
_FILE = r"[^\n/\\:]+\.\w{1,8}"  # never a path
_TAG = re.compile(rf"\s?({_APP}?)<([^<>\n]{{1,255}})>\s*$")
_ATTACHED = re.compile(rf"([^:]{{1,40}}): ?({_FILE})")
_FILE_IN_FRONT = re.compile(rf"({_APP}?)({_FILE}) \(([^()\n]{{1,40}})\)")
_NAMED_BY_PHONE = re.compile(r"[A-Z]{3}-\d{8}-WA\d{4,}\.\w+")
_PAGES = re.compile(rf"([^\n•]+) • {_APP}[^\n]*")
_LOCATION = re.compile(r"[^\n:]{1,40}: https?://maps\.google\.com/\?q=\S+")


def interpret(line: int, at: datetime, text: str, *, marked: bool) -> Entry:
    """What the text after a header stands for; `marked` if the phone marks the words of the app, as iPhones do."""
    author, body = _author(text)
    if author is None:
        return SystemLine(line, at, without_marks(text))
    plain, attachment, edited = _tags(body)
    message = ExportedMessage(line, at, author, plain.removeprefix(_APP), edited=edited)
    if attachment is not None:
        return replace(message, text=_caption(message.text)[0], kind=_kind(attachment), attachment=attachment)
    words = _words(plain)
    if words in DELETED or words.startswith(DELETED_BY_ADMIN):
        return replace(message, text="", deleted=True)
    first, _, below = plain.partition("\n")
    file = _FILE_IN_FRONT.fullmatch(first)
    if file is not None and (file[1] or file[3] == "file attached" or _NAMED_BY_PHONE.fullmatch(file[2])):
        return replace(message, text=below, kind=_kind(file[2]), attachment=file[2])
    if (omitted := OMITTED.get(_words(first))) is not None:
        return replace(message, text=below, kind=omitted)
    before, _, last = message.text.rpartition(_APP)
    if before and (omitted := OMITTED.get(_words(last))) is not None:
        caption, name = _caption(before.strip())
        return replace(message, text=caption, kind=omitted, attachment=name)
    if _LOCATION.fullmatch(message.text):
        return replace(message, kind=Kind.LOCATION)
    if marked and body.startswith(_APP) and not first.endswith(":"):  # below a heading such as "POLL:" people speak
        return SystemLine(line, at, without_marks(body), author)
    return message


def _author(text: str) -> tuple[str | None, str]:
    """The name before the first colon. In an open quotation there is none: that colon belongs to a group's title."""
    split = _NAME.match(text)
    name = without_marks(split[1]).removeprefix("~").strip() if split else ""
    quoting = name.count('"') % 2 or name.count("“") > name.count("”") or name.count("«") > name.count("»")
    return (name, split[2]) if split and name and not quoting else (None, text)


def _tags(body: str) -> tuple[str, str | None, bool]:
    """The text before the tags an export puts behind it, the file that one names, and whether another says "edited"."""
    text, attachment, edited = body, None, False
    while tag := _TAG.search(text):
        before, by_app, inside = text[: tag.start()], tag[1], tag[2]
        attached = _ATTACHED.fullmatch(inside)
        if attached and (by_app or attached[1] == "attached"):
            attachment = attached[2]
        elif before and (by_app or _words(inside) in _EDITED):
            edited = True
        else:
            break
        text = before
    return text, attachment, edited


def _caption(text: str) -> tuple[str, str | None]:
    """The text with a file; if it is what iPhones say of a document, its name and pages, then no text but that name."""
    pages = _PAGES.fullmatch(text)
    return ("", pages[1]) if pages else (text, None)


def _words(phrase: str) -> str:
    return without_marks(phrase).strip("<>").rstrip(".").lower()


def _kind(file: str) -> Kind:
    if file.startswith("STK-") or "-STICKER-" in file:
        return Kind.STICKER
    return _KIND_BY_SUFFIX.get(file.rpartition(".")[2].lower(), Kind.DOCUMENT)
