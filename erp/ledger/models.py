"""The ledger's tables (tables.sql): a Merkle tree over the feed, its signed heads, and what stands beside them."""

from __future__ import annotations

from django.db import models

from erp.events.models import ReadOnlyModel


class Leaf(ReadOnlyModel):
    """SHA-256 leaf hash of the sealed line at one position. Index in the tree: position - 1."""

    position = models.BigIntegerField(primary_key=True)
    hash = models.BinaryField()

    class Meta:
        managed = False
        db_table = "ledger_leaf"
        ordering = ("position",)

    def __str__(self) -> str:
        return f"{self.position}"


class Node(ReadOnlyModel):
    """Root of the complete subtree of 2^level leaves from leaf index * 2^level on; levels 8, 16 and 24 are kept."""

    pk = models.CompositePrimaryKey("level", "index")
    level = models.SmallIntegerField()
    index = models.BigIntegerField()
    hash = models.BinaryField()

    class Meta:
        managed = False
        db_table = "ledger_node"

    def __str__(self) -> str:
        return f"{self.level}/{self.index}"


class Key(models.Model):
    """A key that signed heads. The one that is not retired signs the next head."""

    key_id = models.TextField(primary_key=True, help_text="First 4 bytes of SHA-256(name, newline, 0x01, key), in hex.")
    name = models.TextField()
    public_key = models.BinaryField(help_text="Ed25519, 32 bytes.")
    added_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)
    endorsement = models.TextField(default="", help_text="The earlier key's signature of this one, in base64.")

    class Meta:
        managed = False
        db_table = "ledger_key"
        ordering = ("added_at",)

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id}"


class Head(ReadOnlyModel):
    """Signed head of the tree over the first `size` positions; `checkpoint` is the signed note as it is posted outside."""

    size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField()
    signed_at = models.DateTimeField()
    key = models.ForeignKey(Key, models.DO_NOTHING, related_name="heads")
    checkpoint = models.TextField()

    class Meta:
        managed = False
        db_table = "ledger_head"
        ordering = ("size",)

    def __str__(self) -> str:
        return f"{self.size}"


class Delivery(models.Model):
    """One head on its way to one outside sink."""

    id = models.BigAutoField(primary_key=True)
    head = models.ForeignKey(Head, models.DO_NOTHING, db_column="size", related_name="deliveries")
    sink = models.TextField()
    attempts = models.IntegerField(default=0)
    delivered_at = models.DateTimeField(null=True)
    error = models.TextField(default="", help_text="Why the last attempt failed.")

    class Meta:
        managed = False
        db_table = "ledger_delivery"
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.head_id} to {self.sink}"


class Salt(models.Model):
    """What makes the commitment to one personal value impossible to guess; erased together with the value."""

    pk = models.CompositePrimaryKey("event_id", "path")
    event_id = models.BigIntegerField()
    path = models.TextField(help_text="Place in the payload: changes/name/1, label, labels/partner_id/0.")
    salt = models.BinaryField(help_text="16 random bytes.")

    class Meta:
        managed = False
        db_table = "ledger_salt"

    def __str__(self) -> str:
        return f"{self.event_id} {self.path}"
