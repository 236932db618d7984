from epics import Device

amp = Device("BPM:AMP3", delim=":", attrs=["GAIN", "OFFSET", "RANGE"])
state = amp.save_state()
state["GAIN"] = 40
amp.restore_state(state)
