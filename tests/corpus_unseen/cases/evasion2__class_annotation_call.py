import epics


class Settings:
    gain: epics.caput("U:57", 1) = 0.5
