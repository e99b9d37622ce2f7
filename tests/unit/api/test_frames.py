"""Frames of the socket: what is a command, what is answered with an error, what ends the connection."""

import pytest

from api.chat.socket.protocol import Close, Command, Halved, commands


def test_a_frame_has_a_command_on_each_line() -> None:
    first, second = commands('{"id":1,"rpc":{"method":"send","data":{"text":"\\ud83d\\ude00"}}}\n{}')
    assert first.rpc is not None
    assert first.rpc.data == {"text": "\U0001f600"}
    assert second.is_pong()


@pytest.mark.parametrize(
    "frame",
    [
        r'{"id":7,"rpc":{"method":"send","data":{"text":"\ud83d"}}}',
        r'{"id":7,"rpc":{"method":"send","data":{"text":"\ude00\ud83d"}}}',
        r'{"id":7,"rpc":{"method":"\ud800"}}',
        r'{"id":7,"rpc":{"data":{"\udc00 a name":1}}}',
        r'{"id":7,"subscribe":{"channel":"chat:\ud83d"}}',
    ],
)
def test_half_a_character_is_told_from_a_broken_frame(frame: str) -> None:
    (found,) = commands(frame)
    assert found == Halved(7)
    (whole, halved) = commands('{"id":6}\n' + frame)
    assert (whole, halved) == (Command(6), Halved(7))


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "nonsense",
        '{"id":1',
        '{"id":1,"connect":5}',
        r'{"rpc":{"data":"\ud800"}}',
        r'{"id":"x","rpc":{"data":"\ud800"}}',
        r'{"id":true,"rpc":{"data":"\ud800"}}',
        r'{"id":-1,"rpc":{"data":"\ud800"}}',
        r'["\ud800"]',
        r'{"id":1,"rpc":{"data":"\ud800"}',
        "[" * 60_000 + r'"\ud800"' + "]" * 60_000,
        b'{"id":1,"rpc":{"data":"\xed\xa0\x80"}}',
    ],
    ids=range(12),
)
def test_what_is_no_command_ends_the_connection(frame: str | bytes) -> None:
    with pytest.raises(Close) as closed:
        commands(frame)
    assert closed.value.code == 3501
