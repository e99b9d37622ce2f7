"""The AsyncAPI document: what lies on the log, and what is spoken over the chat's socket."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from fastapi import APIRouter, Request

from api.callers import Have
from api.chat.socket import protocol
from api.chat.socket.methods import CALLS

router = APIRouter(tags=["machines"])

Document = dict[str, Any]

FROM_CLIENT = {
    "connect": (protocol.Connect, "Signs in: the first command of a connection."),
    "subscribe": (protocol.Subscribe, "Opens `inbox:<person>` (recoverable) or `chat:<conversation>`."),
    "unsubscribe": (protocol.Unsubscribe, "Closes a channel."),
    "refresh": (protocol.Refresh, "Goes on with a new access token."),
}
TO_CLIENT: dict[str, tuple[Document, str]] = {
    "reply": (
        {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}, "additionalProperties": True},
        "The result of the command with that id, under the command's name.",
    ),
    "error": (
        {
            "type": "object",
            "required": ["id", "error"],
            "properties": {
                "id": {"type": "integer"},
                "error": {
                    "type": "object",
                    "required": ["code", "message", "temporary"],
                    "properties": {
                        "code": {"type": "integer"},
                        "message": {"type": "string"},
                        "temporary": {"type": "boolean"},
                    },
                },
            },
        },
        "Why the command with that id was refused; the connection goes on.",
    ),
    "publication": (
        {
            "type": "object",
            "required": ["push"],
            "properties": {
                "push": {
                    "type": "object",
                    "required": ["channel", "pub"],
                    "properties": {
                        "channel": {"type": "string"},
                        "pub": {
                            "type": "object",
                            "required": ["data"],
                            "properties": {"offset": {"type": "integer"}, "data": {"type": "object"}},
                        },
                    },
                }
            },
        },
        "An inbox entry, with its place; or typing, presence and marks, which have none.",
    ),
}


@router.get("/asyncapi.json")
async def asyncapi(request: Request, have: Have) -> Document:
    """What lies on the log and what the chat's socket speaks, as an AsyncAPI 3.0 document."""
    return whole(have.log_described, request.url.scheme == "https", request.url.netloc)


def whole(log: Mapping[str, Any], encrypted: bool, host: str) -> Document:
    """The document of the log with the socket of this host added."""
    shapes = [*(shape for shape, _ in FROM_CLIENT.values()), *(shape for _, shape in CALLS.values())]
    (_, shared) = msgspec.json.schema_components(shapes, ref_template="#/components/schemas/{name}")
    messages = {
        **{name: _command(name, _named(shape), text) for name, (shape, text) in FROM_CLIENT.items()},
        **{f"rpc.{name}": _rpc(name, _named(shape), call.__doc__ or "") for name, (call, shape) in CALLS.items()},
        "pong": {"payload": {"type": "object", "maxProperties": 0}, "summary": "Answers a ping: `{}`."},
        "ping": {"payload": {"type": "object", "maxProperties": 0}, "summary": "Wants a pong: `{}`."},
        **{name: {"payload": payload, "summary": text} for name, (payload, text) in TO_CLIENT.items()},
    }
    names = {
        f"socket.{name}": {"name": name, "contentType": "application/json", **each} for name, each in messages.items()
    }
    outgoing = [f"socket.{name}" for name in ("ping", *TO_CLIENT)]
    channel = {
        "address": "/chat/socket",
        "title": "The chat's socket",
        "description": "The Centrifuge client protocol in JSON: one object a line, several of them in a frame.",
        "servers": [{"$ref": "#/servers/socket"}],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {"ws": {"method": "GET", "bindingVersion": "0.1.0"}},
    }
    server = {"host": host, "protocol": "wss" if encrypted else "ws", "description": "This installation's API."}
    return {
        **log,
        "servers": {**log["servers"], "socket": server},
        "channels": {**log["channels"], "socket": channel},
        "operations": {
            **log["operations"],
            "socket.receive": _operation("receive", [name for name in names if name not in outgoing]),
            "socket.send": _operation("send", outgoing),
        },
        "components": {
            "messages": {**log["components"]["messages"], **names},
            "schemas": {**log["components"]["schemas"], **shared},
        },
    }


def _operation(action: str, names: Sequence[str]) -> Document:
    messages = [{"$ref": f"#/channels/socket/messages/{name}"} for name in names]
    return {"action": action, "channel": {"$ref": "#/channels/socket"}, "messages": messages}


def _named(shape: type) -> Document:
    return {"$ref": f"#/components/schemas/{shape.__name__}"}


def _command(name: str, shape: Document, text: str) -> Document:
    properties = {"id": {"type": "integer", "minimum": 1}, name: shape}
    payload = {"type": "object", "required": ["id", name], "properties": properties}
    return {"payload": payload, "summary": text}


def _rpc(name: str, shape: Document, text: str) -> Document:
    called = {
        "type": "object",
        "required": ["method", "data"],
        "properties": {"method": {"const": name}, "data": shape},
    }
    return _command("rpc", called, text or f"Calls `{name}`.")
