from concurrent.futures import ThreadPoolExecutor
import epics

with ThreadPoolExecutor(1, initializer=epics.caput, initargs=("T:13", 1)) as ex:
    ex.submit(int).result()
