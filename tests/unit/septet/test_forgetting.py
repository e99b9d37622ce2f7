"""Forgetting a person: nothing of theirs can be read again, wherever it lies, and everybody else's can."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr

from domain.chat.contacts import AddContact
from domain.chat.conversation import CreateGroup, EditMessage, Kind, MessageSent, SendMessage
from domain.identity.claim import Claim
from domain.identity.person import ChangeName, Register
from domain.kernel import Actor, Position, Rejected
from domain.parking.driver import AddVehicle
from domain.parking.stock import Vehicle
from infra.embedded.log import EmbeddedLog
from infra.keyring import TOPIC, Keyring
from infra.log import Record
from infra.settings import Engine, Settings
from producers.gateway import Gateway
from projections.chat.conversations import CONTACTS, MESSAGES
from projections.chat.inbox import Inbox
from projections.identity import PEOPLE
from projections.parking.tables import VEHICLES
from projections.personal import PersonalData
from projections.waiting import Waiting
from schemas.codec import Codec
from schemas.sealing import FORGOTTEN, MARK
from septet import forgetting, keys
from septet.composition import CONSUMERS, PROJECTIONS, READING, House, build
from septet.rebuild import rebuild
from septet.roles import Workers
from tests.unit.septet.test_archive import opened

ANN, BOB = uuid4(), uuid4()
GROUP = uuid4()
WORDS = (
    "Annabel Quill",
    "+4930555123",
    "the bridge at eight",
    "the harbour at nine",
    "my dear Zacharias",
    "DE:BXY4711",
)
SAID = ("Bob says hello",)


class Talk:
    """Ann and Bob, as themselves."""

    def __init__(self, house: House) -> None:
        self.house, self._waiting = house, Waiting(house.tables)
        self._gateway = Gateway(house.catalogue, house.codec, house.log, 0)
        self._workers = Workers(house)

    async def __aenter__(self) -> "Talk":
        self._workers.start()
        await self._gateway.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._gateway.close()
        self._workers.stop()

    async def ask(self, command: object, to: object, who: UUID | None = None) -> None:
        actor = Actor("system", "test") if who is None else Actor("person", str(who))
        decision = await self._gateway.submit(command, str(to), actor)
        if decision.position:
            at = Position.parse(decision.position)
            for name in CONSUMERS:
                if f"{at.system}.events" in READING[name]:
                    await self._waiting.passed(name, at)

    async def live(self) -> None:
        """What they have on the log."""
        for who, name, phone, claim in ((ANN, *WORDS[:2], "a" * 32), (BOB, "Bob", "+4930555124", "b" * 32)):
            for kind in ("name", "phone"):
                await self.ask(Claim(who), f"{kind}-{claim}")
            await self.ask(Register(name, phone, f"name-{claim}", f"phone-{claim}", "$argon2$hash"), who)
        await self.ask(CreateGroup("a group", (BOB,), b"s" * 32), GROUP, ANN)
        await self.ask(SendMessage(WORDS[2]), GROUP, ANN)
        await self.ask(SendMessage(SAID[0]), GROUP, BOB)
        await self.ask(AddContact(BOB, WORDS[4]), ANN, ANN)
        await self.ask(AddVehicle(WORDS[5], Vehicle.CAR), ANN, ANN)


def raw(house: House) -> Iterator[Record]:
    """Every record that there is, of every topic."""
    for topic, count in house.log.topics().items():
        reader = house.log.reader({(topic, number): 0 for number in range(count)})
        while not reader.level():
            yield from reader.poll(1_000, 0.05)
        reader.close()


def told(house: House, words: tuple[str, ...]) -> list[tuple[str, str]]:
    """Which of these words stand on the log in the clear, and where."""
    whole = [(each.topic, repr((each.key, each.value, each.headers))) for each in raw(house)]
    return [(topic, word) for topic, text in whole for word in words if word in text]


def understood(records: list[Record], codec: Codec) -> str:
    """What somebody with this codec can read of them."""
    whole = (each for each in records if each.topic.endswith((".events", ".commands", ".state")))
    return "\n".join(repr(codec.decode(each.value)) for each in whole if each.value)


async def shown(house: House) -> str:
    """What queries show of Ann and Bob."""
    tables = house.tables
    rows = [
        await tables.scan(MESSAGES, conversation=GROUP, bucket=0, limit=10),
        await tables.scan(CONTACTS, person=ANN, limit=10),
        await tables.scan(VEHICLES, person=ANN, limit=10),
        await tables.get(PEOPLE, person=ANN),
        await tables.get(PEOPLE, person=BOB),
        await Inbox(tables).after(BOB, -1, 10_000, 100),
    ]
    return repr(rows)


async def test_whoever_is_forgotten_is_unreadable_everywhere_and_nobody_else_is(tmp_path: Path) -> None:
    async with opened(tmp_path / "here") as house, Talk(house) as talk:
        await talk.live()
        words = tuple(each for each in WORDS if each != WORDS[3])
        before = await shown(house)
        assert [each for each in (*words, *SAID) if each not in before] == []
        assert told(house, (*words, *SAID)) == []  # from the beginning nothing personal is in the clear
        kept = list(raw(house))
        assert all(each in understood(kept, house.codec) for each in (*words, *SAID))
        data = json.loads(
            b"".join([line async for line in PersonalData(house.log, house.codec, house.catalogue).of(ANN)])
        )
        assert all(each in json.dumps(data) for each in words)
        assert SAID[0] not in json.dumps(data)
        keys.save(house, tmp_path / "old.keys")

        steps: list[str] = []
        assert await forgetting.forget(house, ANN, steps.append) == []
        assert await forgetting.forget(house, ANN, steps.append) == []  # again: nothing more to do
        assert "the account had ended before" in steps
        after = await shown(house)
        assert [each for each in words if each in after] == []
        assert SAID[0] in after
        assert FORGOTTEN in after
        assert MARK not in after
        still = understood([*kept, *raw(house)], house.codec)
        assert [each for each in words if each in still] == []
        assert SAID[0] in still
        assert FORGOTTEN in still

        # Name and number are free; the account is gone for good; who writes late writes nothing that can be read.
        await talk.ask(Claim(BOB), f"name-{'a' * 32}")
        with pytest.raises(Rejected, match="no such account"):
            await talk.ask(ChangeName("Annabel again", f"name-{'c' * 32}"), ANN)
        with pytest.raises(Rejected, match="phone_invalid"):  # no key makes a number of it any more
            await talk.ask(Register(WORDS[0], WORDS[1], f"name-{'c' * 32}", f"phone-{'c' * 32}"), ANN)
        await talk.ask(EditMessage(1, message_of(kept, house), WORDS[3]), GROUP, ANN)
        assert told(house, WORDS) == []
        assert WORDS[3] not in await shown(house)

        for each in PROJECTIONS:  # a build from nothing but the log
            assert (await rebuild(house, each)).same, each.name
        assert await shown(house) == await shown(house)
        assert FORGOTTEN in await shown(house)


async def test_an_old_backup_with_todays_keys_says_nothing_of_them(tmp_path: Path) -> None:
    async with opened(tmp_path / "here") as house:
        sent = MessageSent(1, uuid4(), ANN, Kind.TEXT, WORDS[2], None, (), False, ())
        backup = house.codec.encode(sent, str(GROUP), str(ANN))
        keys.save(house, tmp_path / "old")
        house.keyring.forget([str(ANN)])
        keys.save(house, tmp_path / "new")
        assert house.codec.decode(backup) == replace(sent, text=FORGOTTEN)
    for name, text in (("old", WORDS[2]), ("new", FORGOTTEN)):
        async with opened(tmp_path / f"with-{name}-keys") as elsewhere:
            keys.load(elsewhere, tmp_path / name)
            assert elsewhere.codec.decode(backup).text == text
    async with opened(tmp_path / "without-keys") as stranger:
        assert stranger.codec.decode(backup).text == FORGOTTEN
    other = build(Settings(engine=Engine.EMBEDDED, data=tmp_path / "other", secret=SecretStr("another")))
    await other.prepare()
    with pytest.raises(keys.BrokenKeys, match="another secret"):
        keys.load(other, tmp_path / "old")
    other.close()
    await other.tables.close()


def test_keys_that_are_gone_are_gone_from_the_file(tmp_path: Path) -> None:
    log = EmbeddedLog(tmp_path / "log.db")
    log.ensure([TOPIC])
    ring = Keyring(log, b"secret")
    ring.prepare()
    (root,) = ring.carried().values()
    assert any(root in each.read_bytes() for each in tmp_path.iterdir())
    ring.forget(["ann"])
    ring.close()
    log.close()
    assert not any(root in each.read_bytes() for each in tmp_path.iterdir())


def message_of(records: list[Record], house: House) -> UUID:
    """The id of the first message."""
    events = (house.codec.decode(each.value) for each in records if each.topic == "chat.events" and each.value)
    return next(event.message_id for event in events if isinstance(event, MessageSent))
