"""``agentevals submit``: against scripted servers, and against this project's API."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner
from django.test import Client

from agentevals_site.cli.server import Server, ServerError
from agentevals_site.cli.sides import NotComparableError, read
from agentevals_site.cli.submit import submit
from agentevals_site.cli.submitting import (
    Order,
    RefusedInputError,
    UnreadableInputError,
    execute,
)
from agentevals_site.cli.waiting import StoppedWaiting
from evaluation.cli.running import ConfigurationFault, Request
from evaluation.comparing import compare
from runs.models import Run
from tests.agentevals_site.cli.serving import (
    URL,
    data,
    in_process,
    problem,
    sent,
    server,
)
from tests.results.executing import work_off

TRACE = '{"resourceSpans": []}'
Place = Callable[..., Order]


@pytest.fixture
def order(tmp_path: Path) -> Place:
    """Return a function that writes traces and makes the order to submit them."""

    def place(*names: str, content: str = TRACE, **fields: Any) -> Order:
        paths = tuple(str(tmp_path / name) for name in names or ("a.json",))
        for path in paths:
            Path(path).write_text(content)
        own = {k: fields.pop(k) for k in ("name", "labels", "wait") if k in fields}
        request = Request(trace_files=paths, **fields)
        return Order(request=request, server=URL, **own)

    return place


class Accepting:
    """A server that accepts every run and says that it succeeded."""

    def __init__(self, *before: httpx2.Response | Exception) -> None:
        """Give these answers first."""
        self.before = list(before)
        self.bodies: list[Any] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.bodies.append(sent(request))
        answer = self.before.pop(0) if self.before else None
        if isinstance(answer, Exception):
            raise answer
        return answer or data({"runId": self.bodies[-1]["runId"]}, 202)


def no_sleep(_: float) -> None:
    """Go on at once."""


def test_every_file_is_a_run_of_its_own_and_stdout_names_them(
    order: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    accepting = Accepting()

    code = execute(order("a.json", "b.json"), server=server(accepting), sleep=no_sleep)

    ids = [body["runId"] for body in accepting.bodies]
    assert code == 0
    assert len(set(ids)) == 2
    assert capsys.readouterr().out.split() == ids
    assert [body["name"] for body in accepting.bodies] == ["a.json", "b.json"]
    assert accepting.bodies[0]["spec"]["target"] == {
        "kind": "inline",
        "inline": {"resourceSpans": []},
    }


def test_what_the_command_line_says_is_sent(order: Place, samples: Path) -> None:
    accepting = Accepting()
    wanted = order(
        name="nightly",
        labels={"project": "x"},
        metrics=("response_match_score",),
        threshold=0.7,
        eval_set=str(samples / "eval_set_helm.json"),
        case_fallback="first",
    )

    execute(wanted, server=server(accepting), sleep=no_sleep)

    (body,) = accepting.bodies
    config = body["spec"]["evalConfig"]
    assert (body["name"], body["labels"]) == ("nightly", {"project": "x"})
    assert body["spec"]["evalSet"] == json.loads(
        (samples / "eval_set_helm.json").read_text()
    )
    assert config["case_fallback"] == "first"
    assert config["evaluators"] == [
        {"name": "response_match_score", "type": "builtin", "threshold": 0.7}
    ]


def test_an_answer_that_got_lost_is_asked_for_again_with_the_same_id(
    order: Place,
) -> None:
    accepting = Accepting(httpx2.ReadError("reset"), httpx2.ReadTimeout("slow"))
    slept: list[float] = []

    code = execute(order(), server=server(accepting), sleep=slept.append)

    assert code == 0
    assert len({body["runId"] for body in accepting.bodies}) == 1
    assert len(accepting.bodies) == 3
    assert slept == [0.5, 1.0]


def test_a_server_that_is_not_there_is_named_after_a_few_tries(order: Place) -> None:
    accepting = Accepting(*[httpx2.ConnectError("refused")] * 4)

    with pytest.raises(ServerError, match=r"a\.json: Cannot reach http://server"):
        execute(order(), server=server(accepting), sleep=no_sleep)


def test_a_refusal_is_not_tried_again_and_is_wrong_usage(order: Place) -> None:
    fault = {"loc": ["body", "spec", "evalConfig"], "msg": "'x' is no metric"}
    accepting = Accepting(data({"runId": "1"}, 202), problem(422, detail=[fault]))

    with pytest.raises(RefusedInputError) as refused:
        execute(order("a.json", "b.json"), server=server(accepting), sleep=no_sleep)

    assert refused.value.exit_code == 2
    assert "b.json: " in refused.value.message
    assert "spec.evalConfig: 'x' is no metric" in refused.value.message
    assert refused.value.message.endswith("1 of 2 were submitted.")


@pytest.mark.parametrize("content", ["[]", "{} {}", "no json", "\x1f\x8b"])
def test_a_file_that_is_no_json_object_is_not_sent(order: Place, content: str) -> None:
    accepting = Accepting()

    with pytest.raises(UnreadableInputError, match="is no JSON object"):
        execute(
            order("a.json", content=content), server=server(accepting), sleep=no_sleep
        )

    assert accepting.bodies == []


def test_code_of_this_machine_is_not_sent(order: Place, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("evaluators: [{name: mine, type: code, path: mine.py}]")

    with pytest.raises(ConfigurationFault, match="'mine' is a file of this machine"):
        execute(order(config=str(config)), server=server(Accepting()), sleep=no_sleep)


def test_a_wrong_eval_set_is_not_sent(order: Place, tmp_path: Path) -> None:
    golden = tmp_path / "golden.json"
    golden.write_text('{"eval_cases": 1}')

    with pytest.raises(ConfigurationFault, match=r"golden\.json: "):
        execute(order(eval_set=str(golden)), server=server(Accepting()), sleep=no_sleep)


def test_a_label_needs_a_key_and_a_value(order: Place, tmp_path: Path) -> None:
    (path,) = order().request.trace_files

    done = CliRunner().invoke(submit, [path, "--label", "nightly"])

    assert done.exit_code == 2
    assert "'nightly' is no label; write KEY=VALUE" in done.stderr


def test_who_stops_waiting_is_told_that_the_run_goes_on(order: Place) -> None:
    def handle(request: httpx2.Request) -> httpx2.Response:
        if request.method == "POST":
            return data({"runId": "1"}, 202)
        return data({"runId": "1", "status": "running"})

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(StoppedWaiting) as stopped:
        execute(order(wait=True), server=server(handle), sleep=interrupt)

    assert stopped.value.exit_code == 130
    assert f"The run goes on. Look: curl {URL}/api/runs/1 ." in stopped.value.message
    assert f"curl -X POST {URL}/api/runs/1/cancel" in stopped.value.message


def test_a_server_that_goes_away_and_comes_back_is_waited_for(order: Place) -> None:
    answers = [
        httpx2.ConnectError("refused"),
        data(
            {
                "runId": "1",
                "status": "cancelled",
                "summary": None,
                "spec": {},
                "error": None,
            }
        ),
    ]

    def handle(request: httpx2.Request) -> httpx2.Response:
        if request.method == "POST":
            return data({"runId": "1"}, 202)
        if request.url.path.endswith("/results"):
            return data([])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    code = execute(order(wait=True), server=server(handle), sleep=no_sleep)

    assert code == 3


def test_the_events_of_a_run_are_followed_to_its_end(order: Place) -> None:
    asked: list[str] = []
    stream = (
        "retry: 1000\n\n: \n\nid: 1\nevent: claimed\ndata: {}\n\n"
        'id: 2\nevent: progress\ndata: {"payload": {"results": [{}]}}\n\n'
        "id: 3\nevent: cancelled\ndata: {}\n\n"
    )

    def handle(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.path)
        if request.method == "POST":
            return data({"runId": "1"}, 202)
        if request.url.path.endswith("/events"):
            head = {"Content-Type": "text/event-stream"}
            return httpx2.Response(200, headers=head, text=stream)
        if request.url.path.endswith("/results"):
            return data([])
        ended = {"status": "cancelled", "summary": None, "spec": {}, "error": None}
        return data({"runId": "1", **ended})

    def never(_: float) -> None:
        raise AssertionError("asked again although the stream told the end")

    assert execute(order(wait=True), server=server(handle), sleep=never) == 3
    assert asked[1] == "/api/runs/1/events"


def test_a_server_that_stays_away_is_given_up(order: Place) -> None:
    def handle(request: httpx2.Request) -> httpx2.Response:
        if request.method == "POST":
            return data({"runId": "1"}, 202)
        raise httpx2.ConnectError("refused")

    with pytest.raises(ServerError, match="The run goes on"):
        execute(order(wait=True), server=server(handle), sleep=no_sleep)


@pytest.mark.durable
@pytest.mark.django_db
class TestAgainstTheApi:
    """From the command line through the API and the engine to the report."""

    @pytest.fixture
    def api(self, client: Client) -> Server:
        return in_process(client)

    def evaluate(self, api: Server, *paths: Path, **fields: Any) -> int:
        samples = paths[0].parent
        request = Request(
            trace_files=tuple(map(str, paths)),
            eval_set=str(samples / "eval_set_helm.json"),
            metrics=("tool_trajectory_avg_score",),
            **fields,
        )
        order = Order(request=request, server=URL, wait=True)
        return execute(order, server=api, sleep=lambda _: work_off() and None)

    def test_waiting_ends_with_the_report_and_the_code_of_run(
        self, api: Server, samples: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code = self.evaluate(
            api, samples / "helm.json", samples / "k8s.json", output="json"
        )

        printed = capsys.readouterr()
        document = json.loads(printed.out)
        assert code == 1
        assert printed.err.split() == [
            str(pk)
            for pk in Run.objects.order_by("created_at").values_list("pk", flat=True)
        ]
        assert [
            (trace["eval_case_id"], trace["metrics"][0]["eval_status"])
            for trace in document["traces"]
        ] == [("list_releases", "PASSED"), ("list_releases", "FAILED")]
        assert document["eval_set_digest"]

    @pytest.mark.parametrize(("sample", "code"), [("helm", 0), ("k8s", 1)])
    def test_the_table_is_the_one_of_run(
        self,
        api: Server,
        samples: Path,
        capsys: pytest.CaptureFixture[str],
        sample: str,
        code: int,
    ) -> None:
        assert self.evaluate(api, samples / f"{sample}.json") == code

        assert "Verdicts:" in capsys.readouterr().out

    def test_runs_of_a_server_and_their_exports_are_sides_of_a_comparison(
        self, api: Server, samples: Path, tmp_path: Path
    ) -> None:
        self.evaluate(api, samples / "helm.json")
        self.evaluate(api, samples / "k8s.json")
        base, run = Run.objects.order_by("created_at")

        exported = tmp_path / "base.json"
        exported.write_bytes(api.file(f"runs/{base.pk}/export?format=json"))

        comparison = compare(read(str(base.pk), api), read(str(run.pk), api))
        of_a_file = compare(read(str(exported), api), read(str(run.pk), api))

        assert comparison.base == f"helm.json ({base.pk})"
        assert comparison.finding.verdict == "regressed"
        assert comparison.warnings == of_a_file.warnings == ()
        assert of_a_file.pairs == comparison.pairs

    def test_a_run_that_has_not_ended_is_no_side(
        self, api: Server, order: Place
    ) -> None:
        execute(order(), server=api, sleep=no_sleep)

        with pytest.raises(NotComparableError, match="is queued; wait for its end"):
            read(str(Run.objects.get().pk), api)
