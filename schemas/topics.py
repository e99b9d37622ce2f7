"""The names of the topics and what each is for."""

COMMANDS, EVENTS, STATE, ANSWERED = ".commands", ".events", ".state", ".answered"

ANSWERS = "answers"  # one partition per gateway: answers to its commands, and what its sockets are to be told
DEAD_COMMANDS = "dead.commands"  # records of a commands topic that no one can read as a command

HEAD = b"~head"  # the key of a partition's Head on its state topic


def commands(system: str) -> str:
    """Commands of a system by key; kept a week, long decided."""
    return system + COMMANDS


def events(system: str) -> str:
    """The events of a system by key: its history, kept for ever."""
    return system + EVENTS


def state(system: str) -> str:
    """The last state of each aggregate of a system, compacted: what its next decision starts from."""
    return system + STATE


def answered(system: str) -> str:
    """The answer of each recent command of a system by command id: what a repeated command is answered with."""
    return system + ANSWERED


def system_of(topic: str) -> str:
    """The system a topic belongs to."""
    return topic.rpartition(".")[0]
