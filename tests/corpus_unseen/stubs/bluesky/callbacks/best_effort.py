class BestEffortCallback: pass
