"""``python -m epview``"""

from epview.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
