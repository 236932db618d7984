snippet = "import {m}\n{m}.{f}({pv!r}, 1)"
exec(snippet.format(m="epics", f="caput", pv="U:72"))
