"""One transaction on its way into the file."""

from collections.abc import Mapping, Sequence
from threading import Event

from infra.embedded.log.commit import Commit, Entry
from infra.embedded.log.storage import Place
from infra.log import Fenced


class Transaction:
    """What a member of a group has consumed and, where a transactor did it, what that led to."""

    size = 0  # its thread waits for it, so there are never many
    early = False

    def __init__(
        self,
        group: str,
        member: int | None,  # None: it has consumed nothing
        offsets: Mapping[Place, int],
        entries: Sequence[Entry] = (),
        writer_of: tuple[str, int] | None = None,  # a transactor's slot and epoch
    ) -> None:
        self._group, self._member, self._offsets, self._entries = group, member, offsets, entries
        self._writer_of = writer_of
        self._error: Exception | None = None
        self._settled = Event()

    def stage(self, commit: Commit) -> None:
        if self._writer_of is not None:
            slot, epoch = self._writer_of
            if commit.view.epochs.get(slot) != epoch:
                raise Fenced(f"another process has taken the slot {slot}")
        if self._member is not None:
            commit.view.check(self._group, self._member, self._offsets)
        for entry in self._entries:
            commit.append(entry)
        commit.consume(self._group, self._offsets)

    def settle(self, error: Exception | None) -> None:
        self._error = error
        self._settled.set()

    def wait(self) -> None:
        """Returns once it is durable; raises what kept all of it from being so."""
        self._settled.wait()
        if self._error is not None:
            raise self._error
