def bytes2str(b): return str(b)
