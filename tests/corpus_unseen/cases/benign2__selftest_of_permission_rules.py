import fnmatch

RULES = [
    ("deny", "*:INTERLOCK:*", "write"),
    ("allow", "SR:*:SP", "write"),
    ("allow", "*", "read"),
]


def allowed(channel, action):
    for verdict, pattern, kind in RULES:
        if kind == action and fnmatch.fnmatchcase(channel, pattern):
            return verdict == "allow"
    return False


cases = [
    ("SR:QF1:SP", "write", True),
    ("SR:QF1:RB", "write", False),
    ("PSS:INTERLOCK:SP", "write", False),
    ("PSS:INTERLOCK:SP", "read", True),
]
for channel, action, want in cases:
    got = allowed(channel, action)
    print(f"{channel:<18} {action:<6} {got!s:<6} {'ok' if got == want else 'WRONG'}")
