"""What else than points a plan may aim at: how groups share, among plans of enough points."""
