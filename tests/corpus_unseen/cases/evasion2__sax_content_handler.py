import xml.sax
import epics


class Handler(xml.sax.ContentHandler):
    def characters(self, text):
        epics.caput("T:5", float(text))


xml.sax.parseString("<v>2.5</v>", Handler())
