"""Records and verdicts become what a person looks at: tables, plots, a summary."""
