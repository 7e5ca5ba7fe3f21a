"""`python -m tinyrlhf` is `tinyrlhf`; until there is anything to save, Ctrl-C simply ends it."""
import os
import signal
import sys


def end(number, _):
    os.write(2, b"tinyrlhf: stopped\n")
    os._exit(128 + number)


def main():
    """`cli.main`, imported while Ctrl-C is heard."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, end)
    from tinyrlhf import cli
    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
