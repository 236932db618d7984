import pyjapc

japc = pyjapc.PyJapc("CPS.USER.TOF", noSet=False)
japc.rbacLogin()
japc.setParam("PR.BHZ/Setting#current", 125.0)
japc.rbacLogout()
