"""`python -m mailscope` is the command `mailscope`."""

from mailscope.cli.main import run

if __name__ == "__main__":
    run()
