import epics


class Bank:
    def __init__(self, prefix, count):
        self.supplies = {k: epics.PV(f"{prefix}{k}:SP") for k in range(count)}

    def all_to(self, amps):
        for k in self.supplies:
            self.supplies[k].value = amps


Bank("PS:HCM", 3).all_to(0.0)
