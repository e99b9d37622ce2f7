"""Which commands somebody's notices accept, from whom, and what follows."""

from datetime import datetime, timedelta
from hmac import compare_digest
from uuid import UUID

from domain.kernel import Context, Reason, Rejected
from domain.notice.quiet import check_quiet, quiet_until
from domain.notice.recipient.commands import (
    AddWebhook,
    BySystem,
    Clear,
    Command,
    ConfirmEmail,
    EnableWebhook,
    EndPushes,
    GiveEmail,
    MarkRead,
    NoteDelivered,
    NoteFailed,
    PingWebhook,
    Release,
    RemoveEmail,
    RemoveWebhook,
    SetPreferences,
    StopMails,
    SubscribeDevice,
    Tell,
    UnsubscribeDevice,
    Withdraw,
)
from domain.notice.recipient.events import (
    Category,
    Channel,
    Choice,
    Cleared,
    Delivered,
    Delivery,
    DeviceSubscribed,
    DeviceUnsubscribed,
    Due,
    EmailConfirmed,
    EmailGiven,
    EmailRemoved,
    Event,
    Failed,
    Held,
    Notice,
    PreferencesSet,
    Read,
    WebhookAdded,
    WebhookDisabled,
    WebhookEnabled,
    WebhookRemoved,
    Withdrawn,
)
from domain.notice.recipient.state import CODES, Device, Recipient, Webhook, way
from domain.text import check_email, check_url

WEBHOOKS, DEVICES, HELD = 10, 20, 200
FAILURES = 5  # deliveries given up one after the other, until a webhook is switched off
CODE_LIFE = timedelta(hours=1)
_EMAIL = UUID(int=0)  # there is one address: it needs no id


def decide(recipient: Recipient, command: Command, context: Context) -> list[Event]:
    if isinstance(command, BySystem):
        if not context.actor.is_system:
            raise Rejected("not_yours", "Only Septet itself does this.", Reason.FORBIDDEN)
        return [] if recipient.closed else _by_system(recipient, command, context)
    if context.actor.kind != "person" or context.actor.name != context.aggregate_id:
        raise Rejected("not_yours", "You can change only your own notices.", Reason.FORBIDDEN)
    if recipient.closed:
        raise Rejected("recipient_unknown", "This account has ended.", Reason.NOT_FOUND)
    match command:
        case SetPreferences():
            return _set_preferences(recipient, command)
        case GiveEmail():
            return _give_email(recipient, command, context)
        case ConfirmEmail(code_hash=code_hash):
            return _confirm_email(recipient, code_hash, context)
        case RemoveEmail():
            return [EmailRemoved()] if recipient.email or recipient.given else []
        case AddWebhook():
            return _add_webhook(recipient, command)
        case RemoveWebhook(webhook=id):
            return [WebhookRemoved(id)] if id in recipient.webhooks else []
        case EnableWebhook(webhook=id):
            return [WebhookEnabled(id)] if _known(recipient, id).disabled else []
        case PingWebhook():
            return _ping(recipient, command, context)
        case SubscribeDevice():
            return _subscribe(recipient, command)
        case UnsubscribeDevice(device=id):
            return [DeviceUnsubscribed(id, "unsubscribed")] if id in recipient.devices else []
        case MarkRead(notice=None):
            return [Read(each) for each in recipient.unread]
        case MarkRead(notice=id):
            return [Read(id)] if id in recipient.unread else []


def _by_system(recipient: Recipient, command: BySystem, context: Context) -> list[Event]:
    match command:
        case Tell():
            return _tell(recipient, command, context)
        case Withdraw(notice=id):
            return [Withdrawn(id)] if id in recipient.held else []
        case Release(notice=id, until=until):
            waiting = recipient.held.get(id)
            if waiting is None or waiting.until != until or until > context.now:
                return []
            return _now_or_later(recipient, waiting.what, None, waiting.without, context.now) or [Withdrawn(id)]
        case NoteDelivered(notice=id, channel=channel, target=target, attempts=attempts):
            if way(id, channel, target) not in recipient.under_way:
                return []
            return [Delivered(id, channel, target, attempts)]
        case NoteFailed():
            return _failed(recipient, command)
        case EndPushes(session=session):
            over = [key for key, each in recipient.devices.items() if each.session == session]
            return [DeviceUnsubscribed(each, "signed out") for each in over]
        case StopMails(category=category):
            return _stop_mails(recipient, category)
        case Clear():
            return [Cleared()]


# Telling.


def _tell(recipient: Recipient, command: Tell, context: Context) -> list[Event]:
    if command.what.notice in recipient.told:
        return []
    return _now_or_later(recipient, command.what, command.not_before, command.without, context.now)


def _now_or_later(
    recipient: Recipient, notice: Notice, not_before: datetime | None, without: tuple[Channel, ...], now: datetime
) -> list[Event]:
    """What is to be told is held, or due; nothing where it is wanted by no channel."""
    channels = [each for each in recipient.choices.get(notice.category.value, tuple(Channel)) if each not in without]
    if not channels:
        return []
    when = max(now, not_before or now)
    silent = None if notice.urgent or recipient.quiet is None else quiet_until(recipient.quiet, when)
    until = silent or when
    full = notice.notice not in recipient.held and len(recipient.held) >= HELD
    if until > now and not full:
        return [Held(notice, until, without)]
    return [Due(notice, Channel.IN_APP in channels, _deliveries(recipient, channels), now)]


def _deliveries(recipient: Recipient, channels: list[Channel]) -> tuple[Delivery, ...]:
    found: list[Delivery] = []
    if Channel.EMAIL in channels and recipient.email:
        found.append(Delivery(Channel.EMAIL, _EMAIL, recipient.email))
    if Channel.WEBHOOK in channels:
        found += [
            Delivery(Channel.WEBHOOK, key, each.url) for key, each in recipient.webhooks.items() if not each.disabled
        ]
    if Channel.PUSH in channels:
        found += [Delivery(Channel.PUSH, key, each.endpoint, each.keys) for key, each in recipient.devices.items()]
    return tuple(found)


def _failed(recipient: Recipient, command: NoteFailed) -> list[Event]:
    notice, channel, target = command.notice, command.channel, command.target
    if way(notice, channel, target) not in recipient.under_way:
        return []
    events: list[Event] = [Failed(notice, channel, target, command.attempts, command.why)]
    if channel is Channel.PUSH and command.gone and target in recipient.devices:
        events.append(DeviceUnsubscribed(target, "gone"))
    webhook = recipient.webhooks.get(target) if channel is Channel.WEBHOOK else None
    if webhook is not None and not webhook.disabled and (command.gone or webhook.failures + 1 >= FAILURES):
        events.append(WebhookDisabled(target, "gone" if command.gone else command.why))
    return events


# Settings.


def _set_preferences(recipient: Recipient, command: SetPreferences) -> list[Event]:
    categories = [each.category for each in command.choices]
    if len(set(categories)) != len(categories):
        raise Rejected("preferences_invalid", "Name each category once.", Reason.INVALID)
    if command.quiet is not None:
        check_quiet(command.quiet)
    choices = {each.category.value: each.channels for each in command.choices}
    if choices == recipient.choices and command.quiet == recipient.quiet:
        return []
    return [PreferencesSet(command.choices, command.quiet)]


def _stop_mails(recipient: Recipient, stopped: Category) -> list[Event]:
    """Everything else stays as it was chosen, also for categories that come later."""
    kept = recipient.choices.get(stopped.value, tuple(Channel))
    if Channel.EMAIL not in kept:
        return []
    choices = {**recipient.choices, stopped.value: tuple(each for each in kept if each is not Channel.EMAIL)}
    chosen = tuple(Choice(Category(name), channels) for name, channels in choices.items())
    return [PreferencesSet(chosen, recipient.quiet)]


def _give_email(recipient: Recipient, command: GiveEmail, context: Context) -> list[Event]:
    check_email(command.address)
    if not 16 <= len(command.code_hash) <= 64:
        raise Rejected("code_invalid", "Send the hash of a code.", Reason.INVALID)
    if command.address == recipient.email:
        return []
    given = recipient.given
    if given is not None and given.address == command.address and given.until > context.now:
        return []  # it is on its way
    lately = [each for each in recipient.codes if each > context.now - timedelta(hours=1)]
    if len(lately) >= CODES:
        raise Rejected("too_many_codes", f"At most {CODES} codes are sent an hour. Try again later.", Reason.TOO_MANY)
    return [EmailGiven(command.address, command.code_hash, context.now + CODE_LIFE, context.now)]


def _confirm_email(recipient: Recipient, code_hash: bytes, context: Context) -> list[Event]:
    given = recipient.given
    if given is None or given.until <= context.now or not compare_digest(given.code_hash, code_hash):
        raise Rejected("code_wrong", "This code is wrong or has expired. Ask for a new one.", Reason.FORBIDDEN)
    return [EmailConfirmed(given.address)]


def _add_webhook(recipient: Recipient, command: AddWebhook) -> list[Event]:
    check_url(command.url)
    known = recipient.webhooks.get(command.webhook)
    if known is not None:
        if known.url != command.url:
            raise Rejected("webhook_exists", "A webhook keeps its address. Add another one.")
        return []
    if len(recipient.webhooks) >= WEBHOOKS:
        raise Rejected("too_many_webhooks", f"You have {WEBHOOKS} webhooks. Remove one first.")
    return [WebhookAdded(command.webhook, command.url)]


def _ping(recipient: Recipient, command: PingWebhook, context: Context) -> list[Event]:
    webhook = _known(recipient, command.webhook)
    if webhook.disabled:
        raise Rejected("webhook_disabled", "This webhook is switched off. Switch it on first.")
    if command.ping in recipient.told:
        return []
    about = {"webhook": str(command.webhook)}
    notice = Notice(
        command.ping, Category.HOUSEKEEPING, "ping", "A test", "This webhook works.", "/ui/notices", about, urgent=True
    )
    return [Due(notice, False, (Delivery(Channel.WEBHOOK, command.webhook, webhook.url),), context.now)]


def _subscribe(recipient: Recipient, command: SubscribeDevice) -> list[Event]:
    check_url(command.endpoint)
    if not 20 <= len(command.keys) <= 200 or command.keys.count(".") != 1 or not command.keys.isascii():
        raise Rejected("keys_invalid", "Send p256dh and auth of the subscription.", Reason.INVALID)
    known = recipient.devices.get(command.device)
    if known is not None and known == Device(command.endpoint, command.keys, command.session):
        return []
    if known is None and len(recipient.devices) >= DEVICES:
        raise Rejected("too_many_devices", f"{DEVICES} devices are subscribed. Unsubscribe one first.")
    return [DeviceSubscribed(command.device, command.endpoint, command.keys, command.session)]


def _known(recipient: Recipient, webhook: UUID) -> Webhook:
    if webhook not in recipient.webhooks:
        raise Rejected("webhook_unknown", "There is no such webhook.", Reason.NOT_FOUND)
    return recipient.webhooks[webhook]
