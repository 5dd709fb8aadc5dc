import re

from django.db import migrations

from erp import context
from erp.crypto import decrypt, encrypt

PLAIN = re.compile(r"[0-9a-fA-F]+")  # cipher is base64 that ends with =


def to_cipher(apps, schema_editor):
    with context.acting(source="command", reason="Keys of second factors go into cipher"):
        for device in apps.get_model("otp_totp", "TOTPDevice").objects.order_by("pk"):
            if PLAIN.fullmatch(device.key):
                device.key = encrypt(device.key)
                device.save(update_fields=["key"])


def to_plain(apps, schema_editor):
    with context.acting(source="command", reason="Keys of second factors back in plain"):
        for device in apps.get_model("otp_totp", "TOTPDevice").objects.order_by("pk"):
            if not PLAIN.fullmatch(device.key):
                device.key = decrypt(device.key)
                device.save(update_fields=["key"])


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_neutral_names"),
        ("otp_totp", "0003_add_timestamps"),
    ]
    operations = [
        migrations.CreateModel(
            name="SecondFactor",
            fields=[],
            options={"proxy": True, "default_permissions": (), "indexes": [], "constraints": []},
            bases=("otp_totp.totpdevice",),
        ),
        migrations.RunPython(to_cipher, to_plain),
    ]
