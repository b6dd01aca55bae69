"""What schemathesis is to write where a schema has a scalar of its own."""

import schemathesis
from hypothesis import strategies as st
from schemathesis.graphql import nodes

days = st.dates().map(lambda day: day.isoformat())
moments = st.datetimes().map(lambda moment: moment.isoformat() + "Z")
# A few, so that what is asked about may have been commanded before.
ids = st.integers(0, 9).map(lambda number: f"0190163d-8694-7000-8000-00000000000{number}")
parts = st.tuples(st.integers(0, 9999), st.integers(0, 13), st.integers(0, 32))
partial_days = parts.map(lambda part: "%04d-%02d-%02d" % part)

for scalar, values in {
    "UUID": ids | st.uuids().map(str),
    "Date": days,
    "DateTime": moments,
    "Moment": days | moments,
    "PartialDate": days | partial_days,
    "JSON": st.text(),
}.items():
    schemathesis.graphql.scalar(scalar, values.map(nodes.String))
