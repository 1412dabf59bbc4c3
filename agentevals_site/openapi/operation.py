"""What there is to say of one operation, and how OpenAPI says it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from evaluation.values import JSON, JSONObject, Value
from runs.api import request_id
from runs.api.paging import DEFAULT_LIMIT, MAX_LIMIT

REF = "#/components/schemas/{name}"
JSON_TYPE = "application/json"


# A part of a form that is a file; ``format`` is what readers offer a file for.
FILE_SCHEMA = {"contentMediaType": "application/octet-stream", "format": "binary"}
File = Annotated[str, msgspec.Meta(extra_json_schema=FILE_SCHEMA)]


class Document(msgspec.Struct, kw_only=True, rename="camel"):
    """The shape of a JSON object; only ever described, never made."""


class Fault(Document):
    """One fault of a request: where, what, and the value that was sent."""

    type: str
    loc: list[str | int]
    msg: str
    input: Any


class Problem(Document):
    """Why a request was not met.

    ``detail`` is a sentence, a list of faults (422), or for a run id that is taken the
    message and the stored run (409). ``code`` is stable. ``runId`` is there when an
    evaluation that was waited for has a run.
    """

    detail: str | list[Fault] | dict[str, Any]
    type: str
    title: str
    status: Annotated[int, msgspec.Meta(ge=400, le=599)]
    code: str
    request_id: str
    run_id: UUID | None = None


class Parameter(Value, frozen=True, kw_only=True):
    """One parameter of the query or the path."""

    name: str
    kind: Any
    says: str
    place: Literal["query", "path", "header"] = "query"
    required: bool = False
    example: JSON = None

    def render(self) -> JSONObject:
        """Render the parameter."""
        rendered: JSONObject = {
            "name": self.name,
            "in": self.place,
            "description": self.says,
            "schema": schema_of(self.kind),
        }
        if self.required:
            rendered["required"] = True
        return rendered | ({"example": self.example} if self.example else {})


RUN_ID = Parameter(
    name="run_id", kind=UUID, says="The id of a run.", place="path", required=True
)


LIMIT = Parameter(
    name="limit",
    kind=Annotated[int, msgspec.Meta(ge=1, le=MAX_LIMIT)],
    says=f"How many at most; {DEFAULT_LIMIT} when not given.",
)
CURSOR = Parameter(
    name="cursor", kind=str, says="The `nextCursor` of the page before the wanted one."
)


class Body(Value, frozen=True, kw_only=True):
    """What a request or an answer carries.

    ``kind`` is a type; None for content that JSON does not describe.
    """

    kind: Any = None
    media: str = JSON_TYPE
    required: bool = True
    example: JSON = None

    def render(self) -> JSONObject:
        """Render the content by media type."""
        schema = schema_of(self.kind) if self.kind is not None else {"type": "string"}
        shown = {} if self.example is None else {"example": self.example}
        return {self.media: {"schema": schema, **shown}}


class Answer(Value, frozen=True, kw_only=True):
    """A successful answer; ``kind`` is the type of its ``data``."""

    says: str
    kind: Any = None
    example: JSON = None
    headers: dict[str, str] = {}
    # What stands beside ``data``.
    beside: dict[str, Any] = {}
    # For answers that are no envelope.
    bodies: tuple[Body, ...] = ()

    def render(self) -> JSONObject:
        """Render the answer."""
        content = {k: v for body in self.bodies for k, v in body.render().items()}
        if self.kind is not None:
            content[JSON_TYPE] = self._envelope()
        headers = {request_id.HEADER: "The id of the request.", **self.headers}
        return {
            "description": self.says,
            "headers": {
                name: {"description": text, "schema": {"type": "string"}}
                for name, text in headers.items()
            },
            **({"content": content} if content else {}),
        }

    def _envelope(self) -> JSONObject:
        fields = {"data": schema_of(self.kind), "error": {"type": "null"}}
        fields |= {name: schema_of(kind) for name, kind in self.beside.items()}
        schema = {"type": "object", "required": [*fields], "properties": fields}
        if self.example is None:
            return {"schema": schema}
        return {"schema": schema, "example": {"data": self.example, "error": None}}


class Operation(Value, frozen=True, kw_only=True):
    """One method of one path."""

    method: Literal["get", "post", "put", "patch", "delete"]
    path: str
    name: str
    tag: str
    summary: str
    says: str = ""
    parameters: tuple[Parameter, ...] = ()
    bodies: tuple[Body, ...] = ()
    answers: dict[int, Answer]
    problems: tuple[int, ...] = ()
    # Health is told to everybody.
    is_open: bool = False
    # A view of the REST framework; the others are async views of Django's own kind.
    is_view: bool = True

    def types(self) -> list[Any]:
        """Return every type that is described."""
        kinds = [each.kind for each in self.parameters]
        kinds += [body.kind for body in self.bodies]
        for answer in self.answers.values():
            kinds += [answer.kind, *(body.kind for body in answer.bodies)]
        return [kind for kind in kinds if kind is not None]

    def render(self) -> JSONObject:
        """Render the operation."""
        rendered: JSONObject = {
            "operationId": self.name,
            "tags": [self.tag],
            "summary": self.summary,
        }
        if self.says:
            rendered["description"] = self.says
        if self.parameters:
            rendered["parameters"] = [each.render() for each in self.parameters]
        if self.bodies:
            rendered["requestBody"] = {
                "required": all(body.required for body in self.bodies),
                "content": {
                    k: v for body in self.bodies for k, v in body.render().items()
                },
            }
        rendered["security"] = [] if self.is_open else [{}, {"token": []}]
        rendered["responses"] = self._responses()
        return rendered

    def _responses(self) -> JSONObject:
        responses = {str(code): a.render() for code, a in self.answers.items()}
        access = () if self.is_open else (401, 403)
        sent = (413, 415, 422) if self.bodies else ()
        asked = (422,) if self.method == "get" else ()  # for what is no parameter
        for code in sorted({*self.problems, *access, *sent, *asked, 500}):
            responses.setdefault(str(code), _problem(code))
        return responses


def _problem(code: int) -> JSONObject:
    return {
        "description": PROBLEMS.get(code, HTTPStatus(code).phrase),
        "content": {JSON_TYPE: {"schema": schema_of(Problem)}},
    }


PROBLEMS = {
    400: "What was sent cannot be used; `detail` says why.",
    401: "The server wants a token, and there is none that is in force.",
    403: "The token may not do this.",
    404: "There is no such thing; `detail` names it.",
    409: "It contradicts what is stored.",
    413: "The body is over the limit, which `detail` says.",
    415: "The body is encoded in a way that is not read.",
    422: "Something in the request is wrong; `detail` lists all faults.",
    500: "A fault of the server; its log names `requestId`.",
    503: "There is no storage, or it does not answer now.",
}


def schema_of(kind: Any) -> JSONObject:
    """Return the schema of a type; objects with a name are references."""
    (schema,), _ = msgspec.json.schema_components([kind], ref_template=REF)
    return schema
