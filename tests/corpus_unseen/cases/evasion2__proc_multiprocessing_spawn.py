import multiprocessing as mp


def job(n):
    import epics
    epics.caput(n, 1)


if __name__ == "__main__":
    p = mp.get_context("spawn").Process(target=job, args=("X:24",))
    p.start()
    p.join()
