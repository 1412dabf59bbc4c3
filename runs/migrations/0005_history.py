from __future__ import annotations

from typing import Any

from django.db import migrations, models
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce

from evaluation.config import parse_config
from evaluation.errors import ConfigError

BATCH = 500


def name_metrics(apps: Any, schema_editor: Any) -> None:
    """Tell of the runs that there are which evaluators they were asked for."""
    runs = apps.get_model("runs", "Run").objects
    ids = list(runs.values_list("pk", flat=True))
    for start in range(0, len(ids), BATCH):
        batch = list(runs.only("spec").filter(pk__in=ids[start : start + BATCH]))
        for run in batch:
            run.metrics = _names(run.spec.get("eval_config") or {})
        runs.bulk_update(batch, ["metrics"])


def _names(config: Any) -> list[str]:
    try:
        return [evaluator.name for evaluator in parse_config(config).evaluators]
    except ConfigError:
        return []  # an evaluator that has another name since; the run was refused or ended


class Migration(migrations.Migration):
    dependencies = [
        ("runs", "0004_api_token"),
    ]

    operations = [
        migrations.AddField(
            model_name="run",
            name="metrics",
            field=models.JSONField(blank=True, db_default=[]),
        ),
        migrations.AddField(
            model_name="run",
            name="target_kind",
            field=models.GeneratedField(
                db_persist=True,
                expression=KT("spec__target__kind"),
                output_field=models.TextField(null=True),
            ),
        ),
        migrations.AddField(
            model_name="run",
            name="eval_set_id",
            field=models.GeneratedField(
                db_persist=True,
                expression=Coalesce(
                    KT("spec__eval_set__eval_set_id"), KT("spec__eval_set__evalSetId")
                ),
                output_field=models.TextField(null=True),
            ),
        ),
        migrations.RunPython(name_metrics, migrations.RunPython.noop),
    ]
