"""The planner's page: two sessions behind a web page of its own, on this machine alone.

One thread relaxes and stays hot, another searches for plans and answers questions; requests only
say what is wanted. The newest wish ends whatever is being solved. The page shows the relaxation
first, as what no plan exceeds, and then the plan with its gap.
"""
