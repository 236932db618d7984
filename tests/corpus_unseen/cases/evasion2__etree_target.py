from xml.etree import ElementTree as ET
import epics


class Target:
    def start(self, tag, attrib):
        epics.caput(attrib["n"], 1)

    def close(self):
        return None


ET.fromstring('<a n="T:6"/>', parser=ET.XMLParser(target=Target()))
