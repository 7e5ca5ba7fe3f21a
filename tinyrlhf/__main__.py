"""`python -m tinyrlhf` is `tinyrlhf`."""
import sys

from tinyrlhf.cli import main

if __name__ == "__main__":
    sys.exit(main())
