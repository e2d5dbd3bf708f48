"""`python -m openacp_bot`."""

from openacp_bot.cli import main

if __name__ == "__main__":
    main()
