from epics import ca as plumbing

lib = plumbing.libca
getattr(lib, "ca_array_put")(6, 1, None, None)
