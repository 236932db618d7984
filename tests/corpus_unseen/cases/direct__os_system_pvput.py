import os

for cell in range(1, 4):
    os.system("pvput -w 2 CELL{:02d}:SKEW:SP {}".format(cell, 0.02 * cell))
