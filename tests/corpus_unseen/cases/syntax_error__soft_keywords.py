import epics as match
case = match.caput
type = case("Z:66", 1)
