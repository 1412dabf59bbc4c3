"""Which golden turn belongs to which turn of a trace."""

from __future__ import annotations

from collections.abc import Sequence

from evaluation.conversation.model import Invocation
from evaluation.eval_sets.model import ExpectedTurn
from evaluation.values import JSONObject, Value


class Alignment(Value, frozen=True, kw_only=True):
    """Turn numbers from 0: ``pairs`` has one (actual, expected or None) a turn.

    ``missing`` are the golden turns without a counterpart; ``by`` says what the
    alignment rests on.
    """

    pairs: tuple[tuple[int, int | None], ...]
    missing: tuple[int, ...] = ()
    by: str = "index"

    @property
    def unexpected(self) -> tuple[int, ...]:
        """Return the turns of the trace that no golden turn asks for."""
        return tuple(actual for actual, expected in self.pairs if expected is None)

    def explain(self) -> JSONObject:
        """Describe the alignment; turn numbers count from 0."""
        return {
            "aligned_by": self.by,
            "missing_turns": list(self.missing),
            "unexpected_turns": list(self.unexpected),
        }


def align(actual: Sequence[Invocation], expected: Sequence[ExpectedTurn]) -> Alignment:
    """Align turns by index, unless the user texts show where turns are missing.

    Equal counts align by index. Otherwise, when every turn of the shorter side finds a
    turn with the same user text on the longer side, in order, those pairs count; if
    not, the index does and the surplus at the end is missing or unexpected.
    """
    if len(actual) == len(expected):
        return _by_index(len(actual), len(expected))
    spoken = [_text(turn) for turn in actual]
    asked = [_text(turn) for turn in expected]
    found = _positions(spoken, asked)
    if found is not None:
        return _alignment(
            dict(zip(found, range(len(asked)), strict=True)), actual, asked
        )
    found = _positions(asked, spoken)
    if found is not None:
        return _alignment(dict(enumerate(found)), actual, asked)
    return _by_index(len(actual), len(expected))


def _by_index(actual: int, expected: int) -> Alignment:
    return Alignment(
        pairs=tuple((i, i if i < expected else None) for i in range(actual)),
        missing=tuple(range(actual, expected)),
    )


def _alignment(
    partner: dict[int, int], actual: Sequence[Invocation], asked: Sequence[str]
) -> Alignment:
    taken = set(partner.values())
    return Alignment(
        pairs=tuple((i, partner.get(i)) for i in range(len(actual))),
        missing=tuple(i for i in range(len(asked)) if i not in taken),
        by="user_text",
    )


def _positions(longer: Sequence[str], shorter: Sequence[str]) -> list[int] | None:
    """Find ``shorter`` as a subsequence of ``longer``; None when it is not one."""
    found: list[int] = []
    for position, text in enumerate(longer):
        if len(found) < len(shorter) and text == shorter[len(found)] and text:
            found.append(position)
    return found if found and len(found) == len(shorter) else None


def _text(turn: Invocation | ExpectedTurn) -> str:
    text = turn.user_content.text(" ") if turn.user_content else ""
    return " ".join(text.split()).casefold()
