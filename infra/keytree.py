"""A tree of keys: one seed makes the key of every subject, and taking one subject's key away leaves all the others.

Each node's seed makes those of its two children, each leaf's the key of one subject (Goldreich, Goldwasser and Micali,
"How to construct random functions", 1986). To forget a subject, its leaf's seed must not be makeable any more: the seed
it hangs on is replaced by those beside its way down (a puncture: Boneh and Waters, "Constrained pseudorandom
functions", 2013). So nothing is written when somebody comes, and 64 seeds at most when somebody is forgotten.
"""

from collections.abc import Container
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

DEPTH = 64  # bits of a place: two of a million subjects share one with a chance of 1 in 37 million
PLACE, SEED, KEY = DEPTH // 8, 32, 64  # bytes
HALVES = (b"\0", b"\1")


@lru_cache(maxsize=65_536)
def place_of(subject: str) -> bytes:
    """Where a subject's leaf is."""
    return blake2b(subject.encode(), digest_size=PLACE, person=b"septet.place").digest()


@dataclass(frozen=True, slots=True, order=True)
class Node:
    """The first `depth` bits of the places below it; the root has none."""

    depth: int
    prefix: int

    @property
    def name(self) -> str:
        return f"{self.depth:02}/{self.prefix:016x}"

    @classmethod
    def named(cls, name: str) -> "Node":
        """Raises ValueError for what is no node's name."""
        depth, _, prefix = name.partition("/")
        return cls(int(depth), int(prefix, 16))


ROOT = Node(0, 0)


def above(nodes: Container[Node], place: bytes) -> Node | None:
    """The node whose seed the key at a place is made of; None where the subject there is forgotten."""
    bits = int.from_bytes(place)
    way = (Node(depth, bits >> DEPTH - depth) for depth in range(DEPTH + 1))
    return next((each for each in way if each in nodes), None)


def key_of(node: Node, seed: bytes, place: bytes) -> bytes:
    """The key of the subject at a place, from the seed of the node above it."""
    bits = int.from_bytes(place)
    for rest in range(DEPTH - node.depth - 1, -1, -1):
        seed = _child(seed, bits >> rest & 1)
    return blake2b(b"key", key=seed, digest_size=KEY).digest()


def beside(node: Node, seed: bytes, place: bytes) -> dict[Node, bytes]:
    """The seeds that make all keys below a node but the one at a place: what stays when the node is deleted."""
    bits, found = int.from_bytes(place), dict[Node, bytes]()
    for depth in range(node.depth + 1, DEPTH + 1):
        prefix = bits >> DEPTH - depth
        found[Node(depth, prefix ^ 1)] = _child(seed, prefix & 1 ^ 1)
        seed = _child(seed, prefix & 1)
    return found


def _child(seed: bytes, bit: int) -> bytes:
    return blake2b(HALVES[bit], key=seed, digest_size=SEED).digest()
