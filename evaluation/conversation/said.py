"""What the user asked and what was answered."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from evaluation.conversation.messages import (
    MODEL_ROLES,
    USER_ROLES,
    Message,
    Messages,
    last_said,
)
from evaluation.conversation.model import Content
from evaluation.conversation.tools import fresh_output
from evaluation.conversation.tree import ModelRun
from evaluation.conversation.turns import Turn


def user_message(turn: Turn) -> Message | None:
    """Find the message that began a turn.

    Returns:
        The last message of the user that the agent span, else the first model call
        that captured its input, was given; preferably one with text. A message without
        text holds what else the user sent. None when no user message was captured.
    """
    found = [_last_user_message(messages) for messages in _inputs(turn)]
    asked = [message for message in found if message is not None]
    readable = (message for message in asked if not message.garbled)
    return next(readable, next(iter(asked), None))


def _inputs(turn: Turn) -> Iterator[Messages]:
    for run in dict.fromkeys((turn.owner, turn.own_agent)):
        if run is not None and run.view.input is not None:
            yield run.view.input
    given = (run.input for run in turn.speaking)
    first = next((messages for messages in given if messages is not None), None)
    if first is not None:
        yield first
    yield from (note.input for note in turn.notes if note.input is not None)


def _last_user_message(messages: Messages) -> Message | None:
    said = [message for message in messages if message.role in USER_ROLES]
    for message in reversed(said):
        if message.text:
            return message
    recorded = [message for message in said if message.parts is not None]
    return next(
        itertools.chain(
            (message for message in said if message.garbled),
            (message for message in recorded if message.parts),
            recorded,
        ),
        None,
    )


def user_content(turn: Turn) -> Content | None:
    """Return what the user sent, None when unknown."""
    message = user_message(turn)
    if message is None:
        return None
    if message.text:
        return Content.of_text(message.text, role="user")
    if message.parts is None:
        return None
    return Content(role="user", parts=message.parts)


def final_response(turn: Turn) -> Content | None:
    """Return the answer to the user.

    It is what the agent span recorded where that is what its caller got; else what the
    last model call that faces the user said; else any other recorded output; where ADK
    recorded none of these, the calls that the model asked for, or nothing at all.
    """
    last = turn.speaking[-1] if turn.speaking else None
    answers = list(_answers(turn, last))
    if answers:
        readable = (message for message in answers if not message.garbled)
        text = next(readable, answers[0]).text or ""
        return Content.of_text(text, role="model")
    for message in (last.output or ()) if last else ():
        if message.parts is not None:
            return Content(role="model", parts=message.parts)
    return None


def _answers(turn: Turn, last: ModelRun | None) -> Iterator[Message]:
    """Yield what may be the answer, the most trustworthy first."""
    owner = turn.owner.view if turn.owner else None
    facing = [run.view for run in turn.agents if not run.aside]
    views = [*reversed(facing), *reversed(turn.notes)]
    recorded = [last_said(view.output, MODEL_ROLES) for view in (owner, *views) if view]
    if owner is not None and owner.answers:
        yield from (message for message in recorded[:1] if message)
    said = answer_of(last) if last else None
    if said is not None:
        yield said
    yield from (message for message in recorded if message)


def answer_of(run: ModelRun) -> Message | None:
    """Return the last thing a model call said in words."""
    return last_said(fresh_output(run.input, run.output), MODEL_ROLES)
