"""What the records of events topics mean today, those of retired types included."""

from collections.abc import Container, Mapping, Sequence

from msgspec.structs import replace

from schemas.codec import Codec
from schemas.envelope import Happened, recorded_of


def meaning_of(
    topic: str,
    partition: int,
    headers: Mapping[str, bytes],
    body: bytes,
    codec: Codec,
    wanted: Container[str] | None = None,
) -> Sequence[Happened]:
    """The event of a record, or those that an upcaster made of a retired one; raises BrokenEnvelope, Undecodable.

    Only events of the `wanted` types are answered, and others not even decoded. Those made of one retired event stand
    where it stood, at the same time and sequence; each has its own type, and all but the first an id of their own.
    """
    if wanted is not None and _is_of_no_interest(headers, codec, wanted):
        return ()
    at = recorded_of(topic, partition, headers)
    if at.type not in codec.retired:
        return (Happened(codec.decode(body), at),) if wanted is None or at.type in wanted else ()
    found = [
        Happened(event, replace(at, type=codec.type_name(type(event)), id=f"{at.id}.{index}" if index else at.id))
        for index, event in enumerate(codec.decode_all(body))
    ]
    return [each for each in found if wanted is None or each.at.type in wanted]


def _is_of_no_interest(headers: Mapping[str, bytes], codec: Codec, wanted: Container[str]) -> bool:
    """Whether a record's type alone says that nothing in it is wanted: most of what a consumer reads."""
    found = headers.get("ce_type", b"").decode(errors="replace")
    return bool(found) and found not in codec.retired and found not in wanted
