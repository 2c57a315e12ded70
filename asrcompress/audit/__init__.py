"""audit: a recipe's whole matrix, cached cell by cell, resumed, and summed up in one table."""

from asrcompress.audit.cost import plan_cost
from asrcompress.audit.request import AuditOutcome, AuditRequest
from asrcompress.audit.run import plan_of, recipe_titles, run

__all__ = ["AuditOutcome", "AuditRequest", "plan_cost", "plan_of", "recipe_titles", "run"]
