"""Which tools a turn called: spans, requests in messages and results, reconciled."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence

import msgspec

from evaluation.conversation.decoding import (
    MISSING,
    as_arguments,
    as_response,
)
from evaluation.conversation.messages import (
    MODEL_ROLES,
    CallRequest,
    CallResult,
    Message,
    Messages,
)
from evaluation.conversation.model import ToolCall
from evaluation.conversation.parts import result_of_content
from evaluation.conversation.tree import AgentRun, ModelRun, ToolRun, started
from evaluation.values import JSON


class _Call(msgspec.Struct, eq=False):
    """A call while its sources are put together; ``place`` orders calls in time."""

    place: tuple[int, int, int]
    run: ToolRun | None = None
    request: CallRequest | None = None
    asked_by: ModelRun | None = None


def reconcile(
    models: Sequence[ModelRun], tools: Sequence[ToolRun], own: AgentRun | None
) -> tuple[ToolCall, ...]:
    """List the tool calls of a turn in time order, each once.

    A request of a model belongs to the execution with its id; where ids are missing or
    differ, to the first free one of that name. Requests that nobody is seen to execute
    are calls too, except in ADK, whose executions are always spans.

    Args:
        models: the turn's model calls by start.
        tools: the turn's tool runs by start.
        own: the agent whose calls need no name.
    """
    calls = [
        _Call((started(run), run.order, 0), run=run)
        for run in tools
        if run.view.tool_name
    ]
    requests = list(_requests(models))
    by_spans = bool(calls) and any(call.run.view.is_adk for call in calls if call.run)
    calls += _match(calls, requests, keep_unexecuted=not by_spans)
    calls.sort(key=lambda call: call.place)
    results = _Results(models)
    finished = (_finish(call, results, own) for call in calls)
    if by_spans and not any(model.has_content for model in models):
        return tuple(map(_without_blanks, finished))
    return tuple(finished)


def _without_blanks(call: ToolCall) -> ToolCall:
    """Take empty objects for unknown, as ADK writes them when it captures nothing."""
    return msgspec.structs.replace(
        call, args=call.args or None, response=call.response or None
    )


def has_arguments(run: ToolRun) -> bool:
    """Tell whether anything was captured where a tool's arguments belong."""
    captured = (view.arguments for view in (run.view, *run.inner))
    return any(value not in _NOTHING for value in captured)


_NOTHING = (MISSING, None, "")


class _Request(msgspec.Struct, eq=False):
    call: CallRequest
    model: ModelRun
    position: int


def _requests(models: Iterable[ModelRun]) -> Iterable[_Request]:
    for model in models:
        position = 0
        for message in fresh_output(model.input, model.output):
            for call in message.calls:
                yield _Request(call, model, position)
                position += 1


def fresh_output(given: Messages | None, output: Messages | None) -> Messages:
    """Leave out what an instrumentation repeats of earlier turns.

    Args:
        given: the input messages of a model call.
        output: its output messages; some instrumentations put the whole conversation
            there.

    Returns:
        The model's messages in ``output`` after those that ``given`` already holds.
    """
    said = [message for message in output or () if message.role in MODEL_ROLES]
    before = [m for m in given or () if m.role in MODEL_ROLES] if len(said) > 1 else []
    repeated = 0
    while repeated < min(len(said), len(before)) and _is_same(
        said[repeated], before[repeated]
    ):
        repeated += 1
    return tuple(said[repeated:])


def _is_same(one: Message, other: Message) -> bool:
    return one.text == other.text and one.calls == other.calls


class _Executions:
    """The tool runs that no request has claimed yet."""

    def __init__(self, calls: Sequence[_Call]) -> None:
        self._by_id: dict[str, deque[_Call]] = defaultdict(deque)
        self._by_name: dict[str, deque[_Call]] = defaultdict(deque)
        for call in calls:
            if call.run is None:
                continue
            if call.run.view.call_id:
                self._by_id[call.run.view.call_id].append(call)
            self._by_name[call.run.view.tool_name or ""].append(call)

    def claim_by_id(self, request: CallRequest) -> _Call | None:
        """Return the first free run with the request's id."""
        return _first_free(self._by_id.get(request.call_id or ""))

    def claim_by_name(self, request: CallRequest) -> _Call | None:
        """Return the first free run of that name, if the ids do not speak against it."""
        queue = self._by_name.get(request.name)
        call = _first_free(queue, take=False)
        if call is None or call.run is None or queue is None:
            return None
        ids = (call.run.view.call_id, request.call_id)
        if None in ids or _args_of(call.run) == request.args:
            return queue.popleft()
        return None


def _first_free(queue: deque[_Call] | None, *, take: bool = True) -> _Call | None:
    while queue:
        if queue[0].request is None:
            return queue.popleft() if take else queue[0]
        queue.popleft()
    return None


def _match(
    calls: Sequence[_Call], requests: Sequence[_Request], *, keep_unexecuted: bool
) -> list[_Call]:
    """Join requests to runs in place; return the calls that nobody executed."""
    free = _Executions(calls)
    claimed = [_claim(free.claim_by_id(r.call), r) for r in requests]
    unexecuted = []
    seen: set[tuple[str, str, bytes]] = set()
    ids = {r.call.call_id for r, call in zip(requests, claimed, strict=True) if call}
    after: dict[int, tuple[int, int, int]] = {}
    for index, request in enumerate(requests):
        call = claimed[index]
        if call is None and not _is_repetition(request, seen, ids):
            call = _claim(free.claim_by_name(request.call), request)
            if call is None and keep_unexecuted:
                call = _Call(_place(request, after), None, request.call, request.model)
                unexecuted.append(call)
        if call is not None:
            after[id(request.model)] = call.place
    return unexecuted


def _claim(call: _Call | None, request: _Request) -> _Call | None:
    if call is not None:
        call.request = request.call
        call.asked_by = request.model
    return call


def _is_repetition(
    request: _Request, seen: set[tuple[str, str, bytes]], claimed: set[str | None]
) -> bool:
    """Tell a request that a later output repeats from a second one."""
    call = request.call
    if call.call_id is None:
        return False
    key = (call.call_id, call.name, msgspec.json.encode(call.args))
    repeated = key in seen or call.call_id in claimed
    seen.add(key)
    return repeated


def _place(
    request: _Request, after: dict[int, tuple[int, int, int]]
) -> tuple[int, int, int]:
    """Put an unexecuted call where its model call ended, or behind its sibling."""
    span = request.model.span
    ended = span.end_ns if span.end_ns is not None else started(span)
    earliest = (max(ended, started(span)), -1, request.position)
    sibling = after.get(id(request.model))
    if sibling is None or sibling < earliest:
        return earliest
    return (sibling[0], sibling[1], sibling[2] + 1)


_Key = tuple[str, str]


class _Results:
    """What later model calls were told about the results of tools.

    Histories grow, so the longest account of an id, or of a name where results come
    without an id, holds them all.
    """

    def __init__(self, models: Iterable[ModelRun]) -> None:
        self._told: dict[_Key, deque[CallResult]] = {}
        for model in models:
            told: dict[_Key, deque[CallResult]] = defaultdict(deque)
            for message in model.input or ():
                for result in message.results:
                    told[_key_of(result)].append(result)
            for key, results in told.items():
                if len(results) >= len(self._told.get(key, ())):
                    self._told[key] = results

    def take(self, call_id: str | None, name: str) -> CallResult | None:
        """Return the next result for a call, by its id or else by its name and order."""
        same_id = self._told.get(("id", call_id or ""))
        if same_id:
            return same_id.popleft() if len(same_id) > 1 else same_id[0]
        for key in (("name", name), _NAMELESS):
            if self._told.get(key):
                return self._told[key].popleft()
        return None


_NAMELESS: _Key = ("", "")


def _key_of(result: CallResult) -> _Key:
    if result.call_id:
        return "id", result.call_id
    return ("name", result.name) if result.name else _NAMELESS


def _args_of(run: ToolRun) -> JSON:
    views = (run.view, *run.inner)
    found = (as_arguments(view.arguments) for view in views)
    return next((args for args in found if args is not None), None)


def _result_of(run: ToolRun) -> JSON:
    views = (run.view, *run.inner)
    return next((v.result for v in views if v.result is not MISSING), MISSING)


def _finish(call: _Call, results: _Results, own: AgentRun | None) -> ToolCall:
    run, request = call.run, call.request
    name = (run.view.tool_name if run else request.name if request else None) or ""
    args = _args_of(run) if run else None
    call_id = run.view.call_id if run else None
    if request and (call_id is None or (run and call_id == run.span.span_id)):
        call_id = request.call_id or call_id
    if request and not args:
        args = args if request.args is None else request.args
    # ADK writes results on its tool spans; where it does not, it was told not to.
    told = None if run and run.view.is_adk else results.take(call_id, name)
    value = _result_of(run) if run else MISSING
    if value is MISSING and told is not None:
        value = told.value
    response = as_response(value)
    return ToolCall(
        name=name,
        args=args,
        call_id=call_id,
        span_id=run.span.span_id if run else None,
        response=response,
        error=_error(run, response, told),
        agent=_agent_name(run, call.asked_by, own),
        started_ns=run.span.start_ns if run else None,
        ended_ns=run.span.end_ns if run else None,
    )


def _error(run: ToolRun | None, response: JSON, told: CallResult | None) -> str | None:
    for view in (run.view, *run.inner) if run else ():
        if view.error is not None:
            return view.error
    if isinstance(response, dict) and _is_failure(response):
        return _failure_text(response)
    if told is not None and told.failed:
        return str(told.value)
    return None


def _is_failure(response: dict[str, JSON]) -> bool:
    return response.get("isError") is True or response.get("is_error") is True


def _failure_text(response: dict[str, JSON]) -> str:
    for key in ("message", "error", "result"):
        text = response.get(key)
        if isinstance(text, str):
            return text
    said = result_of_content(response.get("content"))
    text = said.get("result") if isinstance(said, dict) else said
    return text if isinstance(text, str) else ""


def _agent_name(
    run: ToolRun | None, model: ModelRun | None, own: AgentRun | None
) -> str | None:
    holder = run or model
    agent = holder.agent.nearest if holder and holder.agent else None
    return None if agent is None or agent is own else agent.name()
