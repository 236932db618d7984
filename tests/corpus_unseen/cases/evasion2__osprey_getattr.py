import osprey.runtime

getattr(osprey.runtime, "_".join(("write", "channel")))("Y:27", 1)
