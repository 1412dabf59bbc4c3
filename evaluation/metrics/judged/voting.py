"""Counting votes: what the majority says, and how many more are needed to know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from evaluation.values import JSONObject

# What one sample says: 1 for yes, 0 for no, by what was asked about.
Ballot = Mapping[str, float]


def majority(votes: Iterable[float]) -> float | None:
    """Return 1 if most say yes, else 0, so a tie is 0; None without a vote."""
    cast = list(votes)
    if not cast:
        return None
    return 1.0 if sum(cast) * 2 > len(cast) else 0.0


def needed(yes: int, no: int, left: int) -> int:
    """Return how many more votes could decide, at best; 0 when it is decided.

    Args:
        yes: votes for yes so far.
        no: votes for no so far.
        left: samples that may still be asked.
    """
    if yes > no + left or no >= yes + left:
        return 0
    for_yes = (no + left - yes) // 2 + 1
    for_no = -((no - yes - left) // 2)
    return max(1, min(for_yes, for_no, left))


def next_wave(ballots: Sequence[Ballot | None], keys: Iterable[str], left: int) -> int:
    """Return how many samples to ask next so that every key may be decided."""
    return max((needed(*_count(ballots, key), left) for key in keys), default=0)


def votes(ballots: Sequence[Ballot | None], key: str) -> list[float]:
    """Return what was said about ``key``."""
    return [ballot[key] for ballot in ballots if ballot and key in ballot]


def agreement(ballots: Sequence[Ballot | None], key: str) -> JSONObject:
    """Tell how the votes are spread: an even split is no clear verdict."""
    yes, no = _count(ballots, key)
    cast = yes + no
    return {
        "yes": yes,
        "no": no,
        "unreadable": len(ballots) - cast,
        "agreement": max(yes, no) / cast if cast else None,
    }


def _count(ballots: Sequence[Ballot | None], key: str) -> tuple[int, int]:
    cast = votes(ballots, key)
    yes = sum(1 for vote in cast if vote)
    return yes, len(cast) - yes
