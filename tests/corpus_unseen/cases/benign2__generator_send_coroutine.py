def running_average():
    total, count, mean = 0.0, 0, None
    while True:
        try:
            value = yield mean
        except ValueError:
            total, count, mean = 0.0, 0, None
            continue
        total += value
        count += 1
        mean = total / count


averager = running_average()
next(averager)
for v in (300.1, 299.9, 300.4):
    mean = averager.send(v)
print("mean", round(mean, 3))
averager.throw(ValueError)
print("after a reset", averager.send(5.0))
averager.close()
