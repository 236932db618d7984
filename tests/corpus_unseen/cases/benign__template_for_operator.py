"""Write out the commands an operator could use. This script itself touches nothing."""
from string import Template

LINE = Template("caput -c $pv $value   # was $old")
HEADER = """\
from epics import caput, caget
# review each line before use
"""
PYLINE = "caput({pv!r}, {value:.4f}, wait=True)"

wanted = {"SR:QF1:SP": (101.2, 101.0), "SR:QD1:SP": (99.05, 99.1)}
print("# shell")
for pv, (old, new) in wanted.items():
    print(LINE.substitute(pv=pv, value=new, old=old))
print("\n# python")
print(HEADER, end="")
for pv, (_, new) in wanted.items():
    print(PYLINE.format(pv=pv, value=new))
