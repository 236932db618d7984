# what: fill the disk by many files below the limit of one
# expect: killed workspace_limit
# control: none, that it fills is shown by how it ends
number = 0
while True:
    number += 1
    with open("file_%d" % (number % 150), "wb") as file:
        file.write(bytes(4 << 20))
