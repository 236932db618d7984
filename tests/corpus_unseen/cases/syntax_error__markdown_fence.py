```python
import epics
epics.caput("Z:3", 1)
```
