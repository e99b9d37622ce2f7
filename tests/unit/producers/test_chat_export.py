"""The reader of exported chats against lines that phones have written, arbitrary text, and input that is no export."""

import io
import tracemalloc
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from producers.chat_export import (
    AmbiguousDates,
    DateOrder,
    Entry,
    ExportedMessage,
    Kind,
    SystemLine,
    UnreadableExport,
    detect,
    parse,
    read_export,
    read_lines,
)
from producers.chat_export.bodies import DELETED, DELETED_BY_ADMIN, OMITTED
from producers.chat_export.headers import header

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YEAR = datetime(2023, 12, 31, 20, 15, tzinfo=UTC)
DAY_FIRST, MONTH_FIRST, YEAR_FIRST = DateOrder.DAY_FIRST, DateOrder.MONTH_FIRST, DateOrder.YEAR_FIRST


def read(export: str | bytes, order: DateOrder | None = None, zone: ZoneInfo = BERLIN) -> list[Entry]:
    data = export.encode() if isinstance(export, str) else export
    layout = detect(read_lines(io.BytesIO(data)), order)
    return list(parse(read_lines(io.BytesIO(data)), zone=zone, layout=layout))


def message(body: str) -> ExportedMessage:
    (entry,) = read(body)
    assert isinstance(entry, ExportedMessage)
    return entry


def texts(entries: list[Entry]) -> list[str]:
    return [entry.text for entry in entries]


# Dates and times.


@pytest.mark.parametrize(
    ("line", "seconds"),
    [
        ("12/31/23, 9:15 PM - Ann: hi", 0),
        ("12/31/23, 9:15\u202fPM - Ann: hi", 0),
        ("12/31/23, 9:15\u00a0pm - Ann: hi", 0),
        ("12/31/2023, 21:15 - Ann: hi", 0),
        ("31/12/2023, 21:15 - Ann: hi", 0),
        ("31/12/2023 21:15 - Ann: hi", 0),
        ("31/12/2023, 21:15 – Ann: hi", 0),
        ("31.12.23, 21:15 - Ann: hi", 0),
        ("31.12.2023 21.15 - Ann: hi", 0),
        ("31. 12. 2023 21:15 - Ann: hi", 0),
        ("31-12-2023 21:15 - Ann: hi", 0),
        ("31/12/2023 9:15 p.\u00a0m. - Ann: hi", 0),
        ("31/12/2023, 9:15 p.m. - Ann: hi", 0),
        ("2023-12-31, 21:15 - Ann: hi", 0),
        ("2023/12/31, 21:15 - Ann: hi", 0),
        ("2023/12/31 下午9:15 - Ann: hi", 0),
        ("2023. 12. 31. 21:15 - Ann: hi", 0),
        ("23/12/31, 21:15 - Ann: hi\n24/01/02, 8:00 - Ann: later\n24/02/08, 8:00 - Ann: latest", 0),
        ("[31/12/2023, 21:15:07] Ann: hi", 7),
        ("\u200e[31/12/2023, 21:15:07] Ann: hi", 7),
        ("\ufeff[31/12/2023, 21:15:07] Ann: hi", 7),
        ("[31/12/2023, 21:15:07] Ann: hi\r", 7),
        ("[31.12.23, 21:15:07] Ann: hi", 7),
        ("[12/31/23, 9:15:07\u202fPM] Ann: hi", 7),
        ("[2023-12-31, 9:15:07 PM] Ann: hi", 7),
        ("[31.12.2023 klo 21.15.07] Ann: hi", 7),
        ("[31.12.2023, 9:15:07 אחה״צ] Ann: hi", 7),
        ("\u200f[٣١\u200f/١٢\u200f/٢٠٢٣، ٩:١٥:٠٧ م] Ann: hi", 7),
        ("٣١\u200f/١٢\u200f/٢٠٢٣، ٢١:١٥ - Ann: hi", 0),
        ("۳۱/۱۲/۲۰۲۳، ۲۱:۱۵ - Ann: hi", 0),
        ("३१/१२/२०२३, ९:१५ pm - Ann: hi", 0),
    ],
)
def test_headers_of_many_countries(line: str, seconds: int) -> None:
    first, *_ = read(line)
    assert isinstance(first, ExportedMessage)
    assert (first.line, first.author, first.text) == (1, "Ann", "hi")
    assert first.at == NEW_YEAR.replace(second=seconds)


@pytest.mark.parametrize(
    ("written", "hour"),
    [("12:00 AM", 0), ("0:30 AM", 0), ("11:59 AM", 11), ("12:00 PM", 12), ("0:30 PM", 12), ("1:00 PM", 13)],
)
def test_twelve_hour_clock(written: str, hour: int) -> None:
    (entry,) = read(f"12/31/23, {written} - Ann: hi", zone=ZoneInfo("UTC"))
    assert entry.at.hour == hour


def test_hour_that_the_clock_shows_twice() -> None:
    shown = ("01:59", "02:10", "02:50", "02:20", "02:30", "03:00")
    autumn = "".join(f"29/10/2023, {time} - Ann: hi\n" for time in shown)
    assert [f"{entry.at:%H:%M}" for entry in read(autumn)] == ["23:59", "00:10", "00:50", "01:20", "01:30", "02:00"]


@pytest.mark.parametrize(
    ("dates", "order"),
    [
        (["05/06/2023", "13/06/2023"], DAY_FIRST),
        (["05/06/2023", "06/13/2023"], MONTH_FIRST),
        (["2023/05/06"], YEAR_FIRST),
        (["30/05/2023", "01/06/2023"], DAY_FIRST),
        (["05.06.23", "30.06.23"], DAY_FIRST),
        (["11/06/2023", "12/06/2023", "01/07/2023"], DAY_FIRST),  # only this way does time run forward
        (["06/11/2023", "06/12/2023", "07/01/2023"], MONTH_FIRST),
        (["05/06/2023", "04/06/2023", "05/06/2023"], DAY_FIRST),  # a message may arrive late, but not by a month
        (["06/06/2023", "07/07/2023"], DAY_FIRST),  # the same days in both orders
        (["13/06/2023", "11/06/2023", "01/06/2023"], DAY_FIRST),  # out of order, but the 13th decides
    ],
)
def test_order_of_dates_is_found(dates: list[str], order: DateOrder) -> None:
    assert detect([f"{date}, 10:00 - Ann: hi" for date in dates]).order is order


def test_ambiguous_dates_ask_for_the_order() -> None:
    export = "05/06/2023, 10:00 - Ann: hi\n06/07/2023, 10:00 - Ann: ho\n"
    with pytest.raises(AmbiguousDates, match=r'^line 1: "05/06/2023, 10:00" .* --date-order mdy$') as caught:
        read(export)
    assert caught.value.orders == (DAY_FIRST, MONTH_FIRST)
    assert [entry.at.month for entry in read(export, DAY_FIRST)] == [6, 7]
    assert [entry.at.month for entry in read(export, MONTH_FIRST)] == [5, 6]


def test_dates_without_a_common_order() -> None:
    export = "31/12/2023, 10:00 - Ann: hi\n12/31/2023, 10:00 - Ann: ho\n"
    with pytest.raises(UnreadableExport, match='"12/31/2023, 10:00" on line 2 is not day/month/year') as caught:
        read(export)
    assert '"31/12/2023, 10:00" on line 1 is not month/day/year' in caught.value.problem


@pytest.mark.parametrize("time", ["13:00 PM", "23:15 AM", "9:60 PM"])
def test_hours_that_a_twelve_hour_clock_does_not_have(time: str) -> None:
    with pytest.raises(UnreadableExport, match="is impossible"):
        read(f"12/31/23, {time} - Ann: hi")


@pytest.mark.parametrize("stamp", ["31/02/2023, 10:00", "01/13/2023, 10:00", "01/01/2566, 10:00", "01/01/2023, 25:00"])
def test_a_time_that_never_was_is_named(stamp: str) -> None:
    with pytest.raises(UnreadableExport, match=r"^line 2: .* expected a date as day/month/year") as caught:
        read(f"31/01/2023, 10:00 - Ann: hi\n{stamp} - Ann: ho\n", DAY_FIRST)
    assert (caught.value.line, stamp in caught.value.problem) == (2, True)


# Messages.


def test_file_order_and_equal_messages_within_a_minute() -> None:
    entries = read("31/12/2023, 21:15 - Ann: ok\n31/12/2023, 21:15 - Bob: ok\n31/12/2023, 21:15 - Ann: ok\n")
    assert [(e.line, e.author, e.ordinal) for e in entries] == [(1, "Ann", 0), (2, "Bob", 0), (3, "Ann", 1)]
    assert len({entry.key for entry in entries}) == 3


def test_keys_do_not_depend_on_the_file() -> None:
    lines = [f"{day}/12/2023, 21:15 - Ann: {text}\n" for day in (13, 14, 15) for text in ("ok", "ok", "really?", "ok")]
    older, newer = read("".join(lines[:8])), read("".join(lines[4:]))
    assert [entry.key for entry in older[4:]] == [entry.key for entry in newer[:4]]
    assert len({entry.key for entry in older + newer}) == len(lines)


def test_keys_never_change() -> None:
    """Were this to fail, everybody who imports again would get everything twice."""
    assert message("31/12/2023, 21:15 - Ann: hi").key == UUID("fac04903-214b-587b-a3d7-c45f54f7f4d8")
    assert read("31/12/2023, 21:15 - Ann left")[0].key == UUID("18d456ff-0821-5ee4-8462-706a2e16d038")


def test_messages_of_many_lines() -> None:
    export = "31/12/2023, 21:15 - Ann: buy:\n- milk\n\n- 12/24 eggs\n31/12/2023, 21:16 - Bob: \nback\u2028now\x0b\n"
    assert texts(read(export)) == ["buy:\n- milk\n\n- 12/24 eggs", "\nback\u2028now\x0b"]


def test_crlf() -> None:
    assert texts(read("31/12/2023, 21:15 - Ann: one\r\ntwo\r\n31/12/2023, 21:16 - Bob:\r\n")) == ["one\ntwo", ""]


@pytest.mark.parametrize(
    "pasted",
    ["[31/12/2023, 21:15:07] Bob: hi", "31.12.23, 21:15 - Bob: hi", "12/31/23, 9:15 PM - Bob: hi", "21:15 - Bob: hi"],
)
def test_a_header_of_another_shape_is_text(pasted: str) -> None:
    assert texts(read(f"31/12/2023, 21:15 - Ann: you wrote\n{pasted}")) == [f"you wrote\n{pasted}"]


@pytest.mark.parametrize(
    ("written", "author", "text"),
    [
        ("Ann: note: bring: milk", "Ann", "note: bring: milk"),
        ("Ann: 10:30 it is", "Ann", "10:30 it is"),
        ("Ann:", "Ann", ""),
        ("Ann: ", "Ann", ""),
        ("Ann:  two spaces", "Ann", " two spaces"),
        ("a:b: hi", "a:b", "hi"),
        ("\u202a+49\u00a0176\u00a004069012\u202c: hi", "+49 176 04069012", "hi"),
        ("~\u202fAnn: hi", "Ann", "hi"),
        ('Ann "Bee" C: hi', 'Ann "Bee" C', "hi"),
        ("ليلى حداد: مرحبا", "ليلى حداد", "مرحبا"),
        ("\u200fליאת\u200f: \u200fשלום", "ליאת", "\u200fשלום"),
        ("प्रिया: @\u2068Ann\u2069 नमस्ते", "प्रिया", "@\u2068Ann\u2069 नमस्ते"),
        ("Ann: https://example.org/?a=1", "Ann", "https://example.org/?a=1"),
        ("Ann: a <b> c", "Ann", "a <b> c"),
        ("Ann: look <here>", "Ann", "look <here>"),
    ],
)
def test_authors_and_texts(written: str, author: str, text: str) -> None:
    entry = message(f"31/12/2023, 21:15 - {written}")
    assert (entry.author, entry.text, entry.kind) == (author, text, Kind.TEXT)
    assert not entry.edited
    assert not entry.deleted


@pytest.mark.parametrize(
    "text",
    [
        "Messages and calls are end-to-end encrypted. Tap to learn more.",
        'Ann created group "Trip: summer"',
        'Ann changed the subject from "A: b" to "C: d"',
        "Ann changed the subject to “C: d”",
        "Ann added Bob",
        "Bob left",
        "Ann changed this group's icon",
        "ليلى انضمت باستخدام رابط الدعوة",
    ],
)
def test_lines_of_the_app(text: str) -> None:
    assert read(f"31/12/2023, 21:15 - {text}") == [SystemLine(1, NEW_YEAR, text)]
    assert read(f"[31/12/2023, 21:15:00] Trip: \u200e{text}") == [SystemLine(1, NEW_YEAR, text, "Trip")]


ANDROID = [
    ("<Media omitted>", Kind.MEDIA, None, ""),
    ("<Media omitted>\nlook at this\nand this", Kind.MEDIA, None, "look at this\nand this"),
    ("<Medien ausgeschlossen>", Kind.MEDIA, None, ""),
    ("<تم استبعاد الوسائط>", Kind.MEDIA, None, ""),
    ("IMG-20231231-WA0001.jpg (file attached)", Kind.PHOTO, "IMG-20231231-WA0001.jpg", ""),
    ("\u200eIMG-20231231-WA0001.jpg (file attached)\nmy cat", Kind.PHOTO, "IMG-20231231-WA0001.jpg", "my cat"),
    ("IMG-20231231-WA0001.jpg (Datei angehängt)", Kind.PHOTO, "IMG-20231231-WA0001.jpg", ""),
    ("IMG-2023.jpg (file attached)", Kind.PHOTO, "IMG-2023.jpg", ""),
    ("VID-20231231-WA0002.mp4 (file attached)", Kind.VIDEO, "VID-20231231-WA0002.mp4", ""),
    ("PTT-20231231-WA0003.opus (file attached)", Kind.VOICE, "PTT-20231231-WA0003.opus", ""),
    ("STK-20231231-WA0004.webp (file attached)", Kind.STICKER, "STK-20231231-WA0004.webp", ""),
    ("Bob Miller.vcf (file attached)", Kind.CONTACT, "Bob Miller.vcf", ""),
    ("Plan for May.pdf (file attached)", Kind.DOCUMENT, "Plan for May.pdf", ""),
    ("../../etc/passwd.txt (file attached)", Kind.TEXT, None, "../../etc/passwd.txt (file attached)"),
    ("C:\\boot.ini (file attached)", Kind.TEXT, None, "C:\\boot.ini (file attached)"),
    ("main.py (line 7)", Kind.TEXT, None, "main.py (line 7)"),
    (
        "location: https://maps.google.com/?q=5.5,1.4",
        Kind.LOCATION,
        None,
        "location: https://maps.google.com/?q=5.5,1.4",
    ),
    ("live location shared", Kind.LOCATION, None, ""),
]
IPHONE = [
    ("\u200e<attached: 0012-PHOTO-2023-12-31-21-15-00.jpg>", Kind.PHOTO, "0012-PHOTO-2023-12-31-21-15-00.jpg", ""),
    ("my cat\nagain \u200e<attached: 0001-PHOTO.jpg>", Kind.PHOTO, "0001-PHOTO.jpg", "my cat\nagain"),
    ("<attached: 0001-PHOTO.jpg>", Kind.PHOTO, "0001-PHOTO.jpg", ""),
    ("\u200e<Anhang: 0001-VIDEO.mp4>", Kind.VIDEO, "0001-VIDEO.mp4", ""),
    ("\u200e<مرفق: 0001-AUDIO.opus>", Kind.VOICE, "0001-AUDIO.opus", ""),
    ("\u200e<attached: 0001-STICKER-2023.webp>", Kind.STICKER, "0001-STICKER-2023.webp", ""),
    ("Plan.pdf • \u200e3 pages \u200e<attached: 0001-Plan.pdf>", Kind.DOCUMENT, "0001-Plan.pdf", ""),
    ("\u200e<attached: ../0001-PHOTO.jpg>", None, None, "<attached: ../0001-PHOTO.jpg>"),
    ("\u200eimage omitted", Kind.PHOTO, None, ""),
    ("my cat \u200eimage omitted", Kind.PHOTO, None, "my cat"),
    ("\u200eGIF omitted", Kind.VIDEO, None, ""),
    ("\u200eaudio omitted", Kind.VOICE, None, ""),
    ("\u200esticker omitted", Kind.STICKER, None, ""),
    ("\u200eContact card omitted", Kind.CONTACT, None, ""),
    ("Plan.pdf • \u200e3 pages \u200edocument omitted", Kind.DOCUMENT, "Plan.pdf", ""),
    (
        "\u200eLocation: https://maps.google.com/?q=5.5,1.4",
        Kind.LOCATION,
        None,
        "Location: https://maps.google.com/?q=5.5,1.4",
    ),
    (
        "\u200ePOLL:\nTea?\n\u200eOPTION: yes (\u200e3 votes)",
        Kind.TEXT,
        None,
        "POLL:\nTea?\n\u200eOPTION: yes (\u200e3 votes)",
    ),
    ("\u200eMissed voice call", None, None, "Missed voice call"),
]


@pytest.mark.parametrize(
    ("opening", "body", "kind", "attachment", "text"),
    [("31/12/2023, 21:15 - ", *row) for row in ANDROID] + [("[31/12/2023, 21:15:00] ", *row) for row in IPHONE],
)
def test_kinds(opening: str, body: str, kind: Kind | None, attachment: str | None, text: str) -> None:
    (entry,) = read(f"{opening}Ann: {body}")
    assert (entry.author, entry.text) == ("Ann", text)
    if kind is None:
        assert isinstance(entry, SystemLine)
    else:
        assert isinstance(entry, ExportedMessage)
        assert (entry.kind, entry.attachment) == (kind, attachment)


@pytest.mark.parametrize(
    "body",
    [
        "This message was deleted",
        "\u200eThis message was deleted.",
        "You deleted this message",
        "\u200eYou deleted this message.",
        "\u200eThis message was deleted by admin Bob.",
        "Diese Nachricht wurde gelöscht.",
        "تم حذف هذه الرسالة",
    ],
)
def test_deleted(body: str) -> None:
    entry = message(f"[31/12/2023, 21:15:00] Ann: {body}")
    assert (entry.text, entry.deleted, entry.kind) == ("", True, Kind.TEXT)


@pytest.mark.parametrize(
    ("body", "text", "attachment"),
    [
        ("ok <This message was edited>", "ok", None),
        ("ok\nthen \u200e<This message was edited>", "ok\nthen", None),
        ("ok \u200e<Ce message a été modifié>", "ok", None),
        ("cat \u200e<attached: 1-PHOTO.jpg> <This message was edited>", "cat", "1-PHOTO.jpg"),
        ("cat \u200e<This message was edited> \u200e<attached: 1-PHOTO.jpg>", "cat", "1-PHOTO.jpg"),
    ],
)
def test_edited(body: str, text: str, attachment: str | None) -> None:
    entry = message(f"[31/12/2023, 21:15:00] Ann: {body}")
    assert (entry.text, entry.attachment, entry.edited) == (text, attachment, True)


# Arbitrary text.

NAMES = st.text(st.characters(categories=["L", "Nd"]), min_size=1, max_size=20)
LINES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0<\u200e"), max_size=60)


def spoken(text: str) -> bool:
    """No words of the app, and no line that begins a message."""
    words = text.partition("\n")[0].strip().strip(">").rstrip(".").lower()
    app = words in OMITTED or words in DELETED or words.startswith(DELETED_BY_ADMIN)
    return not app and not any(map(header, text.split("\n")))


TEXTS = (
    st.lists(LINES.map(lambda line: line.replace("\r", "")), min_size=1, max_size=4).map("\n".join).filter(spoken)
)  # a carriage return is part of how a file ends its lines


@given(st.lists(st.tuples(NAMES, TEXTS), min_size=1, max_size=5))
@settings(deadline=None)
@pytest.mark.parametrize(
    "style", ["[{:%d/%m/%Y, %H:%M:%S}] ", "\u200e[{:%Y-%m-%d, %I:%M:%S\u202f%p}] ", "{:%m/%d/%y, %H:%M} - "]
)
def test_what_people_write_comes_back(style: str, said: list[tuple[str, str]]) -> None:
    sent = [(NEW_YEAR + timedelta(hours=number), name, text) for number, (name, text) in enumerate(said)]
    export = "".join(f"{style.format(at)}{name}: {text}\n" for at, name, text in sent)
    entries = read(export, zone=ZoneInfo("UTC"))
    assert [(entry.at, entry.author, entry.text) for entry in entries] == sent
    assert len({entry.key for entry in entries}) == len(sent)


HEADERS = [
    "31/12/2023",
    "1.2.23",
    "[",
    "]",
    ", ",
    "21:15",
    ":07",
    "\u202fPM",
    " - ",
    "Ann",
    ": ",
    "\n",
    "\r",
    "\u200e",
    '"',
]
PIECES = st.sampled_from(HEADERS) | st.text(max_size=3)


@given(st.binary() | st.lists(PIECES).map(lambda pieces: "".join(pieces).encode(errors="replace")))
@settings(deadline=None, max_examples=300)
def test_anything_is_read_or_refused_with_its_line(data: bytes) -> None:
    try:
        lines = [entry.line for entry in read(data)]
    except UnreadableExport as error:
        lines = [error.line]
    assert lines == sorted(set(lines))
    assert lines[0] >= 1
    assert lines[-1] <= data.count(b"\n") + 1


# Input that is no export.


@pytest.mark.parametrize(
    ("data", "line", "problem"),
    [
        (b"", 1, "nothing but empty lines, expected a line such as"),
        (b"\xef\xbb\xbf\r\n\n", 1, "nothing but empty lines"),
        (b"Dear Ann,\nhow are you", 1, 'found "Dear Ann,", expected a line such as'),
        (b"\n\n{}", 3, 'found "{}"'),
        (b"\xff\xfe3\x001\x00", 1, "UTF-16, expected UTF-8"),
        (b"31/12/2023, 21:15 - Ann: hi\n31/12/2023, 21:16 - Bob: h\xff\n", 2, "byte 27: invalid start byte"),
        (b"31/12/2023, 21:15 - Ann: hi\n31/12/2023, 21:16 - Bob: \xf0\x9f\x98", 2, "unexpected end of data"),
        (b"31/12/2023, 21:15 - Ann: h\0i", 1, "zero byte"),
        (b"31/12/2023, 21:15 - Ann: " + b"x" * 1_000_000, 1, "longer than 262,144 bytes"),
        (b"31/12/2023, 21:15 - Ann: hi\n" + b"x" * 1_000_000 + b"\n", 2, "longer than 262,144 bytes"),
        (b"31/12/2023, 21:15 - Ann: hi\n" + b"more\n" * 100_000, 52_429, "the message of line 1 has no end"),
        (b"31/12/2023, 9:15 XM - Ann: hi", 1, "expected a line such as"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_cannot_be_read_is_named(data: bytes, line: int, problem: str) -> None:
    with pytest.raises(UnreadableExport) as caught:
        read(data)
    assert caught.value.line == line
    assert problem in caught.value.problem


def test_only_lines_of_the_app() -> None:
    assert read("31/12/2023, 21:15 - Ann added Bob\n31/12/2023, 21:16 - Bob left\n") == [
        SystemLine(1, NEW_YEAR, "Ann added Bob"),
        SystemLine(2, NEW_YEAR + timedelta(minutes=1), "Bob left"),
    ]


def test_a_header_cut_off_at_the_end_is_text_of_the_last_message() -> None:
    assert texts(read("31/12/2023, 21:15 - Ann: hi\n31/12/2023, 21")) == ["hi\n31/12/2023, 21"]


# Files.


def test_memory_does_not_grow_with_the_file() -> None:
    layout = detect(["[31/12/2023, 21:15:00] Ann: hi"])
    times = (NEW_YEAR + timedelta(minutes=number) for number in range(4_000))
    lines = (f"[{at:%d/%m/%Y, %H:%M:%S}] Ann: {at} {'x' * 900}" for at in times)
    tracemalloc.start()
    try:
        assert sum(len(entry.text) for entry in parse(lines, zone=BERLIN, layout=layout)) > 3_600_000
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def test_export_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "chat.txt"
    path.write_text("31/12/2023, 21:15 - Ann: hi\n")
    assert texts(list(read_export(path, zone=BERLIN))) == ["hi"]
    path.write_text("01/02/2023, 21:15 - Ann: hi\n")
    assert [entry.at.month for entry in read_export(path, zone=BERLIN, order=MONTH_FIRST)] == [1]


def archive(path: Path, **files: str) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name, text in files.items():
            file.writestr(name.replace("__", "."), text)
    return path


def test_export_in_an_archive(tmp_path: Path) -> None:
    path = archive(tmp_path / "chat.zip", _chat__txt="[31/12/2023, 21:15:07] Ann: hi", notes__txt="x", a__jpg="")
    assert texts(list(read_export(path, zone=BERLIN))) == ["hi"]


def test_archives_that_hold_no_chat(tmp_path: Path) -> None:
    for number, path in [
        (0, archive(tmp_path / "none.zip", a__jpg="")),
        (2, archive(tmp_path / "two.zip", a__txt="", b__txt="")),
    ]:
        with pytest.raises(UnreadableExport, match=f"{number} text files in the archive, expected one chat"):
            list(read_export(path, zone=BERLIN))


def test_a_damaged_archive(tmp_path: Path) -> None:
    path = archive(tmp_path / "chat.zip", _chat__txt="[31/12/2023, 21:15:07] Ann: hi")
    path.write_bytes(path.read_bytes().replace(b"Ann: hi", b"Ann: ho"))
    with pytest.raises(UnreadableExport, match="the archive is damaged"):
        list(read_export(path, zone=BERLIN))
