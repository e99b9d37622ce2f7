"""Who may do something with an account."""

from domain.kernel import Context, Reason, Rejected


def only(context: Context, *, own: bool = False, anonymous: bool = False, operator: bool = False) -> None:
    """The system may; the person this account belongs to only where `own`, somebody not signed in where `anonymous`.

    Operators who are signed in, only where `operator`.
    """
    actor = context.actor
    if actor.is_system or (anonymous and actor.kind == "anonymous") or (operator and is_operator(context)):
        return
    if not (own and actor.kind == "person" and actor.name == context.aggregate_id):
        raise Rejected("not_yours", "You can do this only with your own account.", Reason.FORBIDDEN)


def is_operator(context: Context) -> bool:
    """Whether an operator acts: signed in, or at the command line."""
    actor = context.actor
    return (actor.is_system and actor.name == "operator") or (actor.kind == "person" and "operator" in actor.roles)
