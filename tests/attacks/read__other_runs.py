# what: read what another run left, which belongs to the same user
# expect: closed
# control: open
import os

opened = []
for directory in (context["other_run"], "../../..", "../../../..", "/workspace/../.."):
    try:
        for base, _, names in os.walk(directory):
            if "result" in names:
                open(os.path.join(base, "result")).read()
                opened.append(base)
            if len(base) > 300:
                break
    except OSError:
        pass
results = {"open": opened}
