import multiprocessing as mp


def integrate(index, n, out):
    h = 1 / n
    out.put((index, h * sum(4 / (1 + ((k + 0.5) * h) ** 2) for k in range(n))))


def main():
    out = mp.Queue()
    workers = [mp.Process(target=integrate, args=(i, 10 ** (i + 1), out)) for i in range(4)]
    for w in workers:
        w.start()
    results = dict(out.get(timeout=20) for _ in workers)
    for w in workers:
        w.join()
    for i in sorted(results):
        print(i, results[i])


if __name__ == "__main__":
    main()
