from unittest import mock

mock.patch("epics.caget").getter().caput("U:29", 1)
