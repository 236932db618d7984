import multiprocessing
import epics

if __name__ == "__main__":
    with multiprocessing.get_context("fork").Pool(1) as pool:
        pool.starmap(epics.caput, [("V:55", 1)])
