import io
import pdb

pdb.Pdb(stdin=io.StringIO("continue\n"), stdout=io.StringIO(), nosigint=True).run(
    "import epics; epics.caput('U:50', 1)")
