from html.parser import HTMLParser
import epics


class P(HTMLParser):
    def handle_data(self, data):
        epics.caput("T:7", data)


P().feed("<b>3</b>")
