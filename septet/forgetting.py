"""What `septet forget` does, step by step; each can be done again, so whatever breaks off is simply begun again."""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from uuid import UUID

from api.secrets import Secrets
from domain.identity.person import Forget
from domain.kernel import Position
from producers.gateway import Gateway
from projections.identity import People
from projections.personal import PersonalData
from projections.waiting import Behind, Waiting
from schemas import topics
from septet.composition import CONSUMERS, READING, House
from septet.operators import OPERATOR

ROUNDS = 12  # of waiting's own patience

Told = Callable[[str], None]


class Unknown(Exception):
    """Nobody is called so; says what was asked for."""


async def person_of(house: House, who: str) -> UUID:
    """The person with this id or user name; raises Unknown."""
    try:
        return UUID(who)
    except ValueError:
        person = await People(house.tables).holder(Secrets(house.secret).claim("name", who))
    if person is None:
        raise Unknown(f"nobody is registered as {who!r}")
    return person


async def forget(house: House, person: UUID, told: Told) -> list[str]:
    """Ends the account, deletes the key, waits for read models; answers those that have not followed yet.

    Raises Pending where no command processor runs: then it is on the log and is done when one does.
    """
    gateway = Gateway(house.catalogue, house.codec, house.log, house.settings.gateways - 1)  # the last is kept for us
    await gateway.start()
    try:
        decision = await gateway.submit(Forget(), str(person), OPERATOR)
    finally:
        await gateway.close()
    told("the account has ended" if decision.position else "the account had ended before")
    await asyncio.to_thread(house.keyring.forget, [str(person)])
    told("the key is deleted: what was sealed with it cannot be read any more")
    if not decision.position:
        return []
    followers = [name for name in CONSUMERS if topics.events("identity") in READING[name]]
    return await _followed(house, followers, Position.parse(decision.position), told)


async def _followed(house: House, names: Iterable[str], position: Position, told: Told) -> list[str]:
    waiting, behind = Waiting(house.tables), []
    for name in names:
        for _ in range(ROUNDS):
            try:
                await waiting.passed(name, position)
                told(f"{name} has followed")
                break
            except Behind as late:
                told(f"{name} is {late.lag:,} events behind")
        else:
            behind.append(name)
    return behind


async def write_data(house: House, person: UUID, path: Path, told: Callable[[int], None]) -> int:
    """Writes what the log holds of a person as JSON, readable by the owner only; answers how many events."""
    new, count = path.with_name(f"{path.name}.new"), 0
    new.touch(mode=0o600)
    with new.open("wb") as file:
        async for line in PersonalData(house.log, house.codec, house.catalogue).of(person):
            file.write(line)
            count += line[:1] in (b"[", b",") and line != b"[]\n"
            told(count)
    new.replace(path)
    return count
