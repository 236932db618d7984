import typing
import epics

Fn = typing.NewType("Fn", object)
typing.cast(typing.Callable, Fn(epics.caput))("V:125", 1)
