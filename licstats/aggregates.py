"""Sums of licenses that PostgreSQL makes fast, and what keeps them exact."""

from __future__ import annotations

from django.db.models import Sum

# No license server has more licenses of anything, and nine million rows of so many fit into a bigint. What a tool
# prints beyond it is stored as this.
LARGEST = 10**12


class WholeSum(Sum):
    """The sum of columns that hold up to LARGEST, as int; see the migration `whole_sum`."""

    function = "WHOLE_SUM"
