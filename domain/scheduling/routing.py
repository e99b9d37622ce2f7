"""Routing forms: a few questions, and rules that say from the answers with whom one should meet."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from domain.kernel import Reason, Rejected
from domain.scheduling.event_type import QUESTIONS, Question, check_answers_to, check_questions, check_slug, check_text
from domain.text import check_line

RULES = 50
CONDITIONS = 10


class Kind(StrEnum):
    """Where an answer leads."""

    CALENDAR = "calendar"
    TEAM = "team"
    MESSAGE = "message"  # nobody meets


class Comparison(StrEnum):
    IS = "is"
    IS_NOT = "is_not"
    CONTAINS = "contains"  # in any case of letters
    AT_LEAST = "at_least"  # of numbers; an answer that is none is not


@dataclass(frozen=True, slots=True)
class Condition:
    question: str
    comparison: Comparison
    value: str


@dataclass(frozen=True, slots=True)
class Destination:
    """An event type of a calendar or a team, or a message in place of a meeting."""

    kind: Kind
    id: UUID | None = None
    event_type: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """Leads there where all its conditions hold."""

    conditions: tuple[Condition, ...]
    to: Destination


@dataclass(frozen=True, slots=True)
class Form:
    slug: str
    title: str
    questions: tuple[Question, ...]
    rules: tuple[Rule, ...]  # the first that holds counts
    otherwise: Destination


def route(form: Form, answers: dict[str, str]) -> Destination:
    """Where these answers lead; raises Rejected where they are no answers to the form's questions."""
    check_answers_to(form.questions, answers)
    for rule in form.rules:
        if all(holds(each, answers.get(each.question, "")) for each in rule.conditions):
            return rule.to
    return form.otherwise


def holds(condition: Condition, answer: str) -> bool:
    """Whether an answer, "" where there is none, is what the condition wants."""
    match condition.comparison:
        case Comparison.IS:
            return answer == condition.value
        case Comparison.IS_NOT:
            return answer != condition.value
        case Comparison.CONTAINS:
            return condition.value.casefold() in answer.casefold()
        case Comparison.AT_LEAST:
            given, least = _number(answer), _number(condition.value)
            return given is not None and least is not None and given >= least


def check_form(form: Form) -> None:
    """Raises Rejected where nobody could be led by it."""
    check_slug(form.slug)
    check_line(form.title, "title", 100)
    check_questions(form.questions)
    _need(0 < len(form.questions) <= QUESTIONS and len(form.rules) <= RULES, f"Give questions and up to {RULES} rules.")
    asked = {each.name for each in form.questions}
    for rule in form.rules:
        _need(0 < len(rule.conditions) <= CONDITIONS, f"Give a rule 1 to {CONDITIONS} conditions.")
        _need(all(each.question in asked for each in rule.conditions), "Let a rule look at a question of the form.")
        for each in rule.conditions:
            check_text(each.value, "condition")
            number = each.comparison is not Comparison.AT_LEAST or _number(each.value) is not None
            _need(number, "Compare with a number.")
    for to in (*(rule.to for rule in form.rules), form.otherwise):
        if to.kind is Kind.MESSAGE:
            check_line(to.message, "message", 1_000)
        else:
            check_slug(to.event_type)
            _need(to.id is not None, "Say whose event type it is.")


def _number(text: str) -> float | None:
    try:
        return float(text) if len(text) <= 30 else None
    except ValueError:
        return None


def _need(fine: bool, detail: str) -> None:
    if not fine:
        raise Rejected("form_invalid", detail, Reason.INVALID)
