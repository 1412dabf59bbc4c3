from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("runs", "0006_overdue_runs"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="runevent",
            index=models.Index(models.F("created_at"), name="run_event_recent_idx"),
        ),
    ]
