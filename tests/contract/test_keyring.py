"""The keys of personal data, on every log: made once, changed by one at a time, and gone for all once they are gone."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from time import monotonic, sleep

import pytest

from infra.keyring import TOPIC, Keyring, WrongSecret
from tests.contract.conftest import OpenLog

PATIENCE = 60.0
SECRET = b"whatever lies on this broker is sealed under it"


@contextmanager
def rings(open_log: OpenLog, count: int) -> Iterator[list[Keyring]]:
    """As in so many processes."""
    with ExitStack() as stack:
        found = []
        for _ in range(count):
            log = open_log()
            log.ensure([TOPIC])
            found.append(Keyring(log, SECRET))
            stack.callback(found[-1].close)
        yield found


def at_once(works: list[Callable[[], None]]) -> None:
    with ThreadPoolExecutor(len(works)) as pool:
        for each in [pool.submit(work) for work in works]:
            each.result()


def sealed(ring: Keyring, subject: str) -> bytes | None:
    cipher = ring.cipher(ring.place(subject))
    return None if cipher is None else cipher.encrypt(b"a text", None)


def until(condition: Callable[[], bool]) -> None:
    deadline = monotonic() + PATIENCE
    while not condition():
        assert monotonic() < deadline
        sleep(0.02)


def test_all_who_make_the_first_keys_at_once_have_the_same(open_log: OpenLog) -> None:
    with rings(open_log, 3) as found:
        at_once([each.prepare for each in found])
        assert len({sealed(each, "somebody else") for each in found}) == 1
        assert found[0].carried() == found[1].carried() == found[2].carried()


def test_many_who_forget_at_once_bring_nobody_back(open_log: OpenLog) -> None:
    with rings(open_log, 3) as found:
        at_once([each.prepare for each in found])
        kept = sealed(found[0], "somebody else")
        at_once([lambda each=each, n=n: each.forget([f"{n}", "all"]) for n, each in enumerate(found)])  # type: ignore[misc]
        gone = ["0", "1", "2", "all"]
        until(lambda: all(each.is_forgotten(who) for each in found for who in gone))
        assert {sealed(each, "somebody else") for each in found} == {kept}
        carried = found[0].carried()
        found[1].forget(gone)  # again: nothing changes
        with rings(open_log, 1) as (fresh,):
            assert fresh.carried() == carried
            assert [fresh.is_forgotten(who) for who in (*gone, "somebody else")] == [True] * 4 + [False]
            found[0].turn()  # a record that says nothing says nothing
            assert fresh.carried() == carried


def test_what_was_learnt_while_reading_is_not_unlearnt(open_log: OpenLog, monkeypatch: pytest.MonkeyPatch) -> None:
    with rings(open_log, 2) as (one, other):
        one.prepare()
        one.forget(["ann"])
        read = one._read

        def slowly() -> object:
            found = read()
            other.forget(["bob"])
            until(lambda: one.is_forgotten("bob"))
            return found

        with monkeypatch.context() as slow:
            slow.setattr(one, "_read", slowly)
            one.forget(["ann"])  # nothing changes
        assert one.is_forgotten("bob")


def test_under_another_secret_nothing_opens(open_log: OpenLog) -> None:
    with rings(open_log, 1) as (ring,):
        ring.prepare()
        stranger = Keyring(open_log(), b"another")
        with pytest.raises(WrongSecret):
            sealed(stranger, "somebody else")
        stranger.close()
