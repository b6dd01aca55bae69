//! YAML with its line numbers kept, so that every mistake can be shown where it stands.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_saphyr::Spanned;

/// A YAML document: values as JSON, lines by path.
#[derive(Debug)]
pub(super) struct Document {
    root: Node,
}

/// A step into a document: a key, or an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A mapping's key.
    Key(String),
    /// A sequence's index, from 0.
    Index(usize),
}

impl From<&str> for Step {
    fn from(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}

impl From<usize> for Step {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

/// A text that is no YAML: what is wrong, and on which line (from 1).
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(super) struct SyntaxError {
    /// The line, from 1; 0 where unknown.
    pub(super) line: u64,
    /// What is wrong.
    pub(super) message: String,
}

/// How much may stand in a document through aliases, which name what stands elsewhere: a few that name each other could
/// make billions. The shipped configs have none.
const MAX_REPEATED: usize = 10_000;

impl Document {
    /// Reads YAML 1.2 as people mean it: `no` is a text, and `0599` is a text too.
    ///
    /// # Errors
    /// [`SyntaxError`] where the text is no YAML.
    pub(super) fn parse(text: &str) -> Result<Self, SyntaxError> {
        let options = serde_saphyr::options! {
            strict_booleans: true,
            leading_zero_numbers_as_strings: true,
            alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MAX_REPEATED },
        };
        serde_saphyr::from_str_with_options::<Spanned<Node>>(text, options)
            .map(|node| Self { root: Node { line: 1, ..node.value } })
            .map_err(|error| SyntaxError {
                line: error.location().map_or(0, |location| location.line()),
                message: first_line(&error.without_snippet().to_string()),
            })
    }

    /// The document as JSON.
    #[must_use]
    pub(super) fn to_json(&self) -> Value {
        self.root.to_json()
    }

    /// The line (from 1) of the deepest existing node on this path.
    #[must_use]
    pub(super) fn line(&self, path: &[Step]) -> u64 {
        let mut node = &self.root;
        for step in path {
            match node.child(step) {
                Some(child) => node = child,
                None => break,
            }
        }
        node.line
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

#[derive(Debug)]
struct Node {
    line: u64,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Scalar(Value),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl Node {
    fn child(&self, step: &Step) -> Option<&Self> {
        match (&self.content, step) {
            (Content::Map(entries), Step::Key(key)) => entries.iter().find(|(k, _)| k == key).map(|(_, v)| v),
            (Content::List(items), Step::Index(index)) => items.get(*index),
            (Content::Scalar(_) | Content::List(_) | Content::Map(_), _) => None,
        }
    }

    fn to_json(&self) -> Value {
        match &self.content {
            Content::Scalar(value) => value.clone(),
            Content::List(items) => items.iter().map(Self::to_json).collect(),
            Content::Map(entries) => {
                Value::Object(entries.iter().map(|(key, node)| (key.clone(), node.to_json())).collect())
            }
        }
    }

    fn of(spanned: Spanned<Self>) -> Self {
        Self { line: spanned.defined.line(), content: spanned.value.content }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

fn scalar<E>(value: impl Into<Value>) -> Result<Node, E> {
    Ok(Node { line: 0, content: Content::Scalar(value.into()) })
}

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        scalar(value)
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        scalar(value)
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        scalar(value)
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        scalar(value)
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        scalar(value)
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        scalar(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        scalar(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element::<Spanned<Node>>()? {
            items.push(Node::of(item));
        }
        Ok(Node { line: 0, content: Content::List(items) })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = access.next_key::<Spanned<String>>()? {
            let mut node = Node::of(access.next_value::<Spanned<Node>>()?);
            node.line = key.defined.line();
            entries.push((key.value, node));
        }
        Ok(Node { line: 0, content: Content::Map(entries) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_its_line() {
        let document = Document::parse("a:\n  b:\n    - one\n    - c: 0599\n      d: no\n").unwrap();
        let line = |path: &[Step]| document.line(path);
        assert_eq!(line(&["a".into(), "b".into(), 1.into(), "d".into()]), 5);
        assert_eq!(line(&["a".into(), "missing".into()]), 1);
        assert_eq!(document.to_json()["a"]["b"][1]["c"], "0599");
        assert_eq!(document.to_json()["a"]["b"][1]["d"], "no");
    }

    #[test]
    fn what_is_no_yaml_says_on_which_line() {
        let error = Document::parse("a: 1\nb: [1, 2\nc: 3\n").unwrap_err();
        assert!(error.line >= 2, "{error:?}");
    }
}
