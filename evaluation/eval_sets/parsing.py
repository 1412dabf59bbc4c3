"""Reading an eval set document, in snake_case or camelCase at every level."""

from __future__ import annotations

from evaluation.conversation.model import Content, ToolCall
from evaluation.documents import (
    DocumentError,
    Fields,
    as_list,
    as_number,
    as_object,
    as_string,
    check_depth,
    decode,
    fault,
    inside,
    read_fields,
    report,
    shown,
)
from evaluation.errors import EvalSetError
from evaluation.eval_sets.keys import (
    AGENT,
    APP,
    CALL,
    CASE,
    CONTENT,
    EVENT,
    PART,
    RESPONSE,
    RUBRIC,
    RUBRIC_TEXT,
    SCENARIO,
    SESSION,
    SET,
    STEPS,
    TURN,
)
from evaluation.eval_sets.model import EvalCase, EvalSet, ExpectedTurn, Rubric
from evaluation.values import JSON, JSONObject, Value


def parse_eval_set(document: JSON | bytes, *, name: str = "") -> EvalSet:
    """Read an eval set.

    Args:
        document: the decoded JSON document, or the bytes of a JSON file.
        name: what the document is called in error texts, e.g. its file name.

    Raises:
        EvalSetError: the text names the JSON path, the value found there and a cure.
    """
    try:
        decoded = decode(document) if isinstance(document, bytes) else document
        check_depth(decoded)
        return read_eval_set(decoded)
    except DocumentError as error:
        text = f"{name}: {error}" if name else str(error)
        raise EvalSetError(text, path=error.path or "$") from error


def read_eval_set(document: JSON) -> EvalSet:
    """Read a decoded document whose depth was checked.

    Raises:
        DocumentError: a value is not what it should be.
    """
    if isinstance(document, list):
        raise fault(
            "$",
            "must be an object with 'eval_set_id' and 'eval_cases', got a list; "
            "the older list of query and reference is not read, convert it.",
        )
    fields = read_fields(document, "$", SET)
    fields.optional("creation_timestamp", as_number)
    cases = fields.items("eval_cases", _case)
    if fields.values.get("eval_cases") is None:
        fields.required("eval_cases", as_list, "list the cases, [] if there are none")
    return EvalSet(
        eval_set_id=fields.required("eval_set_id", as_string, "name the eval set"),
        name=fields.optional("name", as_string),
        description=fields.optional("description", as_string),
        cases=cases or (),
    )


def _case(value: JSON, path: str) -> EvalCase:
    fields = read_fields(value, path, CASE)
    misnamed = next((key for key in ("case_id", "caseId") if key in fields.raw), None)
    cure = f"rename {misnamed!r} to 'eval_id'" if misnamed else "name the case"
    case_id = fields.required("eval_id", as_string, cure)
    turns = fields.items("conversation", _turn)
    scenario = fields.optional("conversation_scenario", _scenario)
    _require_either(fields, path, case_id)
    fields.optional("session_input", _session)
    fields.optional("final_session_state", as_object)
    fields.optional("creation_timestamp", as_number)
    return EvalCase(
        case_id=case_id,
        turns=turns,
        scenario=scenario,
        rubrics=fields.items("rubrics", _rubric) or (),
    )


def _require_either(fields: Fields, path: str, case_id: str) -> None:
    forms = ("conversation", "conversation_scenario")
    given = [name for name in forms if fields.values.get(name) is not None]
    if len(given) != 1:
        found = "both" if given else "neither"
        text = f"case {case_id!r} has {found} of {' and '.join(map(repr, forms))}"
        report(fault(path, f"{text}; give exactly one."))


def _scenario(value: JSON, path: str) -> JSONObject:
    fields = read_fields(value, path, SCENARIO)
    for name in ("starting_prompt", "conversation_plan"):
        fields.required(name, as_string, "a scenario needs it")
    return fields.values


def _session(value: JSON, path: str) -> JSONObject:
    fields = read_fields(value, path, SESSION)
    for name in ("app_name", "user_id"):
        fields.required(name, as_string, "a session needs it")
    fields.optional("session_id", as_string)
    fields.optional("state", as_object)
    return fields.values


def _rubric(value: JSON, path: str) -> Rubric:
    fields = read_fields(value, path, RUBRIC)
    return Rubric(
        rubric_id=fields.required("rubric_id", as_string, "name the rubric"),
        text=fields.required("rubric_content", _rubric_text, "say what to check"),
        description=fields.optional("description", as_string),
        type=fields.optional("type", as_string),
    )


def _rubric_text(value: JSON, path: str) -> str:
    fields = read_fields(value, path, RUBRIC_TEXT)
    return fields.required("text_property", as_string, "say what to check")


def _turn(value: JSON, path: str) -> ExpectedTurn:
    fields = read_fields(value, path, TURN)
    for name in (
        "creation_timestamp",
        "duration",
        "model_duration",
        "tool_duration",
    ):
        fields.optional(name, as_number)
    steps = fields.optional("intermediate_data", _steps) or _Steps()
    return ExpectedTurn(
        invocation_id=fields.optional("invocation_id", as_string) or "",
        user_content=fields.required(
            "user_content", _content, "write what the user says in this turn"
        ),
        final_response=fields.optional("final_response", _content),
        tool_calls=steps.tool_calls,
        tool_responses=steps.tool_responses,
        intermediate_responses=steps.intermediate_responses,
        rubrics=fields.items("rubrics", _rubric) or (),
        app_details=fields.optional("app_details", _app_details),
    )


def _app_details(value: JSON, path: str) -> JSONObject:
    """Check what judges are told of the agents; it is kept as it is written."""
    fields = read_fields(value, path, APP)
    agents = fields.optional("agent_details", as_object) or {}
    for name, details in agents.items():
        _agent_details(details, inside(fields.path_of("agent_details"), name))
    return fields.raw


def _agent_details(value: JSON, path: str) -> None:
    fields = read_fields(value, path, AGENT)
    fields.required("name", as_string, "name the agent")
    fields.optional("instructions", as_string)
    fields.optional("tool_declarations", as_list)


class _Steps(Value, frozen=True, kw_only=True):
    """What happened between question and answer."""

    tool_calls: tuple[ToolCall, ...] = ()
    tool_responses: tuple[JSONObject, ...] = ()
    intermediate_responses: tuple[tuple[str, Content], ...] = ()


def _steps(value: JSON, path: str) -> _Steps:
    fields = read_fields(value, path, STEPS)
    events = fields.items("invocation_events", _event_calls)
    if events is not None:
        _refuse_mixture(fields)
        return _Steps(tool_calls=tuple(call for calls in events for call in calls))
    return _Steps(
        tool_calls=fields.items("tool_uses", _call) or (),
        tool_responses=fields.items("tool_responses", _response) or (),
        intermediate_responses=fields.items("intermediate_responses", _reply) or (),
    )


def _refuse_mixture(fields: Fields) -> None:
    extra = next((key for key in fields.values if key != "invocation_events"), None)
    if extra:
        text = "stands beside 'invocation_events'; use one of the two forms."
        report(fault(fields.path_of(extra), text))


def _event_calls(value: JSON, path: str) -> tuple[ToolCall, ...]:
    fields = read_fields(value, path, EVENT)
    fields.required("author", as_string, "say who made the event")
    content = fields.optional("content", _content)
    parts = content.parts if content else ()
    calls = (part["function_call"] for part in parts if part.get("function_call"))
    return tuple(
        ToolCall(name=call["name"], args=call["args"], call_id=call["id"])
        for call in calls
    )


def _reply(value: JSON, path: str) -> tuple[str, Content]:
    pair = as_list(value, path)
    if len(pair) != 2:  # noqa: PLR2004 -- a pair has two items
        raise fault(path, f"must be a pair of author and parts, got {shown(value)}.")
    author, parts = as_string(pair[0], f"{path}[0]"), as_list(pair[1], f"{path}[1]")
    return author, Content(
        role=author,
        parts=tuple(_part(p, f"{path}[1][{i}]") for i, p in enumerate(parts)),
    )


def _content(value: JSON, path: str) -> Content:
    if isinstance(value, str):
        raise fault(
            path,
            f"must be an object (a content), got the text {shown(value)}; "
            "write {'parts': [{'text': ...}]}.",
        )
    fields = read_fields(value, path, CONTENT)
    return Content(
        role=fields.optional("role", as_string) or "",
        parts=fields.items("parts", _part) or (),
    )


def _part(value: JSON, path: str) -> JSONObject:
    fields = read_fields(value, path, PART)
    fields.optional("text", as_string)
    call = fields.optional("function_call", _call)
    read = {
        "function_call": call
        and {"name": call.name, "args": call.args, "id": call.call_id},
        "function_response": fields.optional("function_response", _response),
    }
    return {k: v for k, v in (fields.values | read).items() if v is not None}


def _call(value: JSON, path: str) -> ToolCall:
    fields = read_fields(value, path, CALL)
    arguments = fields.values.get("args")
    if isinstance(arguments, str):
        raise fault(
            fields.path_of("args"),
            f"must be an object, got the text {shown(arguments)}; "
            "write the arguments as JSON, not as a quoted string.",
        )
    return ToolCall(
        name=fields.required("name", as_string, "name the tool"),
        args=fields.optional("args", as_object),
        call_id=fields.optional("id", as_string),
    )


def _response(value: JSON, path: str) -> JSONObject:
    fields = read_fields(value, path, RESPONSE)
    return {
        "name": fields.optional("name", as_string) or "",
        "response": fields.optional("response", as_object),
        "id": fields.optional("id", as_string),
    }
