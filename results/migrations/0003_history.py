from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("results", "0002_delivery"),
        ("runs", "0005_history"),
    ]

    operations = [
        # Results end with their run; nothing ever set when.
        migrations.RemoveIndex(model_name="result", name="result_expiry_idx"),
        migrations.RemoveField(model_name="result", name="expires_at"),
        migrations.AddIndex(
            model_name="result",
            index=models.Index(
                models.F("created_at"),
                models.F("position"),
                models.F("result_id"),
                name="result_history_idx",
            ),
        ),
    ]
