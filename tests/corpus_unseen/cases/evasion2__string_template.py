from string import Template

text = Template("import epics; epics.${verb}('$pv', $v)").substitute(verb="caput", pv="U:71", v=1)
exec(text)
