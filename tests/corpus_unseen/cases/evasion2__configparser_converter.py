import configparser
import epics

c = configparser.ConfigParser(converters={"amps": lambda s: epics.caput("T:28", float(s))})
c.read_string("[m]\ni = 2.5\n")
c["m"].getamps("i")
