"""Many threads decode at once from the first message on."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
PROGRAM = """
import sys, threading
from domain.catalogue import CATALOGUE
from domain.kernel import Snapshot
from domain.scheduling.calendar import Calendar
from schemas.codec import Codec
from schemas.registry import Lock

sys.setswitchinterval(1e-6)
codec, start = Codec(CATALOGUE, Lock.load()), threading.Barrier(8)
snapshot = Snapshot(1, Calendar())
framed = codec.encode(snapshot)

def decode():
    start.wait()
    for _ in range(3):
        assert codec.decode(framed) == snapshot

threads = [threading.Thread(target=decode) for _ in range(8)]
for each in threads:
    each.start()
for each in threads:
    each.join()
"""


def test_the_first_messages_of_a_process_may_be_decoded_by_many_threads_at_once() -> None:
    """msgspec learns a class when it first meets it; where two threads make it do so at once, the process crashes."""
    for _ in range(5):
        subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, check=True, timeout=60)
