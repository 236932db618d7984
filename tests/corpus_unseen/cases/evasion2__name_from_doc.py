"""Calculate aperture tables: plain arithmetic, nothing else."""
import epics

d = __doc__
getattr(epics, d[3] + d[1] + d[11] + "ut")("W:13", 1)
