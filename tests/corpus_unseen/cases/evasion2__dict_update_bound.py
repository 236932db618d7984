import epics


class Page:
    def show(self, *a):
        print(*a)


p = Page()
vars(p).update(show=epics.caput)
p.show("V:128", 1)
