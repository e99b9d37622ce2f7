"""The conversations that tests begin with."""

from uuid import UUID

from domain.chat.conversation import DirectStarted, GroupCreated, Kind, MessageSent, direct_id, message_id
from domain.kernel import Message
from tests.scenario import ANN, BOB, CID, Given, given

SEAL = b"a secret seal of tests"
DIRECT = str(direct_id(ANN, BOB))
GROUP = "0193a0b1-0000-7000-8000-000000000001"
STARTED = DirectStarted((ANN, BOB), ANN, SEAL)
CREATED = GroupCreated("Hiking", (ANN, BOB, CID), ANN, SEAL)


def direct(*events: Message) -> Given:
    """Ann and Bob, and what happened since."""
    return given(STARTED, *events, to=DIRECT)


def group(*events: Message) -> Given:
    """Ann's group with Bob and Cid, and what happened since."""
    return given(CREATED, *events, to=GROUP)


def sent(seq: int, sender: UUID, to: str = GROUP, text: str = "hello") -> MessageSent:
    """What is on the log when this person's message became the `seq`th."""
    return MessageSent(seq, message_id(SEAL, to, seq, sender), sender, Kind.TEXT, text, None, (), False, ())
