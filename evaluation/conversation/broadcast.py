"""Model calls that each carry the whole conversation."""

from __future__ import annotations

from collections.abc import Sequence

from evaluation.conversation.messages import MODEL_ROLES, USER_ROLES, Messages
from evaluation.conversation.model import Content, Invocation, ToolCall
from evaluation.conversation.turns import Turn

_ID_CHARACTERS = 8


def broadcast_turns(candidates: Sequence[Turn]) -> list[Invocation] | None:
    """Read the turns of a conversation that was written to every span.

    Log records without span ids are merged into all model spans of a session, which
    then hold the same messages, several of them the user's.

    Args:
        candidates: the turns that the spans suggest.

    Returns:
        The turns in order; None when the spans hold messages of their own, or nobody
        recorded an answer.
    """
    if not _is_broadcast(candidates):
        return None
    first = candidates[0].models[0]
    if not first.input or not first.output:
        return None
    return _turns(candidates[0], first.input, first.output)


def without_repeats(candidates: Sequence[Turn]) -> Sequence[Turn]:
    """Leave out spans that repeat a conversation without any answer.

    Which question they belong to is not known; the last one is still open.
    """
    return candidates[:1] if _is_broadcast(candidates) else candidates


def _is_broadcast(candidates: Sequence[Turn]) -> bool:
    if not candidates[1:] or not all(turn.is_plain for turn in candidates):
        return False
    first, *others = (turn.models[0] for turn in candidates)
    if not first.input or not _is_dialogue(first.input):
        return False
    return all(o.input == first.input and o.output == first.output for o in others)


def _is_dialogue(messages: Messages) -> bool:
    return sum(message.role in USER_ROLES for message in messages) > 1


def _turns(turn: Turn, given: Messages, output: Messages) -> list[Invocation]:
    questions = [message for message in given if message.role in USER_ROLES]
    answers = iter([message for message in output if message.role in MODEL_ROLES])
    turns = []
    for number, question in enumerate(questions, start=1):
        if not question.text:
            continue
        calls: list[ToolCall] = []
        # The whole conversation is known, so what is not in it was not said.
        answer = Content.of_text("", role="model")
        for message in answers:
            calls += (
                ToolCall(name=call.name, args=call.args, call_id=call.call_id)
                for call in message.calls
            )
            if message.text:
                answer = Content.of_text(message.text, role="model")
                break
        turns.append(_turn(turn, number, question.text, answer, calls))
    return turns


def _turn(
    turn: Turn,
    number: int,
    question: str,
    answer: Content,
    calls: list[ToolCall],
) -> Invocation:
    span = turn.anchor
    return Invocation(
        invocation_id=f"genai-turn-{number}-{span.span_id[:_ID_CHARACTERS]}",
        user_content=Content.of_text(question, role="user"),
        final_response=answer,
        tool_calls=tuple(calls),
        span_id=span.span_id,
        started_ns=span.start_ns,
        case_id=turn.case_id(),
        conversation_id=turn.conversation_id(),
    )
