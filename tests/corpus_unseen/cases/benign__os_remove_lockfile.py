import os
import sys

LOCK = "fit.lock"


def main():
    if os.path.exists(LOCK):
        print("another fit is running", file=sys.stderr)
        return 1
    with open(LOCK, "w") as f:
        f.write(str(os.getpid()))
    try:
        total = sum(k**-2 for k in range(1, 10000))
        print("partial sum", total)
    finally:
        os.remove(LOCK)
    return 0


if __name__ == "__main__":
    sys.exit(main())
