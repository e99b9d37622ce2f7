"""Spans: one trace from request to read model where an exporter is set, and nothing at all where none is."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from api.chain import Chain
from infra import tracing
from infra.log import Record
from tests.unit.api.asking import asking

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TRACE = int(PARENT.split("-")[1], 16)
SPAN = int(PARENT.split("-")[2], 16)


class Spans:
    def __init__(self, exporter: InMemorySpanExporter) -> None:
        self._exporter = exporter

    def all(self) -> tuple[ReadableSpan, ...]:
        return self._exporter.get_finished_spans()

    def named(self, name: str) -> ReadableSpan:
        (found,) = (each for each in self._exporter.get_finished_spans() if each.name == name)
        return found


@pytest.fixture
def spans() -> Iterator[Spans]:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing.use(provider.get_tracer("test"))
    yield Spans(exporter)
    tracing.use(None)
    provider.shutdown()


def record(traceparent: str = "") -> Record:
    headers = {"ce_type": b"chat.conversation.MessageSent"} | (
        {"traceparent": traceparent.encode()} if traceparent else {}
    )
    return Record("chat.events", 3, 42, b"k", b"", headers, 0)


def test_without_an_exporter_what_travels_is_what_came() -> None:
    assert not tracing.traced()
    with tracing.span("x", tracing.PRODUCER, PARENT, {}) as carried:
        assert carried == PARENT
    with tracing.handling("c", [record(PARENT)]) as handled, handled.writing():
        pass


async def test_no_span_says_an_address_in_which_a_secret_may_stand(spans: Spans) -> None:
    app = FastAPI()
    app.add_middleware(Chain)

    @app.get("/feeds/{key}.ics")
    async def feed(key: str) -> None:
        """Of a calendar."""

    async with asking(app) as client:
        await client.get("/feeds/hush.ics?key=hush")
        await client.get("/nowhere/hush")
    told = [each.to_json() for each in spans.all()]
    assert any("/feeds/{key}.ics" in each for each in told)
    assert len(told) == 2
    assert not any("hush" in each for each in told)


def test_a_span_follows_from_what_came_and_the_next_from_it(spans: Spans) -> None:
    with tracing.span("send", tracing.PRODUCER, PARENT, {"a": "b"}) as carried:
        pass
    with tracing.span("decide", tracing.CONSUMER, carried, {}) as further:
        pass
    send, decide = spans.named("send"), spans.named("decide")
    assert send.context is not None
    assert send.parent is not None
    assert decide.parent is not None
    assert (send.context.trace_id, send.parent.span_id, send.parent.is_remote) == (TRACE, SPAN, True)
    assert decide.parent.span_id == send.context.span_id
    assert further.split("-")[1] == PARENT.split("-")[1]


@pytest.mark.parametrize("broken", ["", "00-0-0-01", "x" * 1_000, PARENT.upper().replace("00-", "ff-")])
def test_what_is_no_traceparent_begins_a_trace_of_its_own(spans: Spans, broken: str) -> None:
    with tracing.span("send", tracing.PRODUCER, broken, {}) as carried:
        assert len(carried) == len(PARENT)
    assert spans.named("send").parent is None


def test_of_a_batch_each_traced_record_has_its_spans_and_a_failure_is_in_them(spans: Spans) -> None:
    with pytest.raises(RuntimeError), tracing.handling("projection.chat", [record(PARENT), record()]) as handled:
        with handled.writing():
            pass
        raise RuntimeError("broken")
    process, write = spans.named("projection.chat process"), spans.named("projection.chat write")
    assert process.context is not None
    assert write.parent is not None
    assert (process.context.trace_id, write.parent.span_id) == (TRACE, process.context.span_id)
    assert process.attributes is not None
    assert process.attributes["messaging.kafka.offset"] == 42
    assert (process.status.is_ok, write.status.is_ok) == (False, True)


async def test_a_request_is_a_span_named_after_its_route_and_what_it_leads_to_follows_from_it(spans: Spans) -> None:
    app = FastAPI()
    app.add_middleware(Chain)

    @app.get("/things/{name}")
    async def thing(name: str) -> str:
        with tracing.span("send", tracing.PRODUCER, "", {}):
            return name

    async with asking(app) as client:
        answer = await client.get("/things/7", headers={"traceparent": PARENT})
    assert answer.headers["Septet-Correlation"]
    request, send = spans.named("GET /things/{name}"), spans.named("send")
    assert request.context is not None
    assert request.parent is not None
    assert send.parent is not None
    assert (request.parent.span_id, send.parent.span_id) == (SPAN, request.context.span_id)
    assert request.attributes is not None
    assert request.attributes["http.response.status_code"] == 200
