"""`python -m asrcompress`, and what `accelerate launch -m asrcompress` starts in each process."""

from asrcompress.cli import main

if __name__ == "__main__":
    main()
