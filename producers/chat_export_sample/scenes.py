"""The small dialogues that the sample chats are made of, read from `scenes.txt`, which says how one is written."""

import re
from dataclasses import dataclass, replace
from importlib.resources import files

Words = dict[str, tuple[str, ...]]

_ROLE = re.compile(r"([a-z]{1,2})\d?")


@dataclass(frozen=True, slots=True)
class Line:
    role: str
    wordings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scene:
    topic: str
    hours: str
    once: bool
    lines: tuple[Line, ...]

    @property
    def roles(self) -> list[str]:
        """Who is needed, those who must speak a certain language first."""
        return sorted({line.role for line in self.lines}, key=lambda role: (language(role) is None, role))


def language(role: str) -> str | None:
    """The language a role is named after: "he2" is a second member who speaks Hebrew, "b" is anybody."""
    name = _ROLE.fullmatch(role)
    return name[1] if name and len(name[1]) == 2 else None


def load() -> tuple[Words, tuple[Scene, ...]]:
    """The words that take turns in {braces}, and the scenes."""
    words: Words = {}
    scenes: list[Scene] = []
    lines: list[Line] = []
    for written in files(__package__).joinpath("scenes.txt").read_text(encoding="utf-8").splitlines():
        sign, _, rest = written.partition(" ")
        if sign == "~":
            name, _, choices = rest.partition(": ")
            words[name] = tuple(choices.split(" | "))
        elif sign == "==":
            topic, *marks = rest.split()
            lines = []
            scenes.append(Scene(topic, "".join(mark for mark in marks if mark != "once"), "once" in marks, ()))
        elif sign.endswith(":"):
            lines.append(Line(sign[:-1], tuple(rest.strip().replace("\\n", "\n").split(" | "))))
            scenes[-1] = replace(scenes[-1], lines=tuple(lines))
    return words, tuple(scenes)
