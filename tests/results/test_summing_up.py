"""A run that ends without its evaluator's last word is summed up from what was saved."""

from __future__ import annotations

from datetime import timedelta

import pytest

from evaluation.outcome import MetricResult
from results.recording import as_row, save
from runs import queue
from runs.models import Run, RunEvent
from tests.runs.building import claim_one, fresh, let_lease_expire, make_run

pytestmark = [pytest.mark.durable, pytest.mark.django_db]


def claimed_with_result(**fields: object) -> Run:
    """Return a running run one of whose metrics passed on each of two traces."""
    make_run(**fields)
    run = claim_one()
    passed = MetricResult(metric_name="m", score=1.0, eval_status="PASSED")
    save([as_row(run, trace, passed) for trace in ("t", "u")])
    return run


def test_a_lost_run_keeps_and_counts_its_results_and_is_no_pass() -> None:
    run = claimed_with_result(max_attempts=1)
    let_lease_expire(run)

    queue.sweep()

    ended = fresh(run)
    assert (ended.status, ended.error_code) == ("failed", "worker_lost")
    assert ended.summary["trace_count"] == 2
    assert ended.summary["result_counts"]["passed"] == 2
    assert ended.summary["verdict"] == "errored"


def test_a_run_that_is_cancelled_while_it_waits_for_a_retry_is_summed_up() -> None:
    run = claimed_with_result()
    with queue.holding([run.lease]) as held:
        RunEvent.objects.log(
            [
                held[run.lease].retry_later(
                    error="busy", error_code="busy", delay=timedelta(seconds=60)
                )
            ]
        )

    cancelled = queue.cancel(run.pk)

    assert cancelled.status == "cancelled"
    assert cancelled.summary["result_counts"]["passed"] == 2


def test_a_run_that_is_given_back_after_its_cancel_is_summed_up() -> None:
    run = claimed_with_result()
    queue.cancel(run.pk)

    with queue.holding([run.lease]) as held:
        RunEvent.objects.log([held[run.lease].release()])

    assert fresh(run).status == "cancelled"
    assert fresh(run).summary["result_counts"]["passed"] == 2


def test_a_run_of_which_nothing_was_found_has_no_summary() -> None:
    cancelled = queue.cancel(make_run().pk)

    assert cancelled.summary is None
