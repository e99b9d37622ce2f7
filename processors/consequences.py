"""Commands that follow from events, as the consumers send them that also speak to the world outside."""

from domain.kernel import Catalogue, Message
from infra.log import Producer
from schemas import topics
from schemas.codec import Codec
from schemas.envelope import Command, Recorded


class Consequences:
    """What one consumer sends because of what it was told or has done."""

    def __init__(self, by: str, catalogue: Catalogue, codec: Codec, producer: Producer) -> None:
        """`by`: the consumer's name."""
        self._by, self._catalogue, self._codec, self._producer = by, catalogue, codec, producer

    def send(self, at: Recorded, command: Message, to: str, command_id: str, time: int) -> None:
        """Hands a command to the producer; the same id again is the same command. `time` in microseconds."""
        aggregate = self._catalogue.of(type(command))
        envelope = Command.following(
            at,
            self._by,
            command_id=command_id,
            type_name=self._codec.type_name(type(command)),
            key=aggregate.key(to),
            time=time,
        )
        topic, body = topics.commands(aggregate.system), self._codec.encode(command, to)
        self._producer.send(topic, envelope.key.encode(), body, envelope.headers())
