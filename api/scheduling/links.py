"""Links that are good for one booking, and forms that lead to the right event type."""

import base64
import hmac
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter
from pydantic import AwareDatetime, Field

from api.callers import Front, Have, SignedIn
from api.identity import Body
from api.problems import Problem, not_found
from api.scheduling.bookings import NewBooking, answer, appointment
from api.scheduling.guests import Anybody, Ready, actor_of, calendar_of, own_calendar, proof_of
from api.scheduling.settings import QuestionBody, Slug
from api.secrets import Secrets, id_from
from domain.scheduling.calendar import BookByLink, MakeLink, RemoveForm, RevokeLink, SetForm
from domain.scheduling.routing import Comparison, Form, Kind, route

router = APIRouter(tags=["scheduling"])


class NewLink(Body):
    event_type: str
    until: AwareDatetime


class BookingByLink(NewBooking):
    link_key: Annotated[str, Field(max_length=100)]


class ConditionBody(Body):
    question: str
    comparison: Comparison
    value: str


class DestinationBody(Body):
    """`id` and `event_type` of a calendar or a team, or a `message`."""

    kind: Kind
    id: UUID | None = None
    event_type: str = ""
    message: str = ""


class RuleBody(Body):
    conditions: tuple[ConditionBody, ...]
    to: DestinationBody


class FormBody(Body):
    title: str
    questions: tuple[QuestionBody, ...]
    rules: tuple[RuleBody, ...] = ()
    otherwise: DestinationBody


class Answers(Body):
    answers: dict[str, str]


@router.post("/calendars/{calendar_id}/links", status_code=201)
async def make(calendar_id: UUID, body: NewLink, caller: SignedIn, desk: Front, have: Have) -> dict[str, Any]:
    """A link with which somebody may book this event type once, until then; also one that is booked `by_link` alone."""
    command_id = desk.command_id(caller.actor)
    link = UUID(id_from("link", str(calendar_id), command_id))
    key = link_key(have.secrets, calendar_id, link)
    command = MakeLink(link, body.event_type, body.until, proof_of(key))
    await desk.submit(command, str(calendar_id), caller.actor, command_id)
    return {"link_id": link, "link_key": key, "until": body.until}


@router.get("/calendars/{calendar_id}/links")
async def links(calendar_id: UUID, caller: SignedIn, have: Have, ready: Ready) -> list[dict[str, Any]]:
    """The links that are open: neither used, nor withdrawn, nor over."""
    found = await own_calendar(have, calendar_id, caller)
    return [
        {"link_id": link, "event_type": each.slug, "until": each.until}
        for link, each in found.links.items()
        if each.until > datetime.now(UTC)
    ]


@router.delete("/calendars/{calendar_id}/links/{link_id}", status_code=204)
async def revoke(calendar_id: UUID, link_id: UUID, caller: SignedIn, desk: Front) -> None:
    """Withdraws a link."""
    await desk.submit(RevokeLink(link_id), str(calendar_id), caller.actor)


@router.post("/calendars/{calendar_id}/links/{link_id}/bookings", status_code=201)
async def book(
    calendar_id: UUID, link_id: UUID, body: BookingByLink, caller: Anybody, desk: Front, have: Have
) -> dict[str, Any]:
    """Books with a link, which is used up by it. 404 `link_unknown` where it was, 409 `link_expired`."""
    actor = actor_of(caller)
    command_id = desk.command_id(actor)
    wanted, key = appointment(have, calendar_id, body.model_copy(update={"booking_id": None}), caller, command_id)
    command = BookByLink(link_id, proof_of(body.link_key), wanted)
    decision = await desk.submit(command, str(calendar_id), actor, command_id)
    return answer(calendar_id, wanted, key, decision.events)


def link_key(secrets: Secrets, calendar: UUID, link: UUID) -> str:
    """The secret of a link, which only this installation can make."""
    made = hmac.digest(secrets.key("link"), calendar.bytes + link.bytes, sha256)
    return base64.urlsafe_b64encode(made[:24]).decode()


@router.put("/calendars/{calendar_id}/forms/{slug}")
async def set_form(calendar_id: UUID, slug: Slug, body: FormBody, caller: SignedIn, desk: Front) -> dict[str, Any]:
    """Questions, and rules that say from the answers with whom to meet; the first rule that holds counts."""
    form = msgspec.convert({**body.model_dump(mode="json"), "slug": slug}, Form)
    await desk.submit(SetForm(form), str(calendar_id), caller.actor)
    return _built(form)


@router.delete("/calendars/{calendar_id}/forms/{slug}", status_code=204)
async def remove_form(calendar_id: UUID, slug: Slug, caller: SignedIn, desk: Front) -> None:
    """Takes a form away."""
    await desk.submit(RemoveForm(slug), str(calendar_id), caller.actor)


@router.get("/calendars/{calendar_id}/forms/{slug}")
async def form(calendar_id: UUID, slug: Slug, caller: Anybody, have: Have, ready: Ready) -> dict[str, Any]:
    """What a form asks; its rules for the owner alone."""
    calendar = await calendar_of(have, calendar_id)
    found = calendar.forms.get(slug)
    if found is None:
        raise not_found("There is no such form.")
    if caller is not None and caller.person == calendar.owner:
        return _built(found)
    return {"slug": slug, "title": found.title, "questions": msgspec.to_builtins(found.questions)}


@router.post("/calendars/{calendar_id}/forms/{slug}/route")
async def routed(calendar_id: UUID, slug: Slug, body: Answers, have: Have, ready: Ready) -> dict[str, Any]:
    """Where these answers lead: to an event type of a calendar or a team, or to a message. Nothing is kept of them."""
    found = (await calendar_of(have, calendar_id)).forms.get(slug)
    if found is None:
        raise not_found("There is no such form.")
    if sum(map(len, body.answers.values())) > 100_000:
        raise Problem(422, "answer_invalid", "Answer in fewer words.")
    return _built(route(found, body.answers))


def _built(value: object) -> dict[str, Any]:
    built: dict[str, Any] = msgspec.to_builtins(value)
    return built
