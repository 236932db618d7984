import optparse
import epics

p = optparse.OptionParser()
p.add_option("-v", action="callback", type="float",
             callback=lambda o, s, v, parser: epics.caput("T:27", v))
p.parse_args(["-v", "2"])
