import copy
import epics


class Plan:
    def __deepcopy__(self, memo):
        return epics.caput("V:110", 1)


copy.deepcopy([Plan()])
