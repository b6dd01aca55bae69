//! What a document asks, found by expanding everything and remembering nothing.

use std::collections::{BTreeSet, HashSet};

use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};

/// What there is of each thing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Total {
    pub(super) fields: u64,
    pub(super) aliases: u64,
    pub(super) directives: u64,
    pub(super) depth: u64,
}

/// What a document asks.
#[derive(Debug, Default)]
pub(super) struct Asks {
    /// The most that one operation, or one fragment by itself, asks of each thing.
    pub(super) most: Total,
    /// The most fields at the root of one operation.
    pub(super) root_fields: u64,
    pub(super) introspects: bool,
    pub(super) only_introspects: bool,
    /// The fragments that come to themselves.
    pub(super) circles: BTreeSet<String>,
}

/// A field, or a spread of no fragment, as it is met.
struct Met {
    name: String,
    at_root: bool,
}

/// One walk through all that is expanded.
struct Walk<'a> {
    document: &'a ExecutableDocument,
    total: Total,
    met: Vec<Met>,
    circles: BTreeSet<String>,
    /// The fragments that are being expanded, the outermost first.
    way: Vec<String>,
}

impl Asks {
    pub(super) fn of(document: &ExecutableDocument) -> Self {
        let mut asks = Self { only_introspects: true, ..Self::default() };
        for (_, operation) in document.operations.iter() {
            let operation = &operation.node;
            let mut walk = Walk::of(document);
            walk.set(&operation.selection_set.node, 1, true);
            walk.total.directives += operation.directives.len() as u64;
            let variables = operation.variable_definitions.iter();
            walk.total.directives +=
                variables.map(|variable| variable.node.directives.len() as u64).sum::<u64>();
            let roots = || walk.met.iter().filter(|met| met.at_root);
            asks.root_fields = asks.root_fields.max(roots().count() as u64);
            asks.only_introspects &= roots().all(|met| met.name.starts_with("__"));
            asks.take(walk);
        }
        for (name, fragment) in &document.fragments {
            let mut walk = Walk::of(document);
            walk.way.push(name.to_string());
            walk.total.directives += fragment.node.directives.len() as u64;
            walk.set(&fragment.node.selection_set.node, 1, true);
            asks.take(walk);
        }
        asks
    }

    fn take(&mut self, walk: Walk<'_>) {
        let (most, total) = (&mut self.most, walk.total);
        most.fields = most.fields.max(total.fields);
        most.aliases = most.aliases.max(total.aliases);
        most.directives = most.directives.max(total.directives);
        most.depth = most.depth.max(total.depth);
        self.introspects |= walk.met.iter().any(|met| met.name == "__schema" || met.name == "__type");
        self.circles.extend(walk.circles);
    }
}

impl<'a> Walk<'a> {
    fn of(document: &'a ExecutableDocument) -> Self {
        Self { document, total: Total::default(), met: Vec::new(), circles: BTreeSet::new(), way: Vec::new() }
    }

    fn set(&mut self, set: &SelectionSet, level: u64, at_root: bool) {
        self.total.depth = self.total.depth.max(level);
        for item in &set.items {
            self.total.directives += item.node.directives().len() as u64;
            match &item.node {
                Selection::Field(field) => {
                    self.total.aliases += u64::from(field.node.alias.is_some());
                    self.field(field.node.name.node.to_string(), at_root);
                    if !field.node.selection_set.node.items.is_empty() {
                        self.set(&field.node.selection_set.node, level + 1, false);
                    }
                }
                Selection::InlineFragment(inline) => {
                    self.set(&inline.node.selection_set.node, level + 1, at_root);
                }
                Selection::FragmentSpread(spread) => {
                    self.spread(&spread.node.fragment_name.node, level + 1, at_root);
                }
            }
        }
    }

    fn field(&mut self, name: String, at_root: bool) {
        self.total.fields += 1;
        self.met.push(Met { name, at_root });
    }

    fn spread(&mut self, name: &str, level: u64, at_root: bool) {
        let Some(fragment) = self.document.fragments.get(name) else {
            // What does not exist is taken for a field.
            return self.field(format!("...{name}"), at_root);
        };
        if let Some(begun) = self.way.iter().position(|other| other == name) {
            self.circles.extend(self.way[begun..].iter().cloned());
            return;
        }
        self.total.directives += fragment.node.directives.len() as u64;
        self.way.push(name.to_owned());
        self.set(&fragment.node.selection_set.node, level, at_root);
        self.way.pop();
    }
}

/// How deep brackets stand in each other.
pub(super) fn brackets(tokens: &[String]) -> u64 {
    let (mut open, mut most) = (0_u64, 0);
    for token in tokens {
        match token.as_str() {
            "{" | "[" | "(" => open += 1,
            "}" | "]" | ")" => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
    }
    most
}

/// Whether a name is given twice in the same arguments, variables or object.
pub(super) fn repeated_name(tokens: &[String]) -> bool {
    // The names in each open bracket; none in lists, and in selection sets, where names may stand twice.
    let mut open: Vec<(&str, Option<HashSet<&str>>)> = Vec::new();
    for (place, token) in tokens.iter().enumerate() {
        let within = open.last().map(|(bracket, names)| (*bracket, names.is_some()));
        match (token.as_str(), within) {
            ("[", _) => open.push(("[", None)),
            ("{", None | Some(("{", false))) => open.push(("{", None)),
            (bracket @ ("(" | "{"), _) => open.push((bracket, Some(HashSet::new()))),
            (")" | "]" | "}", _) => drop(open.pop()),
            (name, _) if tokens.get(place + 1).is_some_and(|next| next == ":") && is_word(name) => {
                if let Some((_, Some(names))) = open.last_mut()
                    && !names.insert(name)
                {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}

fn is_word(token: &str) -> bool {
    token.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_' || first == '-')
}
