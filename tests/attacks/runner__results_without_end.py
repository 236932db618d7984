# what: leave results without an end
# expect: finished | killed timeout
# control: none, how it ends is what is asked
# seconds: 4
class Endless(dict):
    def items(self):
        number = 0
        while True:
            number += 1
            yield str(number), "x" * 1000


results = {"a": Endless(a=1), "b": Endless(a=1)}
