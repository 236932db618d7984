from epics import caget as look, caput as touch

touch("SR:TUNE:X:SP", 0.21)
