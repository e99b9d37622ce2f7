"""The keys of personal data as a file of their own: an archive has none, so that an old one cannot bring back anybody.

They are wrapped with the installation's secret. Whoever keeps backups keeps the newest of these files only.
"""

from pathlib import Path

import msgspec

from infra.keyring import NoKeys, WrongSecret
from septet.composition import House

FORMAT = 1


class BrokenKeys(Exception):
    """A file that holds no keys of this installation; says why."""


class Kept(msgspec.Struct, frozen=True):
    """What is in the file."""

    keys: dict[str, bytes]
    format: int = FORMAT


def beside(archive: Path) -> Path:
    """Where the keys of an archive lie unless somebody says otherwise."""
    return archive.with_name(f"{archive.name}.keys")


def save(house: House, path: Path) -> int:
    """Writes all keys of the installation, readable by the owner only; answers how many seeds those are."""
    keys = house.keyring.carried()
    new = path.with_name(f"{path.name}.new")
    new.touch(mode=0o600)
    new.write_bytes(msgspec.json.encode(Kept(keys)))
    new.replace(path)
    return len(keys)


def load(house: House, path: Path) -> None:
    """Takes the keys of a file in place of the installation's own; raises BrokenKeys, and then changes nothing."""
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=Kept)
        if kept.format != FORMAT:
            raise BrokenKeys(f"{path}: format {kept.format} is not known here")
        house.keyring.replace(kept.keys)
    except (OSError, ValueError, NoKeys, WrongSecret) as error:
        raise BrokenKeys(f"{path}: {error}") from error
