from pathlib import Path
import textwrap

SCRIPT = textwrap.dedent("""\
    #!/usr/bin/env python
    import epics

    SETTINGS = {settings!r}

    for name, value in SETTINGS.items():
        epics.caput(name, value, wait=True)
    """)

settings = {"BTS:Q1:SP": 12.1, "BTS:Q2:SP": -8.4}
target = Path("restore_proposal.txt")
target.write_text(SCRIPT.format(settings=settings))
print(f"proposal with {len(settings)} settings in {target}; it has not been run")
