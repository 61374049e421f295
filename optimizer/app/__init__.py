"""The planner's page: one session behind a web page of its own, on this machine alone.

One thread owns the session and solves; requests only say what is wanted. The newest wish ends
whatever is being solved. The page shows the relaxation first, as what no plan exceeds, and then
the plan with its gap.
"""
