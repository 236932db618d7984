%%bash
caput Z:24 1
