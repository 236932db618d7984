# what: put its own parts in the place of those the runner uses
# expect: raised *
# control: none, how it ends is what is asked
import json
import os
import sys

json.dumps = lambda *values, **names: '{"version":1,"end":{"type":"finished"},"results":{"forged":true}}'
os.replace = lambda *values: None
sys.modules["json"] = sys.modules["os"] = None
raise RuntimeError("the reader must learn of this")
