//! Partial dates as they come out.

use async_graphql::Value;
use async_graphql::dynamic::Object;
use read_model::time::{PartialDate, Precision};

use super::{Plain, text, with_plain};

const FIELDS: [Plain<PartialDate>; 8] = [
    ("text", "String!", "As it is written, with zeros for what is unknown: `2010-05-00`.", |date| text(date)),
    ("long", "String!", "In words, in Dutch: `17 mei 2010`, `mei 2010`, `2010`, `onbekend`.", |date| {
        text(date.in_words())
    }),
    ("year", "Int", "The year, where known.", |date| known(date.year())),
    ("month", "Int", "The month, where known.", |date| known(date.month())),
    ("day", "Int", "The day of the month, where known.", |date| known(date.day())),
    ("precision", "DatePrecision!", "How much of it is known.", |date| text(precision(date.precision()))),
    ("earliest", "Date!", "The first day that it may have been.", |date| text(date.earliest())),
    ("latest", "Date!", "The last day that it may have been.", |date| text(date.latest())),
];

pub(super) fn object() -> Object {
    with_plain(Object::new("PartialDate"), &FIELDS)
        .description("A date of which the day, the month, or everything may be unknown.")
}

fn known(part: Option<impl Into<Value>>) -> Value {
    part.map_or(Value::Null, Into::into)
}

const fn precision(precision: Precision) -> &'static str {
    match precision {
        Precision::Unknown => "UNKNOWN",
        Precision::Year => "YEAR",
        Precision::Month => "MONTH",
        Precision::Day => "DAY",
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::dynamic::{Field, FieldFuture, FieldValue, Schema, TypeRef};
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn a_partial_date_comes_out_with_what_is_known_of_it() {
        let date = Field::new("date", TypeRef::named("PartialDate"), |_| {
            FieldFuture::new(async {
                let date: PartialDate = "2010-02-00".parse()?;
                Ok(Some(FieldValue::owned_any(date)))
            })
        });
        let builder = super::super::register(Schema::build("Query", None, None));
        let schema = builder.register(Object::new("Query").field(date)).finish().unwrap();
        let answer = schema.execute("{ date { text long year month day precision earliest latest } }").await;
        assert_eq!(
            answer.data.into_json().unwrap()["date"],
            json!({
                "text": "2010-02-00", "long": "februari 2010", "year": 2010, "month": 2, "day": null,
                "precision": "MONTH", "earliest": "2010-02-01", "latest": "2010-02-28"
            })
        );
    }
}
