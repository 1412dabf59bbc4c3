"""Share of given texts that the answers contain."""

from __future__ import annotations

from evaluation.metrics.model import Measurement, Task


def measure(task: Task) -> Measurement:
    """Count the texts that occur in any answer of the conversation.

    The number of a turn is the share that its own answer contains; a turn whose answer
    was not captured is not measured, nor is a conversation without any answer.
    """
    ignore_case = task.options.get("ignore_case", False)
    texts: list[str] = task.options["texts"]

    def found_in(answer: str) -> set[str]:
        if ignore_case:
            answer = answer.casefold()
            return {text for text in texts if text.casefold() in answer}
        return {text for text in texts if text in answer}

    by_turn = [
        found_in(turn.final_response.text()) if turn.final_response else None
        for turn in task.turns
    ]
    captured = [found for found in by_turn if found is not None]
    found = set().union(*captured)
    wanted = set(texts)
    return Measurement(
        score=len(found) / len(wanted) if captured else None,
        per_invocation=[
            None if found is None else len(found) / len(wanted) for found in by_turn
        ],
        explanation={"missing_texts": sorted(wanted - found)},
    )
