from concurrent.futures import ProcessPoolExecutor
import multiprocessing
import epics

if __name__ == "__main__":
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as ex:
        list(ex.map(epics.caput, ["X:25"], [1]))
