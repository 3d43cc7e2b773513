"""Great Expectations, and nothing of it but this: judging a table of numbers by a suite."""

import os
import warnings
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import msgspec

from jobs.engine.suites import Suite
from schemas.errors import MaidianError


def failing_rows(suite: Suite, rows: Sequence[Mapping[str, Any]]) -> list[list[int]]:
    """For each expectation of the suite, in its order, the rows that fail it.

    An expectation about the rows as a whole (a sum, say) fails with all of them.
    """
    import pandas as pd

    with warnings.catch_warnings():
        # Deprecations inside Great Expectations and what it imports; the tests turn warnings into errors.
        warnings.simplefilter("ignore")
        gx, asset = _start()
        expectations = [
            {**msgspec.to_builtins(expectation), "meta": {"index": index}}  # results come back in any order
            for index, expectation in enumerate(suite.expectations)
        ]
        batch = asset.get_batch(batch_parameters={"dataframe": pd.DataFrame(list(rows))})
        validated = batch.validate(gx.ExpectationSuite(suite.name, expectations), result_format="COMPLETE")
    failing: dict[int, list[int]] = {}
    for result in validated.results:
        index = result.expectation_config.meta["index"]
        if not result.success and not result.result:  # it could not even be evaluated
            raise MaidianError(
                f"schemas/expectations/{suite.name}.json: {suite.expectations[index].type} on "
                f"{suite.expectations[index].metric} cannot be evaluated: {result.exception_info}"
            )
        failing[index] = [] if result.success else result.result.get("unexpected_index_list", [*range(len(rows))])
    return [failing[index] for index in range(len(suite.expectations))]


@cache
def _start() -> tuple[Any, Any]:
    """The module and the one thing we ask of its context, made once a process: importing takes seconds."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "False")  # nothing of ours leaves the machine
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("metrics").add_dataframe_asset("metrics")
    return gx, asset.add_batch_definition_whole_dataframe("partitions")
