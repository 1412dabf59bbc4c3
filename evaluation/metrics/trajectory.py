"""Comparing the tool calls of a turn with the expected ones."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Hashable, Sequence

from evaluation.conversation.model import ToolCall
from evaluation.errors import EvaluationError
from evaluation.metrics.arguments import ArgumentRule
from evaluation.metrics.fingerprint import fingerprint
from evaluation.values import JSONObject, Value

SHOWN_CALLS = 20
# Comparing every call with every other one: this many comparisons take seconds.
MAX_COMPARISONS = 1_000_000


class TrajectoryTooLongError(EvaluationError):
    """Two trajectories are too long to compare every call with every other one."""

    code = "trajectory_too_long"


class Pairing(Value, frozen=True, kw_only=True):
    """Which expected call (by number) met which actual one, and what is left over."""

    pairs: tuple[tuple[int, int], ...]
    expected_count: int
    actual_count: int

    @property
    def missing(self) -> list[int]:
        """Return the numbers of expected calls that met no actual call."""
        met = {expected for expected, _ in self.pairs}
        return [i for i in range(self.expected_count) if i not in met]

    @property
    def surplus(self) -> list[int]:
        """Return the numbers of actual calls that nobody expected."""
        met = {actual for _, actual in self.pairs}
        return [i for i in range(self.actual_count) if i not in met]


def rule_of(options: JSONObject) -> ArgumentRule:
    """Read the comparison of arguments from checked options."""
    return ArgumentRule(
        mode=options.get("arguments", "exact"),
        fields=tuple(options.get("argument_fields", ())),
        ignored_fields=tuple(options.get("ignored_argument_fields", ())),
        patterns=options.get("argument_patterns", False),
        tolerance=options.get("numeric_tolerance", 0.0),
    )


def agree(expected: ToolCall, actual: ToolCall, rule: ArgumentRule) -> bool:
    """Tell whether a call is the expected one: equal names, arguments by the rule."""
    return (
        expected.name == actual.name
        and rule.difference(expected.args, actual.args) is None
    )


def refuse_long(expected: Sequence[ToolCall], actual: Sequence[ToolCall]) -> None:
    """Refuse trajectories whose comparison would take minutes.

    Raises:
        TrajectoryTooLongError: there are more than ``MAX_COMPARISONS`` pairs of calls.
    """
    if len(expected) * len(actual) > MAX_COMPARISONS:
        raise TrajectoryTooLongError(
            f"A turn has {len(actual)} calls where {len(expected)} are expected; "
            f"aligning them takes more than {MAX_COMPARISONS:,} comparisons."
        )


def position_by_position(
    expected: Sequence[ToolCall], actual: Sequence[ToolCall], rule: ArgumentRule
) -> Pairing:
    """Pair calls at the same position."""
    return _pairing(
        [
            (i, i)
            for i, (wanted, given) in enumerate(zip(expected, actual, strict=False))
            if agree(wanted, given, rule)
        ],
        expected,
        actual,
    )


def in_order(
    expected: Sequence[ToolCall], actual: Sequence[ToolCall], rule: ArgumentRule
) -> Pairing:
    """Find the expected calls in order, others between them: a greedy scan."""
    pairs: list[tuple[int, int]] = []
    for j, given in enumerate(actual):
        i = len(pairs)
        if i < len(expected) and agree(expected[i], given, rule):
            pairs.append((i, j))
    return _pairing(pairs, expected, actual)


def in_any_order(
    expected: Sequence[ToolCall], actual: Sequence[ToolCall], rule: ArgumentRule
) -> Pairing:
    """Pair as many calls as possible, each once, in whatever order."""
    if rule == ArgumentRule():
        return _pairing(_equal_calls(expected, actual), expected, actual)
    return _pairing(_maximum(expected, actual, rule), expected, actual)


def _pairing(
    pairs: Sequence[tuple[int, int]],
    expected: Sequence[ToolCall],
    actual: Sequence[ToolCall],
) -> Pairing:
    return Pairing(
        pairs=tuple(sorted(pairs)),
        expected_count=len(expected),
        actual_count=len(actual),
    )


def _equal_calls(
    expected: Sequence[ToolCall], actual: Sequence[ToolCall]
) -> list[tuple[int, int]]:
    """Pair equal calls in linear time: equality needs no search."""
    waiting: dict[Hashable, deque[int]] = defaultdict(deque)
    for j, call in enumerate(actual):
        waiting[_key(call.name, call.args or {})].append(j)
    pairs = []
    for i, call in enumerate(expected):
        partners = waiting.get(_key(call.name, call.args))
        if partners:
            pairs.append((i, partners.popleft()))
    return pairs


def _key(name: str, arguments: JSONObject | None) -> Hashable:
    return name, fingerprint(arguments)


def _maximum(
    expected: Sequence[ToolCall], actual: Sequence[ToolCall], rule: ArgumentRule
) -> list[tuple[int, int]]:
    """Find a maximum matching (Kuhn's augmenting paths, breadth first).

    Taking the first fit is not enough: an expected call that many calls satisfy may
    take the only one that satisfies another.
    """
    refuse_long(expected, actual)
    fitting = [
        [j for j, given in enumerate(actual) if agree(wanted, given, rule)]
        for wanted in expected
    ]
    partner: dict[int, int] = {}
    for start in range(len(expected)):
        _augment(start, fitting, partner)
    return [(i, j) for j, i in partner.items()]


def _augment(
    start: int, fitting: Sequence[Sequence[int]], partner: dict[int, int]
) -> None:
    """Give ``start`` a partner, moving others to theirs where that is possible."""
    came_from: dict[int, int] = {}
    waiting = deque([start])
    while waiting:
        i = waiting.popleft()
        for j in fitting[i]:
            if j in came_from:
                continue
            came_from[j] = i
            if j not in partner:
                _switch(j, start, came_from, partner)
                return
            waiting.append(partner[j])


def _switch(
    free: int, start: int, came_from: dict[int, int], partner: dict[int, int]
) -> None:
    held = {i: j for j, i in partner.items()}
    j, i = free, came_from[free]
    while True:
        partner[j] = i
        if i == start:
            return
        j = held[i]
        i = came_from[j]


def explain_pairing(
    expected: Sequence[ToolCall],
    actual: Sequence[ToolCall],
    pairing: Pairing,
    rule: ArgumentRule,
) -> JSONObject:
    """Name the missing and the surplus calls, and the first differing argument."""
    missing, surplus = pairing.missing, pairing.surplus
    told: JSONObject = {}
    if missing:
        told["missing_calls"] = [expected[i].name for i in missing[:SHOWN_CALLS]]
    if surplus:
        told["unexpected_calls"] = [actual[j].name for j in surplus[:SHOWN_CALLS]]
    for i in missing[:1]:
        given = next((j for j in surplus if actual[j].name == expected[i].name), None)
        if given is not None:
            found = rule.difference(expected[i].args, actual[given].args)
            told["first_difference"] = {
                "tool": expected[i].name,
                "expected_call": i,
                "actual_call": given,
                **(found.explain() if found else {"problem": "order"}),
            }
    return told
