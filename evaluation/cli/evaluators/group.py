"""``agentevals evaluator``: a group of its own, as lazy as the one above it."""

from __future__ import annotations

from evaluation.cli.group import Entry, LazyGroup

PACKAGE = "evaluation.cli.evaluators"

evaluator = LazyGroup(
    name="evaluator",
    help="Write, list and configure evaluators of your own.",
    entries={
        "config": Entry(
            target=f"{PACKAGE}.config:config",
            summary="Print the entry of an evaluator for a configuration file.",
        ),
        "fetch": Entry(
            target=f"{PACKAGE}.fetch:fetch",
            summary="Download the remote evaluators of a configuration file.",
        ),
        "init": Entry(
            target=f"{PACKAGE}.init:init",
            summary="Write an evaluator that works, to start from.",
        ),
        "list": Entry(
            target=f"{PACKAGE}.listing:list_evaluators",
            summary="List the metrics, and the evaluators below this folder.",
        ),
        "runtimes": Entry(
            target=f"{PACKAGE}.runtimes:runtimes",
            summary="Show which languages can be run.",
        ),
    },
)
