"""Great Expectations, and nothing of it but this: judging a table of numbers by a suite."""

import logging
import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec

from jobs.engine.suites import Suite
from schemas.errors import MaidianError


def failing_rows(suite: Suite, rows: Sequence[Mapping[str, Any]]) -> list[list[int]]:
    """For each expectation of the suite, in its order, the rows that fail it.

    An expectation about the rows as a whole (a sum, say) fails with all of them.
    """
    with warnings.catch_warnings():
        # Deprecations inside Great Expectations and what it imports; the tests turn warnings into errors.
        warnings.simplefilter("ignore")
        # Yes or no first: finding the rows doubles the time, and there seldom are any.
        results = _validate(suite, range(len(suite.expectations)), rows, "BOOLEAN_ONLY")
        failed = [index for index, result in results.items() if not result.success]
        failing = _validate(suite, failed, rows, "COMPLETE") if failed else {}
    for index, result in failing.items():
        if not result.success and not result.result:
            expectation = suite.expectations[index]
            raise MaidianError(
                f"schemas/expectations/{suite.name}.json: {expectation.type} on {expectation.metric} cannot be "
                f"evaluated: {result.exception_info}"
            )
    every_row = list(range(len(rows)))
    return [
        failing[index].result.get("unexpected_index_list", every_row) if index in failing else []
        for index in range(len(suite.expectations))
    ]


def _validate(
    suite: Suite, indices: Iterable[int], rows: Sequence[Mapping[str, Any]], result_format: str
) -> dict[int, Any]:
    """The result of each expectation, by its index in the suite: they come back in any order."""
    import pandas as pd

    gx, partitions = _start()
    expectations = [{**msgspec.to_builtins(suite.expectations[index]), "meta": {"index": index}} for index in indices]
    batch = partitions.get_batch(batch_parameters={"dataframe": pd.DataFrame(list(rows))})
    validated = batch.validate(gx.ExpectationSuite(suite.name, expectations), result_format=result_format)
    return {result.expectation_config.meta["index"]: result for result in validated.results}


@cache
def _start() -> tuple[Any, Any]:
    """The module and the one thing we ask of its context, made once a process: importing takes seconds."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "False")  # nothing of ours leaves the machine
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    # It sets its own level while imported, to tell of a temporary folder that it removes at once.
    logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.WARNING)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("metrics").add_dataframe_asset("metrics")
    return gx, asset.add_batch_definition_whole_dataframe("partitions")
