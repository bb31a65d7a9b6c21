"""The benchmarks of `licstats bench`: each area has a module here, whose functions register themselves."""
