"""What machines ask of a worker process: /metrics, /livez, /readyz, on a small port of its own."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

Asked = Callable[[], str]  # "" where all is well, else what is not


@contextmanager
def answering(host: str, port: int, alive: Asked, ready: Asked) -> Iterator[int]:
    """Answers while the block runs, at the port that it yields (one that is free where 0 is given)."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            match self.path:
                case "/metrics":
                    self._send(200, generate_latest(), CONTENT_TYPE_LATEST)
                case "/livez" | "/readyz":
                    problem = alive() if self.path == "/livez" else alive() or ready()
                    self._send(503 if problem else 200, (problem or "ok").encode(), "text/plain; charset=utf-8")
                case _:
                    self._send(404, b"/metrics, /livez, /readyz", "text/plain; charset=utf-8")

        def _send(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing: it is asked every few seconds."""

    server = ThreadingHTTPServer((host, port), Answer)
    thread = threading.Thread(target=server.serve_forever, name="machines", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
