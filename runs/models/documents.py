"""Trace documents, stored once and verbatim, and which run reads which."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable
from typing import Self

from django.db import models
from django.db.models import Exists, OuterRef

from runs.models.clock import Now

# Level 1 packs trace JSON about 8 : 1 at a sixth of the time of the default.
COMPRESSION = 1


class TraceDocumentQuerySet(models.QuerySet["TraceDocument"]):
    """Keeping documents while somebody deletes them, in the caller's transaction."""

    def keep(self, documents: Iterable[TraceDocument]) -> None:
        """Store documents that are not there, and hold all until the transaction ends."""
        by_digest = {document.digest: document for document in documents}
        # In one order everywhere, so that two cannot wait for each other's rows.
        missing = [by_digest[digest] for digest in sorted(by_digest)]
        while missing:  # whoever deletes one after the INSERT found it has to commit
            self.bulk_create(missing, ignore_conflicts=True)
            rows = self.filter(pk__in=by_digest).order_by("pk")
            locked = rows.select_for_update(no_key=True)
            held = set(locked.values_list("pk", flat=True))
            missing = [each for each in missing if each.digest not in held]

    def delete_unused(self, digests: Iterable[str]) -> None:
        """Delete those of these documents that no run reads.

        They are locked before it is asked who reads them: a submit that checks its
        reference at this moment is waited for and then seen, and a later one finds the
        document gone and stores it again.
        """
        documents = self.filter(pk__in=list(digests)).only("pk")
        list(documents.order_by("pk").select_for_update())
        readers = RunInput.objects.filter(document=OuterRef("pk"))
        documents.filter(~Exists(readers)).delete()


class TraceDocument(models.Model):
    """The bytes of one trace export, exactly as they were received.

    ``digest`` is the SHA-256 of those bytes in hex, ``size`` their number, ``content``
    their gzip, ``format`` what they were recognised as (empty: not recognised).
    """

    digest = models.CharField(max_length=64, primary_key=True)
    format = models.CharField(max_length=32, default="", blank=True)
    size = models.BigIntegerField()
    content = models.BinaryField()
    created_at = models.DateTimeField(db_default=Now())

    # The bytes of a document that was just received.
    received: bytes | None = None

    objects = TraceDocumentQuerySet.as_manager()

    class Meta:
        db_table = "trace_document"

    def __str__(self) -> str:
        return f"{self.digest[:12]} ({self.size} bytes)"

    @classmethod
    def of(cls, content: bytes, *, format: str = "") -> Self:  # noqa: A002 - the field's name
        """Wrap received bytes, unsaved."""
        document = cls(
            digest=hashlib.sha256(content).hexdigest(),
            format=format,
            size=len(content),
            content=gzip.compress(content, COMPRESSION, mtime=0),
        )
        document.received = content
        return document

    def verbatim(self) -> bytes:
        """Return the bytes as they were received."""
        return self.received or gzip.decompress(self.content)


class RunInput(models.Model):
    """One document that a run evaluates, in order."""

    pk = models.CompositePrimaryKey("run_id", "position")
    run = models.ForeignKey(
        "runs.Run", on_delete=models.CASCADE, related_name="inputs", db_index=False
    )
    position = models.IntegerField()
    name = models.TextField(default="", blank=True)
    document = models.ForeignKey(TraceDocument, on_delete=models.PROTECT)

    class Meta:
        db_table = "run_input"

    def __str__(self) -> str:
        return self.name or f"input {self.position}"
