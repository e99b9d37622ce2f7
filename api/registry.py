"""The released schemas as Confluent's Schema Registry serves them, to be read only: its clients can read our topics."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from typing_extensions import TypedDict  # what pydantic takes on 3.11

from api.callers import Have

MEDIA_TYPE = "application/vnd.schemaregistry.v1+json"
Released = Mapping[
    str, Sequence[tuple[int, str]]
]  # by subject, a record's full name: ids and schemas, the oldest first


class Answer(JSONResponse):
    media_type = MEDIA_TYPE


class Failure(TypedDict):
    error_code: int
    message: str


class Schema(TypedDict):
    schema: str


class SubjectVersion(TypedDict):
    subject: str
    version: int


class Registered(TypedDict):
    subject: str
    version: int
    id: int
    schema: str


class Compatibility(TypedDict):
    compatibilityLevel: str


class Mode(TypedDict):
    mode: str


class Refused(Exception):
    """What cannot be answered, in the registry's own numbers."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(status, code, message)
        self.status, self.code, self.message = status, code, message


def install(app: FastAPI) -> None:
    """Makes every refusal of the registry look like Confluent's."""

    @app.exception_handler(Refused)
    async def refused(request: Request, error: Refused) -> Response:
        return Answer({"error_code": error.code, "message": error.message}, error.status)


def _failures(*statuses: int) -> dict[int | str, dict[str, Any]]:
    described = {404: "40401, 40402 or 40403: there is no such subject, version or schema.", 422: "42202: no version."}
    return {each: {"model": Failure, "description": described[each]} for each in statuses}


router = APIRouter(prefix="/registry", tags=["registry"], default_response_class=Answer)
Subject = Path(description="The full name of a record, such as `septet.chat.conversation.MessageSent`.")
Number = Path(description="A version counted from 1, or `latest`.")
Id = Path(alias="id", max_length=20, description="What the first five bytes of a value say.")


@router.get("/subjects")
async def subjects(have: Have, subject_prefix: str = Query("", alias="subjectPrefix", max_length=300)) -> list[str]:
    """Every record that can be on the log. No sign-in is needed: schemas are no secret, here as at `/openapi.json`."""
    return [each for each in have.released if each.startswith(subject_prefix)]


@router.get("/subjects/{subject}/versions", responses=_failures(404))
async def versions(have: Have, subject: str = Subject) -> list[int]:
    """The versions of a record."""
    return list(range(1, len(_of(have.released, subject)) + 1))


@router.get("/subjects/{subject}/versions/{version}", responses=_failures(404, 422))
async def version(have: Have, subject: str = Subject, version: str = Number) -> Registered:
    """One version of a record."""
    number, (id_, schema) = _version(have.released, subject, version)
    return {"subject": subject, "version": number, "id": id_, "schema": schema}


@router.get("/subjects/{subject}/versions/{version}/schema", responses=_failures(404, 422))
async def version_schema(have: Have, subject: str = Subject, version: str = Number) -> Response:
    """The schema of one version, bare."""
    return Response(_version(have.released, subject, version)[1][1], media_type=MEDIA_TYPE)


@router.get("/schemas/types")
async def types() -> list[str]:
    """The kinds of schemas there are."""
    return ["AVRO"]


@router.get("/schemas/ids/{id}", responses=_failures(404))
async def schema(have: Have, id_: str = Id) -> Schema:
    """The schema that a record's first five bytes name."""
    return {"schema": _by_id(have.released, id_)[2]}


@router.get("/schemas/ids/{id}/schema", responses=_failures(404))
async def bare_schema(have: Have, id_: str = Id) -> Response:
    """The same, bare."""
    return Response(_by_id(have.released, id_)[2], media_type=MEDIA_TYPE)


@router.get("/schemas/ids/{id}/subjects", responses=_failures(404))
async def schema_subjects(have: Have, id_: str = Id) -> list[str]:
    """The record that an id belongs to."""
    return [_by_id(have.released, id_)[0]]


@router.get("/schemas/ids/{id}/versions", responses=_failures(404))
async def schema_versions(have: Have, id_: str = Id) -> list[SubjectVersion]:
    """The record and version that an id belongs to."""
    subject, number, _ = _by_id(have.released, id_)
    return [{"subject": subject, "version": number}]


@router.get("/config")
async def config() -> Compatibility:
    """What every new version must be with all before it; the tests hold to it."""
    return {"compatibilityLevel": "FULL_TRANSITIVE"}


@router.get("/config/{subject}", responses=_failures(404))
async def subject_config(have: Have, subject: str = Subject) -> Compatibility:
    """The same, of one record."""
    _of(have.released, subject)
    return await config()


@router.get("/mode")
async def mode() -> Mode:
    """Schemas are released with the code, never over HTTP."""
    return {"mode": "READONLY"}


@router.get("/mode/{subject}", responses=_failures(404))
async def subject_mode(have: Have, subject: str = Subject) -> Mode:
    """The same, of one record."""
    _of(have.released, subject)
    return await mode()


def _of(released: Released, subject: str) -> Sequence[tuple[int, str]]:
    found = released.get(subject)
    if found is None:
        raise Refused(404, 40401, f"Subject '{subject}' not found.")
    return found


def _version(released: Released, subject: str, version: str) -> tuple[int, tuple[int, str]]:
    if version not in ("latest", "-1") and not re.fullmatch("[1-9][0-9]{0,18}", version):
        raise Refused(422, 42202, f"The specified version '{version[:40]}' is not a number from 1 on, nor 'latest'.")
    found = _of(released, subject)
    number = len(found) if version in ("latest", "-1") else int(version)
    if number > len(found):
        raise Refused(404, 40402, f"Version {number} not found.")
    return number, found[number - 1]


def _by_id(released: Released, id_: str) -> tuple[str, int, str]:
    """Subject, version and schema of an id."""
    for subject, found in released.items():
        for number, (each, schema) in enumerate(found, start=1):
            if str(each) == id_:
                return subject, number, schema
    raise Refused(404, 40403, f"Schema {id_} not found")
