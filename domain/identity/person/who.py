"""Who may do something with an account."""

from domain.kernel import Context, Reason, Rejected


def only(context: Context, *, own: bool = False, anonymous: bool = False) -> None:
    """The system may; the person this account belongs to only where `own`, somebody not signed in where `anonymous`."""
    actor = context.actor
    if actor.is_system or (anonymous and actor.kind == "anonymous"):
        return
    if not (own and actor.kind == "person" and actor.name == context.aggregate_id):
        raise Rejected("not_yours", "You can do this only with your own account.", Reason.FORBIDDEN)
