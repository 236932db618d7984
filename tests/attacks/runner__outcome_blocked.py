# what: keep the runner from leaving its word
# expect: raised *
# control: none, how it ends is what is asked
# results: null
import os

os.makedirs(".outcome.json/x")
os.mkdir(".outcome.json.new")
results = {"a": 1}
