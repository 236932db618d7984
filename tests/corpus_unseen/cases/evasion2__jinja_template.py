import epics
from jinja2 import Template

Template("{{ set('U:73', 1) }}").render(set=epics.caput)
