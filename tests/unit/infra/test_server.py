"""A server as a process of this machine: what start, stop, kill, pause and the death of its maker do to it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.local.ports import RANGE, free_port, is_free
from infra.local.server import NotReady, Server


class Echo(Server):
    """A small real server: it answers every connection with one byte."""

    name = "Echo"
    program = "import socket\ns = socket.create_server(('127.0.0.1', {port}))\nwhile True: s.accept()[0].sendall(b'!')"

    def __init__(self, directory: Path, *, detached: bool = False) -> None:
        super().__init__(directory, detached=detached)
        self.port = free_port()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def prepare(self) -> list[str]:
        return [sys.executable, "-c", self.program.format(port=self.port), str(self.directory)]

    def answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=0.5) as connection:
                return connection.recv(1) == b"!"
        except OSError:
            return False


class Broken(Echo):
    program = "raise SystemExit('no room for a server')"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Echo]:
    echo = Echo(tmp_path)
    yield echo
    echo.kill()


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 30
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    return holds()


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("end", [Server.stop, Server.kill])
def test_it_answers_until_it_is_ended_and_again_on_the_same_address(
    server: Echo, end: Callable[[Server], None]
) -> None:
    server.start()
    assert server.answers()
    end(server)
    assert server.pid is None
    assert not server.answers()
    server.start()
    assert server.answers()


def test_starting_what_runs_changes_nothing(server: Echo) -> None:
    server.start()
    pid = server.pid
    server.start()
    assert server.pid == pid


def test_a_pause_silences_it(server: Echo) -> None:
    server.start()
    server.pause()
    # A connection that the kernel took before the server froze may still be answered: by nobody.
    assert not server.answers()
    server.resume()
    assert server.answers()


def test_a_paused_server_can_be_stopped(server: Echo) -> None:
    server.start()
    server.pause()
    server.stop()
    assert server.pid is None


def test_one_that_ends_at_its_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="no room for a server"):
        Broken(tmp_path).start()


def test_another_process_finds_it_by_its_directory(tmp_path: Path) -> None:
    first = Echo(tmp_path, detached=True)
    first.start()
    second = Echo(tmp_path, detached=True)
    assert second.pid == first.pid
    second.stop()
    deadline = time.monotonic() + 30  # its maker learns of the end a moment later than others see it
    while first.pid is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert first.pid is None


def test_a_stale_pid_file_names_nobody(server: Echo) -> None:
    (server.directory / "server.pid").write_text(str(os.getpid()))
    assert server.pid is None


def test_it_dies_with_its_maker(tmp_path: Path) -> None:
    maker = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time; from pathlib import Path; from tests.unit.infra.test_server import Echo\n"
            "echo = Echo(Path(sys.argv[1])); echo.start(); print(echo.pid, flush=True); time.sleep(600)",
            str(tmp_path),
        ],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).resolve().parents[3],
        env={**os.environ, "PYTHONPATH": "."},
    )
    assert maker.stdout is not None
    with maker, maker.stdout:
        pid = int(maker.stdout.readline())
        assert runs(pid)
        maker.send_signal(signal.SIGKILL)
    assert eventually(lambda: not runs(pid))


def test_free_ports_lie_outside_the_kernels_own_range() -> None:
    port = free_port()
    assert port in RANGE
    with socket.create_server(("127.0.0.1", port)):
        assert not is_free(port)
