"""Ports that nobody else will be given."""

import random
import socket
from contextlib import closing

# Below the range from which the kernel gives ports to clients (32768-60999): a client that retries a server's port
# inside that range while the server is away can connect to itself, and any other client may take the port meanwhile.
RANGE = range(20_000, 32_000)
_given: set[int] = set()


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1 now."""
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """A port of 127.0.0.1 that is free now, and that this process has not been given before."""
    port = next(port for port in random.sample(RANGE, len(RANGE)) if port not in _given and is_free(port))
    _given.add(port)
    return port
