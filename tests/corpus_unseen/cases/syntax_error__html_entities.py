import epics
epics.caput(&quot;Z:23&quot;, 1)
