"""The contract's acceptance checks, item by item, against our server.

Each item is a class. Where the right behaviour differs on purpose, the class says why;
the reasons are in docs/reference/compatibility.md. What the peer calls repositories is
our queue. Items 8, 9, 11 and 12 are told in more detail by the tests of those modules.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from agentevals_site.environment import Environment, SettingError
from agentevals_site.migrating import pending_migrations
from evaluation.outcome import MetricResult
from results.delivery.documents import lines
from results.models import Delivery, Result, result_id
from results.recording import as_row, save
from runs import queue
from runs.errors import InvalidSubmissionError
from runs.models import Run
from runs.spec import read_submission
from tests.results.delivery.building import outbox, run_with
from tests.results.executing import work_off
from tests.runs.asking import post, post_json
from tests.runs.building import (
    DEADLINE,
    LEASE,
    claim_one,
    fresh,
    let_lease_expire,
    make_run,
    submission_body,
)

pytestmark = pytest.mark.django_db
UNKNOWN = "895d0a0d-8485-4e57-a85b-64f8a5c74644"


@pytest.fixture
def spec(samples: Path) -> dict[str, Any]:
    """Return the specification of a run that passes."""
    return {
        "target": {
            "kind": "inline",
            "inline": json.loads((samples / "helm.json").read_text()),
        },
        "evalSet": json.loads((samples / "eval_set_helm.json").read_text()),
        "evalConfig": {"metrics": ["tool_trajectory_avg_score"]},
    }


class TestItem1WithoutStorage:
    """503 on every run endpoint, with the variable to set; health is 200."""

    @pytest.fixture(autouse=True)
    def _memory(self, settings: Settings) -> None:
        settings.DURABLE = False

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("get", "/api/runs"),
            ("post", "/api/runs"),
            ("get", f"/api/runs/{UNKNOWN}"),
            ("get", f"/api/runs/{UNKNOWN}/results"),
            ("post", f"/api/runs/{UNKNOWN}/cancel"),
        ],
    )
    def test_it_is_503_with_the_hint(
        self, client: Client, method: str, path: str
    ) -> None:
        sent = {"data": submission_body(), "content_type": "application/json"}

        response = getattr(client, method)(path, **(sent if method == "post" else {}))

        assert response.status_code == 503
        assert "AGENTEVALS_STORAGE_BACKEND=postgres" in response.json()["detail"]

    def test_health_is_200(self, client: Client) -> None:
        response = client.get("/api/health")

        assert response.status_code == 200
        assert response.json()["data"]["status"] == "ok"


class TestItem2Submit:
    """202 and idempotent; 409 for another payload; 422 for a bad kind."""

    def test_it_is_accepted_and_queued(self, client: Client) -> None:
        response = post(client, submission_body())

        assert response.status_code == 202
        assert response.json()["data"]["status"] == "queued"
        assert UUID(response.json()["data"]["runId"])

    def test_the_same_again_is_the_same_run(self, client: Client) -> None:
        run_id = str(uuid4())

        answers = [post(client, submission_body(runId=run_id)) for _ in range(2)]

        assert [answer.status_code for answer in answers] == [202, 202]
        assert {answer.json()["data"]["runId"] for answer in answers} == {run_id}

    def test_another_payload_is_a_conflict(self, client: Client) -> None:
        run_id = str(uuid4())
        other = {"kind": "inline", "inline": {"data": []}}
        post(client, submission_body(runId=run_id))

        response = post(client, submission_body(runId=run_id, spec={"target": other}))

        detail = response.json()["detail"]
        assert response.status_code == 409
        assert "already exists" in detail["message"]
        assert detail["persisted"]["runId"] == run_id

    def test_a_bad_kind_is_422(self, client: Client) -> None:
        body = submission_body(spec={"target": {"kind": "nonsense"}})

        assert post(client, body).status_code == 422


class TestItem3ReadAndCancel:
    """404 for the unknown, filters by status, a queued run is cancelled at once."""

    @pytest.mark.parametrize("path", ["", "/results", "/cancel"])
    def test_an_unknown_id_is_404(self, client: Client, path: str) -> None:
        call = client.post if path == "/cancel" else client.get

        assert call(f"/api/runs/{UNKNOWN}{path}").status_code == 404

    def test_a_list_is_empty_or_filtered(self, client: Client) -> None:
        assert client.get("/api/runs").json()["data"] == []

        run = make_run()

        queued = client.get("/api/runs?status=queued").json()["data"]
        assert [each["runId"] for each in queued] == [str(run.pk)]
        assert client.get("/api/runs?status=succeeded").json()["data"] == []

    def test_a_queued_run_is_cancelled(self, client: Client) -> None:
        response = client.post(f"/api/runs/{make_run().pk}/cancel")

        assert response.status_code == 200
        assert response.json()["data"]["status"] == "cancelled"


class TestItem4QueueRules:
    """The rules of claim, heartbeat, cancel and end.

    Differs: a heartbeat hears *that* a cancel was asked for and keeps the lease, so that
    the owner can write the end; the peer's heartbeat just fails, and the run is lost.
    """

    def test_cancelling_a_running_run_sets_the_flag_only(self) -> None:
        make_run()
        run = claim_one()

        queue.cancel(run.pk)

        assert (fresh(run).status, fresh(run).cancel_requested) == ("running", True)

    def test_cancelling_an_ended_run_changes_nothing(self) -> None:
        run = make_run()
        queue.cancel(run.pk)
        before = fresh(run)

        queue.cancel(run.pk)

        assert fresh(run).finished_at == before.finished_at

    def test_a_heartbeat_knows_no_foreign_run_and_hears_of_a_cancel(self) -> None:
        make_run()
        old = claim_one()
        let_lease_expire(old)
        queue.sweep()
        run = claim_one()
        queue.cancel(run.pk)

        pulses = queue.heartbeat([old.lease, run.lease], lease=LEASE)

        assert set(pulses) == {run.lease}
        assert pulses[run.lease].cancel_requested

    def test_the_oldest_is_claimed_first_with_attempt_1(self) -> None:
        first, _ = make_run(), make_run()

        claimed = claim_one()

        assert (claimed.pk, claimed.attempt) == (first.pk, 1)

    def test_nothing_is_claimed_when_empty_or_exhausted(self) -> None:
        assert queue.claim("w", limit=1, lease=LEASE, deadline=DEADLINE) == []

        make_run(max_attempts=1)
        let_lease_expire(claim_one())
        queue.sweep()

        assert queue.claim("w", limit=1, lease=LEASE, deadline=DEADLINE) == []

    def test_an_end_sets_the_time_and_the_summary(self, spec: dict[str, Any]) -> None:
        make_run(spec=spec)

        (run,) = work_off()

        assert run.finished_at is not None
        assert run.summary["trace_count"] == 1


class TestItem5Results:
    """Results are idempotent by id, deleted with their run; ids are the formula's."""

    def test_the_same_result_twice_is_one_row(self) -> None:
        make_run()
        run = claim_one()

        for score in (0.1, 0.9):
            save([as_row(run, "t", MetricResult(metric_name="m", score=score))])

        assert Result.objects.get().score == 0.9

    def test_results_go_with_their_run(self) -> None:
        make_run()
        run = claim_one()
        save([as_row(run, "t", MetricResult(metric_name="m"))])

        Run.objects.get(pk=run.pk).delete()

        assert not Result.objects.exists()

    @pytest.mark.parametrize(
        ("run_id", "item", "evaluator", "expected"),
        [
            (
                "3F2504E0-4F89-41D3-9A0C-0305E82C3301",
                "trace-abc",
                "tool_trajectory_avg_score",
                "e854e716301fe93df9a56be965d92647b38ab8f0ac855c6e4ce1703e705ebbf7",
            ),
            (
                UNKNOWN,
                "3e289017fe03ffd7c4145316d2eb3d0d",
                "response_match_score",
                "80963b2bf1272c04c65d33c4b60546e33e45eaaee915273ef41882346a8768f1",
            ),
        ],
        ids=["upper case", "lower case"],
    )
    def test_ids_are_byte_exact(
        self, run_id: str, item: str, evaluator: str, expected: str
    ) -> None:
        assert result_id(UUID(run_id), item, evaluator) == expected


class TestItem6StatusMapping:
    """An error wins, unknown is skipped; latency is cut; scores keep their nulls."""

    @pytest.mark.parametrize(
        ("found", "status"),
        [
            ({"eval_status": "PASSED"}, "passed"),
            ({"eval_status": "FAILED"}, "failed"),
            ({"eval_status": "NOT_EVALUATED"}, "skipped"),
            ({"eval_status": "PASSED", "error": "boom"}, "errored"),
        ],
    )
    def test_a_status_is_mapped(self, found: dict[str, Any], status: str) -> None:
        assert self.row(**found).status == status

    @pytest.mark.parametrize(("measured", "stored"), [(42.7, 42), (None, None)])
    def test_latency_is_cut(self, measured: float | None, stored: int | None) -> None:
        assert self.row(duration_ms=measured).latency_ms == stored

    def test_details_default_to_an_object_and_scores_stay(self) -> None:
        row = self.row(per_invocation_scores=[1.0, None, 0.5])

        assert row.details == {}
        assert row.per_invocation_scores == [1.0, None, 0.5]

    def row(self, **fields: Any) -> Result:
        """Return the row of a result."""
        make_run()
        return as_row(claim_one(), "t", MetricResult(metric_name="m", **fields))


class TestItem7Summary:
    """Counts, errors and performance numbers; evaluators are classified."""

    def test_a_summary_counts(self, spec: dict[str, Any]) -> None:
        make_run(spec=spec)

        (run,) = work_off()

        assert set(run.summary) >= {
            "trace_count",
            "result_counts",
            "errors",
            "performance_metrics",
        }
        assert run.summary["result_counts"]["passed"] == 1
        assert run.summary["performance_metrics"]["trace_count"] == 1

    def test_everything_that_is_not_custom_is_builtin(
        self, spec: dict[str, Any]
    ) -> None:
        make_run(spec=spec)
        work_off()

        assert Result.objects.get().evaluator_type == "builtin"


class TestItem8Sinks:
    """Lines and bodies of sinks; unknown kinds are skipped.

    Differs: a file sink writes only below AGENTEVALS_SINK_DIR, and header values come only
    from variables named for sinks (AGENTEVALS_SINK_*): a submitter must not write or read
    what he likes. 408, 425 and 429 are tried again. What fails is told in the run's
    deliveries. (tests/results/delivery: 2xx one call, 401 one call, 503 ``max_attempts``.)
    """

    @pytest.mark.parametrize(
        ("phase", "payload", "written"),
        [
            ("partial", {"results": [{"a": 1}]}, {"result": {"a": 1}}),
            ("final", {"summary": {"n": 1}}, {"summary": {"n": 1}}),
            ("error", {"error": "boom"}, {"error": "boom"}),
        ],
    )
    def test_a_line_is_the_contracts(
        self, phase: str, payload: Any, written: Any
    ) -> None:
        delivery = Delivery(
            run_id=UUID(UNKNOWN),
            sequence=1,
            phase=phase,
            run_attempt=1,
            payload=payload,
        )

        line = json.loads(lines(delivery))

        assert line == {"phase": phase, "run_id": UNKNOWN, **written}

    def test_an_unknown_kind_is_skipped(self, spec: dict[str, Any]) -> None:
        make_run(spec={**spec, "sinks": [{"kind": "carrier_pigeon"}]})

        (run,) = work_off()

        assert run.status == "succeeded"
        assert outbox(run) == []

    def test_one_bad_sink_does_not_stop_the_others(self) -> None:
        run = run_with({"kind": "carrier_pigeon"}, {"kind": "stdout"})
        work_off()

        assert {index for _, _, index in outbox(run)} == {1}


class TestItem9Fetchers:
    """What is missing in a target is told by name.

    Differs: at submit (422), not by a worker.
    """

    @pytest.mark.parametrize(
        ("target", "told"),
        [
            ({"kind": "inline"}, "target.inline"),
            ({"kind": "inline", "inline": {}}, "target.inline"),
            ({"kind": "http"}, "base_url"),
            ({"kind": "uploaded"}, "cannot be re-executed"),
        ],
    )
    def test_what_is_missing_is_told(self, target: Any, told: str) -> None:
        with pytest.raises(InvalidSubmissionError, match=told):
            read_submission(submission_body(spec={"target": target}))


class TestItem11Settings:
    """Defaults, the lease, the DSN, the backend, the URL file.

    Differs: a wrong setting stops the start; the peer goes on without storage. (All of
    them: tests/agentevals_site/test_environment.py and tests/e2e/test_serve.py.)
    """

    def test_an_unknown_backend_is_refused(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AGENTEVALS_X", "Postgres")

        with pytest.raises(SettingError, match="memory, postgres"):
            Environment().choice(
                "AGENTEVALS_X", {"memory", "postgres"}, default="memory"
            )

    def test_postgres_needs_a_url(self) -> None:
        with pytest.raises(SettingError, match="AGENTEVALS_X"):
            Environment().database("AGENTEVALS_X")

    def test_a_file_wins_and_must_be_readable(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        (tmp_path / "url").write_text(" postgres://here/x \n")
        monkeypatch.setenv("AGENTEVALS_X", "postgres://there/x")
        monkeypatch.setenv("AGENTEVALS_X_FILE", str(tmp_path / "url"))

        assert Environment().text_or_file("AGENTEVALS_X") == "postgres://here/x"

        monkeypatch.setenv("AGENTEVALS_X_FILE", str(tmp_path / "nothing"))
        with pytest.raises(SettingError, match="unreadable"):
            Environment().text_or_file("AGENTEVALS_X")

    def test_a_lease_outlives_a_heartbeat(self, settings: Settings) -> None:
        assert settings.LEASE_S > settings.HEARTBEAT_S


class TestItem12Migrations:
    """Forwards and backwards, under one lock.

    Differs: migrations are Django's, with its table, its names and its reverse; the
    placeholder of the schema and the peer's lock key have no counterpart. The schema's
    name is checked when it is read. (tests/runs/test_migrations.py runs all backwards.)
    """

    def test_everything_is_applied(self) -> None:
        assert pending_migrations() == []

    def test_a_schema_must_be_an_identifier(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AGENTEVALS_X", "no schema; --")

        with pytest.raises(SettingError, match="lower-case letters"):
            Environment().identifier("AGENTEVALS_X", default="agentevals")


class TestItem13ApiContract:
    """Envelopes, names and statuses of what needs no storage.

    Differs: there are more than the 11 metrics of the peer's fallback list, all of which
    are among ours; ``/api/debug/load`` has no live mode to load into.
    """

    FALLBACK = (
        "tool_trajectory_avg_score",
        "response_match_score",
        "response_evaluation_score",
        "final_response_match_v2",
        "hallucinations_v1",
        "safety_v1",
        "rubric_based_final_response_quality_v1",
        "rubric_based_tool_use_quality_v1",
        "multi_turn_task_success_v1",
        "multi_turn_trajectory_quality_v1",
        "multi_turn_tool_use_quality_v1",
    )

    @pytest.mark.parametrize(
        "path", ["/api/health", "/api/config", "/api/metrics", "/api/runs"]
    )
    def test_an_envelope_has_data_then_error(self, client: Client, path: str) -> None:
        body = client.get(path).json()

        assert list(body)[:2] == ["data", "error"]
        assert body["error"] is None

    def test_flags_of_metrics_are_spelled_oddly(self, client: Client) -> None:
        metrics = client.get("/api/metrics").json()["data"]

        assert {each["name"] for each in metrics} >= set(self.FALLBACK)
        assert all({"requiresLLM", "requiresGCP"} <= set(each) for each in metrics)
        assert not any("requiresLlm" in each for each in metrics)

    @pytest.mark.parametrize("content", [b"{", b"[]", b'{"eval_set_id": "x"}'])
    def test_validation_is_always_200(self, client: Client, content: bytes) -> None:
        part = SimpleUploadedFile("set.json", content)

        response = client.post("/api/validate/eval-set", {"eval_set_file": part})

        data = response.json()["data"]
        assert response.status_code == 200
        assert (data["valid"], data["evalSetId"], data["numCases"]) == (
            False,
            None,
            None,
        )
        assert data["errors"]

    def test_a_bundle_is_a_zip(self, client: Client) -> None:
        response = post_json(client, "/api/debug/bundle", {})

        assert response["Content-Type"] == "application/zip"
        assert response.content.startswith(b"PK")
