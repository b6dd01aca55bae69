//! Partial dates as they come out.

use async_graphql::Value;
use async_graphql::dynamic::{Object, TypeRef};
use read_model::time::{PartialDate, Precision};

use super::plain;

pub(super) fn object() -> Object {
    let int = || TypeRef::named(TypeRef::INT);
    let day = || TypeRef::named_nn("Date");
    Object::new("PartialDate")
        .description("A date of which the day, the month, or everything may be unknown.")
        .field(plain(
            "text",
            TypeRef::named_nn(TypeRef::STRING),
            "As it is written, with zeros for what is unknown: `2010-05-00`.",
            text,
        ))
        .field(plain(
            "year",
            int(),
            "The year, where known.",
            |date: &PartialDate| date.year().map_or(Value::Null, Value::from),
        ))
        .field(plain(
            "month",
            int(),
            "The month, where known.",
            |date: &PartialDate| date.month().map_or(Value::Null, Value::from),
        ))
        .field(plain(
            "day",
            int(),
            "The day of the month, where known.",
            |date: &PartialDate| date.day().map_or(Value::Null, Value::from),
        ))
        .field(plain(
            "precision",
            TypeRef::named_nn("DatePrecision"),
            "How much of it is known.",
            precision,
        ))
        .field(plain(
            "earliest",
            day(),
            "The first day that it may have been.",
            |date: &PartialDate| Value::String(date.earliest().to_string()),
        ))
        .field(plain(
            "latest",
            day(),
            "The last day that it may have been.",
            |date: &PartialDate| Value::String(date.latest().to_string()),
        ))
}

fn text(date: &PartialDate) -> Value {
    Value::String(date.to_string())
}

fn precision(date: &PartialDate) -> Value {
    let name = match date.precision() {
        Precision::Unknown => "UNKNOWN",
        Precision::Year => "YEAR",
        Precision::Month => "MONTH",
        Precision::Day => "DAY",
    };
    Value::String(name.to_owned())
}
