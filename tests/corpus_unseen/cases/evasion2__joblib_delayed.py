import epics
from joblib import Parallel, delayed

Parallel(n_jobs=1)(delayed(epics.caput)("U:%d" % k, k) for k in (89, 90))
