"""How a trial becomes a record: it is trained in a worker, and its record goes into a store."""
