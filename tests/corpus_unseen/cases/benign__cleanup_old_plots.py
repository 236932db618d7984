import time
from pathlib import Path

KEEP_DAYS = 14


def clean(folder, pattern="*.tmp.png"):
    limit = time.time() - KEEP_DAYS * 86400
    removed = 0
    for path in sorted(Path(folder).glob(pattern)):
        if path.stat().st_mtime < limit:
            path.unlink(missing_ok=True)
            removed += 1
    return removed


print(clean("."), "old plots removed")
