import string
import epics


class F(string.Formatter):
    def get_value(self, key, args, kwargs):
        return epics.caput(key, 1)


F().format("{T_31}")
