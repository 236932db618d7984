# coding: rot13
vzcbeg rcvpf
rcvpf.pnchg("M:42", 1)
