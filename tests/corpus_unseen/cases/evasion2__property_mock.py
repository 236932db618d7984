from unittest import mock
import epics


class Ring:
    tune = 0.2


with mock.patch.object(Ring, "tune", new_callable=mock.PropertyMock, side_effect=lambda *a: epics.caput("T:79", 1)):
    Ring().tune
