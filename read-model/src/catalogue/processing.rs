//! `processing` of the config: whose data are processed, and as part of which activities.

use std::sync::Arc;

use indexmap::IndexMap;

use super::config::{Config, ProcessingConfig};
use super::problem::{Report, one_of};

/// Whose data are processed here, and as part of which processing activities.
#[derive(Debug, PartialEq, Eq)]
pub struct Processing {
    /// The object types that are persons.
    pub subjects: Vec<Arc<str>>,
    /// The processing activities by their names here: where each stands in the register, as a URI.
    pub activities: IndexMap<Arc<str>, Arc<str>>,
    /// The URI of the activity that reading is part of, unless a view says otherwise.
    pub read: Arc<str>,
    /// The URI of the activity that registering is part of, unless an event type says otherwise.
    pub write: Arc<str>,
    /// The URI of the activity that looking into the processing log is part of.
    pub inspect: Arc<str>,
}

impl Processing {
    /// Whether objects of this type are persons.
    #[must_use]
    pub fn is_subject(&self, object_type: &str) -> bool {
        self.subjects.iter().any(|subject| **subject == *object_type)
    }

    /// The URI of the activity with this name, or of the one that has this URI.
    #[must_use]
    pub fn activity(&self, named: &str) -> Option<&Arc<str>> {
        self.activities.get(named).or_else(|| self.activities.values().find(|uri| ***uri == *named))
    }
}

/// Checks what the config says, and compiles it.
pub(super) fn compile_processing(config: &Config, report: &mut Report) -> Option<Processing> {
    let written = config.processing.as_ref()?;
    Some(report.within(["processing".into()], |report| {
        check(written, config, report);
        let activity = |key: &'static str, name: &str, report: &mut Report| {
            report.within([key.into()], |report| activity(written, name, report))
        };
        Processing {
            subjects: written.subjects.iter().map(|name| name.as_str().into()).collect(),
            activities: written
                .activities
                .iter()
                .map(|(name, uri)| (name.as_str().into(), uri.as_str().into()))
                .collect(),
            read: activity("read", &written.read, report),
            write: activity("write", &written.write, report),
            inspect: activity("inspect", &written.inspect, report),
        }
    }))
}

/// The activity that an event type names; none where it names none.
pub(super) fn activity_of_event_type(
    config: &Config,
    named: Option<&str>,
    report: &mut Report,
) -> Option<Arc<str>> {
    let named = named?;
    report.within(["processing".into()], |report| match &config.processing {
        Some(written) => Some(activity(written, named, report)),
        None => {
            report.say("there is no `processing` in this file, in which activities are named; state it, or leave this out");
            None
        }
    })
}

fn activity(written: &ProcessingConfig, name: &str, report: &mut Report) -> Arc<str> {
    let Some(uri) = written.activities.get(name) else {
        let there = one_of(name, written.activities.keys().map(String::as_str));
        report.say(format!("no processing activity is named `{name}`; {there}"));
        return name.into();
    };
    uri.as_str().into()
}

fn check(written: &ProcessingConfig, config: &Config, report: &mut Report) {
    for (index, name) in
        written.subjects.iter().enumerate().filter(|(_, name)| !config.object_types.contains_key(*name))
    {
        report.within(["subjects".into(), index.into()], |report| {
            let there = one_of(name, config.object_types.keys().map(String::as_str));
            report.say(format!("no object type is named `{name}`; {there}"));
        });
    }
    for (name, uri) in written.activities.iter().filter(|(_, uri)| !is_uri(uri)) {
        report.within(["activities".into(), name.as_str().into()], |report| {
            report.say(format!("`{uri}` is no URI such as https://www.example.org/register/aangifte; write where the activity stands in the register"));
        });
    }
}

/// Whether it has a scheme and something behind it (RFC 3986), and could stand in a header.
fn is_uri(text: &str) -> bool {
    let scheme = |scheme: &str| {
        scheme.starts_with(|char: char| char.is_ascii_alphabetic())
            && scheme.chars().all(|char| char.is_ascii_alphanumeric() || "+-.".contains(char))
    };
    let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
    visible && text.split_once(':').is_some_and(|(before, after)| scheme(before) && !after.is_empty())
}

#[cfg(test)]
mod tests {
    use crate::catalogue::testing::shipped_with;

    #[test]
    fn who_is_a_person_is_an_object_type() {
        let error = shipped_with("  subjects: [Persoon]", "  subjects: [Persoo]").unwrap_err();
        assert!(error.contains("no object type is named `Persoo`"), "{error}");
    }

    #[test]
    fn an_activity_is_one_of_those_that_are_named_and_has_a_place_in_the_register() {
        let error = shipped_with("  read: verstrekking", "  read: verstrekken").unwrap_err();
        assert!(error.contains("no processing activity is named `verstrekken`"), "{error}");
        for wrong in ["the register", ":x", "https:", "1http://x"] {
            let uri = "https://www.zonnendaal.example/verwerkingen/verstrekking-burgerlijke-stand";
            let error = shipped_with(uri, &format!("{wrong:?}")).unwrap_err();
            assert!(error.contains("is no URI such as"), "{wrong}: {error}");
        }
    }

    #[test]
    fn an_activity_is_known_by_its_name_and_by_its_uri() {
        let catalogue = shipped_with("  subjects: [Persoon]", "  subjects: [Persoon]").unwrap();
        let processing = catalogue.processing.unwrap();
        assert_eq!(processing.activity("verstrekking"), Some(&processing.read));
        assert_eq!(processing.activity(&processing.read), Some(&processing.read));
        assert_eq!(processing.activity("iets anders"), None);
    }
}
