from subprocess import getoutput as look

look("pvput X:2 1")
