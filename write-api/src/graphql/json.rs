//! From what GraphQL hands over to the JSON that a format judges.
//!
//! Only what GraphQL itself says is settled here: null for a field that may be absent is absence, one value for a list is a list of one, and an `Int` has 32 bits.
//! All else is for the format to refuse, with the value, the rule and the remedy.

use async_graphql::Value as Given;
use read_model::catalogue::{Catalogue, Shape};
use serde_json::Value;

use super::fields::InputError;

/// The data of a claim or an amend as JSON.
pub(super) fn data(
    catalogue: &Catalogue,
    shape: &Shape,
    given: Given,
    path: &[String],
) -> Result<Value, InputError> {
    Converter { catalogue, path: path.to_vec() }.convert(Some(shape), given)
}

struct Converter<'a> {
    catalogue: &'a Catalogue,
    path: Vec<String>,
}

impl Converter<'_> {
    /// `shape` is absent where the format knows nothing of the value.
    fn convert(&mut self, shape: Option<&Shape>, given: Given) -> Result<Value, InputError> {
        let shape = shape.map(|shape| self.catalogue.structure(shape));
        match (shape, given) {
            (_, Given::Null) => Ok(Value::Null),
            (shape, Given::List(items)) => self.list(shape, items),
            (Some(Shape::List(_)), single) => self.list(shape, vec![single]),
            (shape, Given::Object(fields)) => self.object(shape, fields),
            (Some(Shape::Integer), Given::Number(number)) if !fits(&number) => {
                let wrong = format!(
                    "{number} is not a whole number of 32 bits; it lies between -2147483648 and 2147483647"
                );
                Err(InputError::new(&self.path, wrong))
            }
            (_, Given::Number(number)) => Ok(Value::Number(number)),
            (_, Given::Boolean(flag)) => Ok(Value::Bool(flag)),
            (_, Given::String(text)) => Ok(Value::String(text)),
            (_, Given::Enum(word)) => Ok(Value::String(word.to_string())),
            (_, Given::Binary(_)) => {
                Err(InputError::new(&self.path, "an upload is no value here; send JSON"))
            }
        }
    }

    fn list(&mut self, shape: Option<&Shape>, items: Vec<Given>) -> Result<Value, InputError> {
        let item = if let Some(Shape::List(item)) = shape { Some(&**item) } else { None };
        let convert = |(index, given): (usize, Given)| self.at(&index.to_string(), item, given);
        items.into_iter().enumerate().map(convert).collect::<Result<_, _>>().map(Value::Array)
    }

    fn object(
        &mut self,
        shape: Option<&Shape>,
        fields: impl IntoIterator<Item = (async_graphql::Name, Given)>,
    ) -> Result<Value, InputError> {
        let mut object = serde_json::Map::new();
        for (name, given) in fields {
            let property = shape.and_then(|shape| shape.property(&name));
            let optional = property.is_some_and(|property| !property.required);
            if optional && given == Given::Null {
                continue;
            }
            let value = self.at(&name, property.map(|property| &property.shape), given)?;
            object.insert(name.to_string(), value);
        }
        Ok(Value::Object(object))
    }

    fn at(&mut self, step: &str, shape: Option<&Shape>, given: Given) -> Result<Value, InputError> {
        self.path.push(step.to_owned());
        let value = self.convert(shape, given)?;
        self.path.pop();
        Ok(value)
    }
}

fn fits(number: &serde_json::Number) -> bool {
    number.as_i64().is_some_and(|number| i32::try_from(number).is_ok())
}

#[cfg(test)]
mod tests {
    use async_graphql::value;
    use serde_json::json;

    use super::*;
    use crate::testing::shipped;

    fn converted(event_type: &str, given: Given) -> Result<Value, String> {
        let catalogue = shipped();
        let shape = catalogue.event_types[event_type].current().format.shape();
        data(&catalogue, shape, given, &["input".into(), "data".into()]).map_err(|error| error.to_string())
    }

    #[test]
    fn null_for_what_may_be_absent_is_absence_and_for_what_may_not_it_stays() {
        let given = value!({ "kind": null, "datum": "2026-01-01", "naam": { "voornamen": null, "geslachtsnaam": "Maas" } });
        let wanted = json!({ "kind": null, "datum": "2026-01-01", "naam": { "geslachtsnaam": "Maas" } });
        assert_eq!(converted("Geboorte", given), Ok(wanted));
    }

    #[test]
    fn one_value_for_a_list_is_a_list_of_one() {
        let given = value!({ "personen": "a", "adres": "b" });
        assert_eq!(converted("Verhuizing", given), Ok(json!({ "personen": ["a"], "adres": "b" })));
    }

    #[test]
    fn what_the_format_does_not_know_is_kept_for_it_to_refuse() {
        let given = value!({ "bogus": { "deep": [1, null] }, "naam": "zzz" });
        let wanted = json!({ "bogus": { "deep": [1, null] }, "naam": "zzz" });
        assert_eq!(converted("Geboorte", given), Ok(wanted));
    }

    #[test]
    fn an_int_has_32_bits() {
        let catalogue = shipped();
        let convert = |given| data(&catalogue, &Shape::Integer, given, &["input".into()]);
        assert_eq!(convert(value!(2_147_483_647)), Ok(json!(2_147_483_647)));
        assert!(convert(value!(2_147_483_648_i64)).unwrap_err().to_string().contains("32 bits"));
    }
}
