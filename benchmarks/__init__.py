"""The figures, against peers in one run: `make bench`, or `python -m benchmarks sine startup`."""
