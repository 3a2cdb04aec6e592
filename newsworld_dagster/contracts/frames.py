"""How a frame is held against its contract."""

from __future__ import annotations

import pandas as pd
import pandera.pandas as pa
from pandera.errors import ParserError, SchemaError, SchemaErrors


class ContractError(ValueError):
    """A frame does not meet the contract of the table that it was meant for."""


# Naive UTC to the microsecond, like TIMESTAMP. Pandera would coerce to nanoseconds, in which
# an absurd date of a publisher overflows; so `meet` converts these columns itself.
TIME = "datetime64[us]"
TEXT = pd.Series([], dtype=str).dtype


def column(dtype: object, *checks: pa.Check, nullable: bool = False, doc: str) -> pa.Column:
    """A documented pandera column; `doc` feeds the data dictionary."""
    if dtype == TIME:
        return pa.Column(None, list(checks), nullable=nullable, description=doc, metadata=_TIME)
    return pa.Column(dtype, list(checks), nullable=nullable, description=doc)


_TIME = {"type": TIME}


def contract(
    name: str, columns: dict[str, pa.Column], *, unique: list[str] | None = None, doc: str
) -> pa.DataFrameSchema:
    """The contract of one table: exactly these columns, in this order."""
    return pa.DataFrameSchema(
        columns, name=name, unique=unique, strict=True, coerce=True, ordered=False, description=doc
    )


def meet(schema: pa.DataFrameSchema, frame: pd.DataFrame) -> pd.DataFrame:
    """Return `frame` with the contract's columns, order and types.

    Raises
    ------
    ContractError
        With the table, the column, the rule and the first offending values.
    """
    times = [
        name
        for name, declared in schema.columns.items()
        if declared.metadata == _TIME and name in frame.columns
    ]
    try:
        frame = frame.assign(**{name: frame[name].astype(TIME) for name in times})
    except (TypeError, ValueError) as error:
        raise ContractError(
            f"The rows for table {schema.name} have something else than times in "
            f"{', '.join(times)}: {error}. Nothing was written."
        ) from error
    plain = _met(schema, frame)
    if plain is not None:
        return plain
    try:
        checked = schema.validate(frame, lazy=True)
    except SchemaErrors as error:
        cases = error.failure_cases
        found = "; ".join(
            f"{row.column or 'frame'} breaks {row.check} with {row.failure_case!r}"
            for row in cases.head(3).itertuples()
        )
        more = f" and {len(cases) - 3} more" if len(cases) > 3 else ""
        raise ContractError(
            f"The rows for table {schema.name} do not meet its contract: {found}{more}. "
            "Nothing was written."
        ) from error
    except SchemaError as error:
        raise ContractError(
            f"The rows for table {schema.name} do not meet its contract: {error}. "
            "Nothing was written."
        ) from error
    return checked[list(schema.columns)]


def _met(schema: pa.DataFrameSchema, frame: pd.DataFrame) -> pd.DataFrame | None:
    """What `schema.validate` makes of a frame that meets it; None for any that may not.

    Pandera spends milliseconds a column on being able to say what is wrong. Where nothing is, the
    same conversions and checks, called by themselves, take a tenth of that.
    """
    if len(frame.columns) != len(schema.columns) or set(frame.columns) != set(schema.columns):
        return None
    changed = {}
    for name, declared in schema.columns.items():
        values = frame[name]
        try:
            if declared.dtype is not None and not _has_type(values, declared):
                values = changed[name] = declared.dtype.try_coerce(values)
            if values.hasnans and not declared.nullable:
                return None
            if not all(check(values).check_passed for check in declared.checks):
                return None
        except (ParserError, AttributeError, TypeError, ValueError):
            return None
    met = frame.assign(**changed)[list(schema.columns)]
    return None if schema.unique and met.duplicated(schema.unique).any() else met


def _has_type(values: pd.Series, declared: pa.Column) -> bool:
    """Whether a column needs no conversion. Pandera turns text with gaps into objects."""
    if values.dtype == TEXT:
        return str(declared.dtype) == "str" and not values.hasnans
    return bool(values.dtype == declared.dtype.type)
