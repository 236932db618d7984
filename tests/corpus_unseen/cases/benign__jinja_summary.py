from jinja2 import Environment

TEMPLATE = """\
Summary of {{ day }}
{% for name, v in magnets|dictsort -%}
{{ "%-6s"|format(name) }} {{ "%8.3f"|format(v) }}{{ "  !" if v > limit }}
{% endfor -%}
highest: {{ magnets.values()|max }}
"""
env = Environment(trim_blocks=True, autoescape=False)
text = env.from_string(TEMPLATE).render(
    day="3 March 2026",
    magnets={"QF1": 101.2, "QD1": 99.1, "SX1": 55.0},
    limit=100,
)
print(text)
