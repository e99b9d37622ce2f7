"""The keys of personal data: a tree of keys on a compacted topic, followed by every process, changed by one at a time.

Nothing of it is in the clear: each seed is wrapped with a key that hangs on the installation's secret, so the topic
without the secret says nothing, nor does the secret without the topic.
"""

import hmac
import os
import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV

from infra.keytree import ROOT, SEED, Node, above, beside, key_of, place_of
from infra.log import Fenced, Log, LogUnavailable, Reader, Record, Retention, Topic, TransactionAborted

log = structlog.get_logger(__name__)

KEYS = "keys"  # the topic
TOPIC = Topic(KEYS, 1, Retention.ERASED)
SLOT = "keyring"  # whoever holds it, and nobody else, changes the keys
TURN = b"turn"  # a record that says nothing: it closes what a broker only cleans once it is closed
REMEMBERED = 50_000  # ciphers in memory
NONCE = 12  # bytes
ATTEMPTS = 20  # at changing the keys, while others want to as well
PAUSE = 8.0  # seconds between two of them, at most: longer than a transaction takes on a machine where many begin

Seeds = dict[Node, bytes]  # as they stand on the topic: wrapped
Changes = Mapping[Node, bytes | None]  # new seeds, and those to delete


class WrongSecret(Exception):
    """Keys that were made under another secret than this installation's; says what to do."""


class NoKeys(Exception):
    """There are no keys at all: the installation was never prepared, or its keys were lost."""


class Keyring:
    """The keys as this process knows them. Safe to use from any thread; opens at first use.

    Who has not heard yet that somebody is forgotten goes on for a moment with a key that all others have dropped: what
    it writes with it nobody will ever read.
    """

    def __init__(self, source: Log, secret: bytes) -> None:
        self._log = source
        self._wrapping = AESGCM(hmac.digest(secret, b"keys", sha256))
        self._known = _Known()
        self._ciphers: dict[bytes, AESSIV | None] = {}
        self._lock = threading.RLock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def cipher(self, place: bytes) -> AESSIV | None:
        """What a subject's data is sealed with; None where the subject is forgotten. Raises NoKeys, LogUnavailable."""
        try:
            return self._ciphers[place]
        except KeyError:
            return self._made(place)

    def place(self, subject: str) -> bytes:
        """Where the key of a subject is."""
        return place_of(subject)

    def is_forgotten(self, subject: str) -> bool:
        """Whether data of the subject can be read no more, as far as this process knows."""
        return self.cipher(place_of(subject)) is None

    def _made(self, place: bytes) -> AESSIV | None:
        self._open()
        with self._lock:
            if not self._known.seeds:
                raise NoKeys(f"the topic {KEYS!r} holds no keys: start Septet once, or import the keys")
            if len(self._ciphers) >= REMEMBERED:
                self._ciphers.clear()
            node = above(self._known.seeds, place)
            if node is None:
                cipher = None
            else:
                cipher = AESSIV(key_of(node, self._unwrapped(node, self._known.seeds[node]), place))
            self._ciphers[place] = cipher
            return cipher

    # Following.

    def _open(self) -> None:
        with self._lock:
            if self._thread is None:
                self._known, reader = self._read()
                self._thread = threading.Thread(target=self._follow, args=(reader,), name="keyring", daemon=True)
                self._thread.start()

    def _read(self) -> "tuple[_Known, Reader]":
        """What the topic says now, and the reader that goes on behind it."""
        known, reader = _Known(), self._log.reader({(KEYS, 0): 0})
        try:
            while not reader.level():
                known.take(reader.poll(1_000, 0.1))
        except BaseException:
            reader.close()
            raise
        return known, reader

    def _follow(self, reader: Reader) -> None:
        while not self._stop.is_set():
            try:
                records = reader.poll(1_000, 0.1)
                with self._lock:
                    if self._known.take(records):
                        self._ciphers.clear()
            except LogUnavailable as error:
                log.warning("keys away, waiting for them", error=str(error))
                self._stop.wait(0.5)
        reader.close()

    # Changing.

    def prepare(self) -> None:
        """Makes the keys of a new installation. However many do it at once, all have the same afterwards."""
        self._open()
        with self._lock:
            if self._known.seeds:
                return
        self._change(lambda seeds: {} if seeds else {ROOT: self._wrapped(ROOT, os.urandom(SEED))})

    def forget(self, subjects: Iterable[str]) -> None:
        """Deletes the keys of these subjects for ever. Again, it does nothing."""
        places = [place_of(each) for each in subjects]
        self._change(lambda seeds: self._without(seeds, places))

    def _without(self, seeds: Seeds, places: Iterable[bytes]) -> Changes:
        left, changes = dict(seeds), dict[Node, bytes | None]()
        for place in places:
            node = above(left, place)
            if node is not None:
                found = beside(node, self._unwrapped(node, left.pop(node)), place)
                kept = {each: self._wrapped(each, seed) for each, seed in found.items()}
                left.update(kept)
                changes |= {node: None, **kept}
        return changes

    def carried(self) -> dict[str, bytes]:
        """Every key there is, as it stands on the topic: of no use without the secret."""
        self._open()
        with self._lock:
            return {node.name: wrapped for node, wrapped in self._known.seeds.items()}

    def replace(self, carried: Mapping[str, bytes]) -> None:
        """Takes the keys of another installation with the same secret in place of all its own.

        For an installation that has no past, and where nothing runs. Raises WrongSecret, NoKeys, ValueError.
        """
        seeds = {Node.named(name): wrapped for name, wrapped in carried.items()}
        if not seeds:
            raise NoKeys("there are no keys in it")
        for node, wrapped in seeds.items():
            self._unwrapped(node, wrapped)
        self._change(lambda own: {**dict.fromkeys(own), **seeds})

    def turn(self) -> None:
        """Appends a record that says nothing: what was replaced before it can be cleaned away from now on."""
        producer = self._log.producer()
        try:
            producer.send(KEYS, TURN, b"", {}, partition=0)
            producer.flush(30.0)
        finally:
            producer.close()

    def _change(self, changes: Callable[[Seeds], Changes]) -> None:
        """Changes what the topic says now. Nobody else can in between: then it is fenced, and looks again.

        Where nothing has to be changed any more nobody is fenced for it: of many that begin at once one makes the keys.
        """
        for attempt in range(ATTEMPTS):
            known, reader = self._read()
            reader.close()
            if not changes(known.seeds):
                self._take(known)
                return
            transactor = self._log.transactor(SLOT)  # from here on whoever was before us cannot commit any more
            try:
                known, reader = self._read()
                reader.close()
                if found := changes(known.seeds):
                    transactor.begin()
                    for node, wrapped in found.items():
                        transactor.send(KEYS, 0, node.name.encode(), wrapped, {})
                    transactor.commit(None, {})
                    known, reader = self._read()
                    reader.close()
                self._take(known)
                return
            except (Fenced, TransactionAborted) as error:
                log.info("others change the keys, looking again", error=str(error))
                time.sleep(random.uniform(0.05, min(0.5 * 2**attempt, PAUSE)))
            finally:
                transactor.close()
        raise LogUnavailable("others change the keys all the time")

    def _take(self, known: "_Known") -> None:
        """Takes over what was read, unless the following has come further meanwhile: it passes each record once."""
        with self._lock:
            if known.upto > self._known.upto:
                self._known = known
                self._ciphers.clear()

    def close(self) -> None:
        """Ends the following."""
        self._stop.set()
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join()

    # Wrapping.

    def _wrapped(self, node: Node, seed: bytes) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + self._wrapping.encrypt(nonce, seed, node.name.encode())

    def _unwrapped(self, node: Node, wrapped: bytes) -> bytes:
        try:
            return self._wrapping.decrypt(wrapped[:NONCE], wrapped[NONCE:], node.name.encode())
        except (InvalidTag, ValueError) as error:
            raise WrongSecret(
                "the keys were made under another secret: set SEPTET_SECRET, or bring its file, as it was then"
            ) from error


class _Known:
    """What the topic said up to an offset; what came before that is not taken a second time."""

    def __init__(self) -> None:
        self.seeds: Seeds = {}
        self.upto = 0

    def take(self, records: Iterable[Record]) -> bool:
        """Takes records over; answers whether a key changed."""
        changed = False
        for each in records:
            if each.offset < self.upto:
                continue
            self.upto = each.offset + 1
            if each.key != TURN:
                changed = True
                node = Node.named(each.key.decode())
                if each.value is None:
                    self.seeds.pop(node, None)
                else:
                    self.seeds[node] = each.value
        return changed
