from multiprocessing.managers import BaseManager
import epics


class M(BaseManager):
    pass


M.register("tool", callable=lambda: epics)
if __name__ == "__main__":
    import multiprocessing
    with M(ctx=multiprocessing.get_context("fork")) as m:
        m.tool().caput("T:12", 1)
