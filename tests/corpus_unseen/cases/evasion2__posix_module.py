import posix

posix.system("caput T:19 1")
