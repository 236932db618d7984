from caproto.sync.client import read_write_read

initial, res, final = read_write_read("LAB:mtr.VAL", 3.5, notify=True)
print(initial.data, final.data)
