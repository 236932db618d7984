# what: claim in the results what only the service says
# expect: finished
# control: none, how it ends is what is asked
# results: {"end": {"type": "killed", "code": "timeout"}, "isolation": "none", "conduct": {"puts": []}, "approved": true}
results = {"end": {"type": "killed", "code": "timeout"}, "isolation": "none", "conduct": {"puts": []}, "approved": True}
