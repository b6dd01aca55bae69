//! By what objects are searched: parts of their fields, and what of them is kept to find them by.
//!
//! Whoever ever had a value got it through an event whose data state it. So the data of events tell whom to look at, and
//! folding those tells which of them have it at the moments asked.

use std::sync::Arc;

use serde_json::Value;
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::config::{Config, MatchConfig, SearchConfig};
use super::field_path::FieldPath;
use super::model::{Catalogue, EventType, ObjectType};
use super::problem::Report;
use super::shape::Shape;
use crate::event::{Event, ObjectId, Position};
use crate::hashed::IndexMap;
use crate::time::{PartialDate, PartialDateError, Precision};

/// The longest term, in characters: what finds a person has fewer, and an index takes no text of any length.
const MAX_TERM: usize = 200;

/// Something by which objects of a type are searched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// Its name.
    pub name: Arc<str>,
    /// What it is.
    pub description: Option<Arc<str>>,
    /// The name of its index: `Persoon.geslachtsnaam`.
    pub index: Arc<str>,
    /// The field, or the part of it, that is compared.
    pub path: FieldPath,
    /// How it is compared.
    pub matching: Matching,
}

/// How a value is compared with what is sought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matching {
    /// The same text, but for capitals and accents.
    Exact,
    /// It begins with the text, but for capitals and accents.
    Prefix,
    /// A date that may be the one sought, whichever of them is uncertain; one of which nothing is known only where
    /// that is sought.
    Date,
}

/// What is sought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sought {
    /// This term.
    Term(String),
    /// Terms that begin so.
    Prefix(String),
    /// A date that may be this one.
    Date(PartialDate),
}

/// Which terms of an index lead to what is sought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// These terms.
    pub exact: Vec<String>,
    /// And those from the first text up to, and without, the second.
    pub between: (String, String),
}

/// A term by which an event may let an object be found: a row of the derived index.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SearchTerm {
    /// The name of the index.
    pub search: Arc<str>,
    /// The term.
    pub term: String,
    /// The object.
    pub object: ObjectId,
    /// The event.
    pub position: Position,
}

/// Why nothing can be sought by a text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SoughtError {
    /// It has no letter or digit.
    #[error("nothing is left to search by; write at least one letter or digit")]
    Empty,
    /// It is longer than anything that is kept.
    #[error("nothing that is searched has more than {MAX_TERM} characters; shorten it")]
    Long,
    /// It is no date.
    #[error(transparent)]
    Date(#[from] PartialDateError),
}

impl Search {
    /// What a text seeks.
    ///
    /// # Errors
    /// [`SoughtError`].
    pub fn sought(&self, text: &str) -> Result<Sought, SoughtError> {
        if self.matching == Matching::Date {
            return Ok(Sought::Date(text.parse()?));
        }
        let term = term(text);
        if term.is_empty() {
            return Err(SoughtError::Empty);
        }
        if term.chars().count() > MAX_TERM {
            return Err(SoughtError::Long);
        }
        Ok(if self.matching == Matching::Prefix { Sought::Prefix(term) } else { Sought::Term(term) })
    }

    /// Whether the value of the field has what is sought.
    #[must_use]
    pub fn finds(&self, value: &Value, sought: &Sought) -> bool {
        self.path.parts(value).into_iter().filter_map(Value::as_str).any(|text| match sought {
            Sought::Term(wanted) => term(text) == *wanted,
            Sought::Prefix(wanted) => term(text).starts_with(wanted),
            Sought::Date(wanted) => text.parse().is_ok_and(|date| may_be(date, *wanted)),
        })
    }
}

impl Sought {
    /// Which terms lead to it.
    #[must_use]
    pub fn terms(&self) -> Terms {
        let nothing = || (String::new(), String::new());
        match self {
            Self::Term(term) => Terms { exact: vec![term.clone()], between: nothing() },
            Self::Prefix(prefix) => Terms { exact: Vec::new(), between: beginning_with(prefix) },
            Self::Date(date) => {
                let text = date.to_string();
                let (year, month) = (&text[..4], &text[..7]);
                match date.precision() {
                    Precision::Unknown => Terms { exact: vec![text], between: nothing() },
                    Precision::Year => Terms { exact: Vec::new(), between: beginning_with(year) },
                    Precision::Month => {
                        Terms { exact: vec![format!("{year}-00-00")], between: beginning_with(month) }
                    }
                    Precision::Day => {
                        let exact = vec![format!("{year}-00-00"), format!("{month}-00"), text];
                        Terms { exact, between: nothing() }
                    }
                }
            }
        }
    }
}

/// The terms that begin so: up to the first text after all of them, in the order of bytes.
fn beginning_with(prefix: &str) -> (String, String) {
    (prefix.to_owned(), format!("{prefix}{}", char::MAX))
}

fn may_be(date: PartialDate, wanted: PartialDate) -> bool {
    match (date.precision(), wanted.precision()) {
        (Precision::Unknown, _) | (_, Precision::Unknown) => date == wanted,
        _ => date.earliest() <= wanted.latest() && wanted.earliest() <= date.latest(),
    }
}

/// A text as it is compared: without capitals, accents, and space around it.
fn term(text: &str) -> String {
    text.trim().nfd().filter(|letter| !is_combining_mark(*letter)).flat_map(char::to_lowercase).collect()
}

impl Catalogue {
    /// The terms by which a claim or an amend may let objects be found.
    #[must_use]
    pub fn search_terms(&self, event: &Event) -> Vec<SearchTerm> {
        let searched =
            |of: &ObjectType, field: &str| of.searches.values().any(|search| **search.path.field() == *field);
        let mut found = Vec::new();
        for given in self.given(event, searched) {
            let searches = given.object_type.searches.values();
            for search in searches.filter(|search| **search.path.field() == *given.field) {
                for text in search.path.parts(&given.value).into_iter().filter_map(Value::as_str) {
                    let term: String = term(text).chars().take(MAX_TERM).collect();
                    found.extend(given.objects.iter().map(|object| SearchTerm {
                        search: Arc::clone(&search.index),
                        term: term.clone(),
                        object: *object,
                        position: event.position,
                    }));
                }
            }
        }
        found
    }

    /// The name of everything that is searched and how: an index that was built for another finds less, or other things.
    #[must_use]
    pub fn search_definition(&self) -> String {
        let mut hash = Sha256::new();
        for search in self.object_types.values().flat_map(|of| of.searches.values()) {
            hash.update(format!("{} {} {:?}\n", search.index, search.path, search.matching));
        }
        // What events say is read by their upcasts and effects: where these change, so may what they say.
        for event_type in self.event_types.values() {
            for effect in &event_type.effects {
                let value = effect.action.given().map(|value| Arc::clone(value.source())).unwrap_or_default();
                hash.update(format!("{} {} {} {value}\n", event_type.name, effect.role, effect.field));
            }
            for version in event_type.versions.values() {
                let upcast =
                    version.upcast.as_ref().map(|upcast| Arc::clone(upcast.source())).unwrap_or_default();
                hash.update(format!("{} {} {upcast}\n", event_type.name, version.name));
            }
        }
        format!("{:x}", hash.finalize())
    }
}

/// Adds the searches to the object types, once all event types are known.
pub(super) fn compile_searches(
    config: &Config,
    object_types: &mut IndexMap<Arc<str>, ObjectType>,
    event_types: &IndexMap<Arc<str>, EventType>,
    report: &mut Report,
) {
    for (name, object_config) in &config.object_types {
        let Some(object_type) = object_types.get(name.as_str()) else { continue };
        let compile = |(search, config): (&String, &SearchConfig)| {
            let at = ["object_types".into(), name.as_str().into(), "search".into(), search.as_str().into()];
            let compiled =
                report.within(at, |report| compile(object_type, search, config, event_types, report));
            compiled.map(|compiled| (Arc::clone(&compiled.name), compiled))
        };
        let searches = object_config.search.iter().filter_map(compile).collect();
        if let Some(object_type) = object_types.get_mut(name.as_str()) {
            object_type.searches = searches;
        }
    }
}

fn compile(
    object_type: &ObjectType,
    name: &str,
    config: &SearchConfig,
    event_types: &IndexMap<Arc<str>, EventType>,
    report: &mut Report,
) -> Option<Search> {
    super::compile::check_field_name(name, report);
    let (path, shape) =
        report.within(["field".into()], |report| FieldPath::parse(&config.field, object_type, report))?;
    let matching = match (shape, config.matching) {
        (Shape::PartialDate, None) => Matching::Date,
        (Shape::Text | Shape::Choice(_), None | Some(MatchConfig::Exact)) => Matching::Exact,
        (Shape::Text, Some(MatchConfig::Prefix)) => Matching::Prefix,
        _ => {
            report.say("a text is searched by `match: exact` or `match: prefix`, a date without `match`, and nothing else is searched");
            return None;
        }
    };
    for event_type in event_types.values() {
        for effect in &event_type.effects {
            let role = event_type.roles.get(&effect.role);
            let gives = role.is_some_and(|role| role.object_type == object_type.name)
                && effect.field == *path.field()
                && effect.action.given().is_some();
            if gives && effect.reads_state {
                let wrong = format!(
                    "`{path}` is searched, and so follows from the data of its events alone; `{}` computes it from the state of objects",
                    event_type.name
                );
                report.within(["field".into()], |report| report.say(wrong));
            }
        }
    }
    Some(Search {
        name: name.into(),
        description: config.description.as_deref().map(Arc::from),
        index: format!("{}.{name}", object_type.name).into(),
        path,
        matching,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> PartialDate {
        text.parse().unwrap()
    }

    #[test]
    fn capitals_and_accents_make_no_difference() {
        assert_eq!(term(" Béamont "), "beamont");
        assert_eq!(term("ÇELİK"), "celik");
    }

    #[test]
    fn a_date_is_found_by_every_date_that_it_may_be() {
        assert!(may_be(date("1985-12-00"), date("1985-12-01")));
        assert!(may_be(date("1985-12-01"), date("1985-00-00")));
        assert!(!may_be(date("1985-12-01"), date("1986-00-00")));
        assert!(!may_be(date("0000-00-00"), date("1985-12-01")));
        assert!(may_be(date("0000-00-00"), date("0000-00-00")));
    }

    #[test]
    fn the_terms_of_a_date_lead_to_every_date_that_may_be_it() {
        let dates = ["1985-12-01", "1985-12-00", "1985-00-00", "1985-11-30", "1986-00-00", "0000-00-00"];
        for sought in dates {
            let Terms { exact, between } = Sought::Date(date(sought)).terms();
            for kept in dates {
                let led = exact.iter().any(|term| term == kept)
                    || (between.0.as_str() <= kept && kept < between.1.as_str());
                assert!(led || !may_be(date(kept), date(sought)), "{sought} does not lead to {kept}");
            }
        }
    }
}
