"""A trial becomes a record: training, in workers, into a store."""
