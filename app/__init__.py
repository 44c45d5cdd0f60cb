"""The web page and its server: `python -m app`, or `sh serve.sh`."""
