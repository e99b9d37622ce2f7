"""From the bytes of an export to its lines."""

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

LONGEST_LINE = 1 << 18  # bytes: a phone accepts messages of 65,536 characters
EXPECTED = 'a line such as "31/12/2023, 21:15 - Ann: text" or "[31/12/2023, 21:15:07] Ann: text"'


class UnreadableExport(ValueError):
    """The input is no export: `line`, from 1, is where that shows, `problem` what was found and what was expected."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"line {line}: {problem}")
        self.line = line
        self.problem = problem


def open_export(path: Path) -> IO[bytes]:
    """The bytes of an export: the file itself, or the chat inside the `.zip` that iPhones share."""
    if not zipfile.is_zipfile(path):
        return path.open("rb")
    with zipfile.ZipFile(path) as archive:
        texts = [member for member in archive.infolist() if member.filename.endswith(".txt")]
        chats = [member for member in texts if member.filename == "_chat.txt"] or texts
        if len(chats) != 1:
            raise UnreadableExport(1, f"{len(chats)} text files in the archive, expected one chat")
        if chats[0].flag_bits & 1:
            raise UnreadableExport(1, "the archive asks for a password, expected an open one")
        return archive.open(chats[0])


def read_lines(stream: IO[bytes]) -> Iterator[str]:
    """The lines of an export without their ends, holding one at a time.

    Only a line feed ends a line: messages may contain every other separator. Raises `UnreadableExport` for what is no
    text.
    """
    number = 1
    try:
        while raw := stream.readline(LONGEST_LINE):
            if number == 1 and raw.startswith((b"\xff\xfe", b"\xfe\xff")):
                raise UnreadableExport(number, "UTF-16, expected UTF-8")
            if len(raw) == LONGEST_LINE:
                raise UnreadableExport(number, f"longer than {LONGEST_LINE:,} bytes, expected {EXPECTED}")
            if b"\0" in raw:
                raise UnreadableExport(number, "a zero byte, expected text")
            yield raw.removesuffix(b"\n").removesuffix(b"\r").decode()
            number += 1
    except UnicodeDecodeError as error:
        raise UnreadableExport(number, f"byte {error.start + 1}: {error.reason}, expected UTF-8") from None
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise UnreadableExport(number, f"the archive is damaged: {error}") from None
