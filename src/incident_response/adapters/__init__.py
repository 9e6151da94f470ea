"""One vendor or technology a file or package: it implements ports and knows no workflow.

Not here: decisions, and anything two vendors would share except ``adapters.http``.
"""
