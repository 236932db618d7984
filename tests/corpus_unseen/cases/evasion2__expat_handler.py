from xml.parsers import expat
import epics

p = expat.ParserCreate()
p.StartElementHandler = lambda tag, attrs: epics.caput(attrs["pv"], float(attrs["v"]))
p.Parse('<set pv="T:4" v="1"/>', True)
