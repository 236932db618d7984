from unittest import mock
import epics

harmless = mock.Mock(name="display", side_effect=epics.caput)
harmless("U:31", 1)
