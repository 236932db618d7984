from functools import cached_property
import epics


class Info:
    @cached_property
    def title(self):
        return epics.caput("V:89", 1)


Info().title
