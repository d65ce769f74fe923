"""Textual reads these once, when it is imported: a developer's settings must not change what is drawn."""

import os

for _name in [
    name for name in os.environ if name.startswith("TEXTUAL_") and not name.startswith("TEXTUAL_SNAPSHOT_")
]:
    del os.environ[_name]
os.environ["COLORTERM"] = "truecolor"
