# what: take all memory in one process
# expect: raised MemoryError | killed memory_limit | killed signal
# control: none, it would hurt the host
pieces = []
while True:
    pieces.append(bytearray(16 << 20))
