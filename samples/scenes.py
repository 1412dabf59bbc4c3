"""What the invented agents of the harbour cluster were asked, and what they did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

STARTED_US = 1_780_304_400_000_000  # 2026-06-01 09:00 UTC
MODEL = "tern-2-mini"
QUESTION = "Which Helm releases run in the harbour cluster, and which one failed?"

HELM_PROMPT = """\
# Keeper of charts

You look after the Helm releases of the harbour cluster. People come to you with
questions about what is installed, in which version, and why an upgrade went wrong.

## How to work
1. Look before you speak: list the releases first, then read the one that matters.
2. Change nothing that nobody asked you to change. An upgrade, a rollback or an
   uninstall needs the word of the person you talk to, given in this conversation.
3. Before a change, say what it does, to which release, in which namespace, and how to
   take it back. Prefer a dry run.
4. When a tool fails, say so. Never fill the hole with a guess.

## How to answer
- Begin with the answer, then the evidence.
- Name releases with their namespace, revision and chart version.
- Statuses are quoted as the tool printed them: deployed, failed, pending-upgrade.
- Keep it short. A list is better than a table when there are fewer than six rows.

## What you know
A release is one installation of a chart. Every upgrade makes a new revision; the last
one that worked is the one to go back to. Charts come from repositories, which have to
be refreshed before their newest versions are seen. Values override a chart's defaults.
"""

K8S_PROMPT = """\
# Watch of the cluster

You are the watch on the harbour cluster: you read its workloads, events and logs and
explain them to people who are in a hurry.

## How to work
1. Start wide (namespaces, workloads), then narrow down to one object.
2. Read events before logs; they are fewer and say more.
3. You may read everything except the content of secrets, and you may change nothing
   without being told to. Deleting needs to be confirmed twice.
4. If another agent is better placed for a question, say which one and why.

## How to answer
- One sentence with the finding, then what it rests on, then what to do next.
- Quote names and namespaces exactly; say how old a reading is.
- If two readings disagree, show both.
"""

NAMESPACE = ("namespace", "Namespace to look into; all of them when left out")
HELM_TOOLS = (
    ("helm_list_releases", "List the installed releases", ("all_namespaces", "Look into every namespace"), NAMESPACE, ("output", "Format of the listing: table or json")),
    ("helm_get_release", "Read one release with its history", ("name", "Name of the release"), NAMESPACE, ("resource", "Part to read: all, notes, values or manifest")),
    ("helm_upgrade", "Upgrade a release or install it", ("name", "Name of the release"), ("chart", "Chart to upgrade to"), NAMESPACE, ("version", "Version of the chart"), ("set", "Values as key=value pairs"), ("dry_run", "Only say what would happen")),
    ("helm_rollback", "Take a release back to an earlier revision", ("name", "Name of the release"), ("revision", "Revision to return to"), NAMESPACE),
    ("helm_uninstall", "Remove a release", ("name", "Name of the release"), NAMESPACE, ("dry_run", "Only say what would happen")),
    ("helm_repo_add", "Register a chart repository", ("name", "Short name of the repository"), ("url", "Address of the repository")),
    ("helm_repo_update", "Refresh what the repositories offer"),
)  # fmt: skip
K8S_TOOLS = (
    ("k8s_get_resources", "List objects of one kind", ("resource_type", "Kind of the objects, plural"), NAMESPACE, ("all_namespaces", "Look into every namespace"), ("label_selector", "Labels that the objects must carry"), ("output", "Columns to print")),
    ("k8s_describe_resource", "Describe one object with its events", ("resource_type", "Kind of the object"), ("name", "Name of the object"), NAMESPACE),
    ("k8s_get_events", "List recent events", NAMESPACE, ("since_minutes", "How far to look back")),
    ("k8s_get_pod_logs", "Read the log of a pod", ("name", "Name of the pod"), NAMESPACE, ("container", "Container in the pod"), ("tail_lines", "Lines from the end")),
    ("k8s_rollout", "Restart, pause or resume a workload", ("action", "What to do"), ("name", "Name of the workload"), NAMESPACE),
    ("k8s_scale", "Change the number of replicas", ("name", "Name of the workload"), ("replicas", "How many"), NAMESPACE),
    ("k8s_apply_manifest", "Apply a manifest", ("manifest", "YAML of the objects")),
    ("k8s_delete_resource", "Delete one object", ("resource_type", "Kind of the object"), ("name", "Name of the object"), NAMESPACE),
    ("k8s_api_resources", "List the kinds that the cluster knows"),
)  # fmt: skip

HELM_LISTING = (
    "NAME        NAMESPACE  REVISION  STATUS    CHART\n"
    "lighthouse  beacons    4         deployed  lighthouse-2.1.0\n"
    "tidegauge   sensors    7         failed    tidegauge-0.9.3\n"
    "quayside    portal     12        deployed  quayside-5.0.2\n"
)
HELM_RELEASE = (
    "tidegauge in sensors, revision 7: failed\n"
    "upgrade of 0.9.2 to 0.9.3 timed out waiting for deployment tidegauge-reader\n"
)
HELM_ANSWER = (
    "Three releases run in the harbour cluster; tidegauge failed its last upgrade.\n\n"
    "- lighthouse (beacons), revision 4, lighthouse-2.1.0: deployed\n"
    "- tidegauge (sensors), revision 7, tidegauge-0.9.3: failed, the upgrade timed out "
    "waiting for tidegauge-reader\n"
    "- quayside (portal), revision 12, quayside-5.0.2: deployed\n\n"
    "Revision 6 of tidegauge worked. Shall I prepare a rollback?"
)
GOLDEN_HELM_ANSWER = (
    "Three releases run in the harbour cluster and tidegauge failed.\n\n"
    "- lighthouse (beacons), revision 4, lighthouse-2.1.0: deployed\n"
    "- tidegauge (sensors), revision 7, tidegauge-0.9.3: failed because the upgrade "
    "timed out\n"
    "- quayside (portal), revision 12, quayside-5.0.2: deployed"
)
K8S_LISTING = (
    "NAMESPACE  NAME                             TYPE                AGE\n"
    "beacons    sh.helm.release.v1.lighthouse.v4  helm.sh/release.v1  11d\n"
    "sensors    sh.helm.release.v1.tidegauge.v7   helm.sh/release.v1  2h\n"
    "portal     sh.helm.release.v1.quayside.v12   helm.sh/release.v1  5d\n"
)
K8S_ANSWER = (
    "I see three Helm release records, for lighthouse, tidegauge and quayside, but "
    "not their status: that is inside the secrets, which I may not read. The chart "
    "agent can tell you which one failed."
)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One model call, and the tool call that it asked for, if any."""

    input_tokens: int
    output_tokens: int
    model_us: int
    call: tuple[str, dict[str, Any]] | None = None
    result: str = ""
    tool_us: int = 0
    answer: str = ""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What one invented agent was asked and did."""

    agent: str
    service: str
    about: str
    prompt: str
    tools: tuple[tuple[Any, ...], ...]
    steps: tuple[Step, ...]
    seed: str
    started_us: int


HELM = Scene(
    agent="helm_agent",
    service="helm-agent",
    about="Looks after the Helm releases of the harbour cluster.",
    prompt=HELM_PROMPT,
    tools=HELM_TOOLS,
    seed="harbour/helm",
    started_us=STARTED_US,
    steps=(
        Step(input_tokens=1312, output_tokens=24, model_us=1_204_118, call=("helm_list_releases", {"all_namespaces": True, "output": "table"}), result=HELM_LISTING, tool_us=84_310),
        Step(input_tokens=1467, output_tokens=27, model_us=986_402, call=("helm_get_release", {"name": "tidegauge", "namespace": "sensors"}), result=HELM_RELEASE, tool_us=61_977),
        Step(input_tokens=1538, output_tokens=131, model_us=2_310_655, answer=HELM_ANSWER),
    ),
)  # fmt: skip
K8S = Scene(
    agent="k8s_agent",
    service="k8s-agent",
    about="Reads the workloads, events and logs of the harbour cluster.",
    prompt=K8S_PROMPT,
    tools=K8S_TOOLS,
    seed="harbour/k8s",
    started_us=STARTED_US + 420_000_000,
    steps=(
        Step(input_tokens=1655, output_tokens=38, model_us=1_127_943, call=("k8s_get_resources", {"resource_type": "secrets", "all_namespaces": True, "label_selector": "owner=helm"}), result=K8S_LISTING, tool_us=112_804),
        Step(input_tokens=1803, output_tokens=64, model_us=1_405_276, answer=K8S_ANSWER),
    ),
)  # fmt: skip
