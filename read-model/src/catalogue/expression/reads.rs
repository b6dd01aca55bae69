//! What an expression reads, found in its syntax tree before it ever runs.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cel::IdedExpr;
use cel::common::ast::{ComprehensionExpr, EntryExpr, Expr};

/// The variables that an expression reads, and the members of each.
///
/// `persoon.bsn == null` reads member `bsn` of `persoon`; so does `personen.all(p, p.bsn == null)` of `personen`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    members: BTreeMap<String, BTreeSet<String>>,
}

/// The names that a comprehension variable stands for; none where it ranges over something computed.
type Aliases = HashMap<String, Vec<String>>;

impl Reads {
    pub(super) fn of(expression: &IdedExpr) -> Self {
        let mut reads = Self::default();
        reads.visit(&expression.expr, &Aliases::new());
        reads
    }

    /// The root variables, in alphabetical order.
    pub fn roots(&self) -> impl Iterator<Item = &str> {
        self.members.keys().map(String::as_str)
    }

    /// Whether the variable is read at all.
    #[must_use]
    pub fn has_root(&self, root: &str) -> bool {
        self.members.contains_key(root)
    }

    /// The members read of a variable.
    pub fn members<'a>(&'a self, root: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        self.members.get(root).into_iter().flatten().map(String::as_str)
    }

    fn visit(&mut self, expression: &Expr, aliases: &Aliases) {
        match expression {
            Expr::Unspecified | Expr::Literal(_) => {}
            Expr::Ident(name) => self.note(name, None, aliases),
            Expr::Select(select) => {
                if let Expr::Ident(name) = &select.operand.expr {
                    self.note(name, Some(&select.field), aliases);
                } else {
                    self.visit(&select.operand.expr, aliases);
                }
            }
            Expr::Call(call) => {
                let parts = call.target.as_deref().into_iter().chain(&call.args);
                parts.for_each(|part| self.visit(&part.expr, aliases));
            }
            Expr::List(list) => list.elements.iter().for_each(|item| self.visit(&item.expr, aliases)),
            Expr::Map(map) => self.visit_entries(map.entries.iter().map(|entry| &entry.expr), aliases),
            Expr::Struct(value) => self.visit_entries(value.entries.iter().map(|entry| &entry.expr), aliases),
            Expr::Comprehension(comprehension) => self.visit_comprehension(comprehension, aliases),
        }
    }

    fn visit_entries<'a>(&mut self, entries: impl Iterator<Item = &'a EntryExpr>, aliases: &Aliases) {
        for entry in entries {
            match entry {
                EntryExpr::StructField(field) => self.visit(&field.value.expr, aliases),
                EntryExpr::MapEntry(entry) => {
                    self.visit(&entry.key.expr, aliases);
                    self.visit(&entry.value.expr, aliases);
                }
            }
        }
    }

    fn visit_comprehension(&mut self, comprehension: &ComprehensionExpr, aliases: &Aliases) {
        let range = &comprehension.iter_range.expr;
        self.visit(range, aliases);
        let mut inner = aliases.clone();
        inner.insert(comprehension.iter_var.clone(), ranged_over(range, aliases));
        for local in comprehension.iter_var2.iter().chain([&comprehension.accu_var]) {
            inner.insert(local.clone(), Vec::new());
        }
        for part in [
            &comprehension.accu_init,
            &comprehension.loop_cond,
            &comprehension.loop_step,
            &comprehension.result,
        ] {
            self.visit(&part.expr, &inner);
        }
    }

    fn note(&mut self, name: &str, member: Option<&str>, aliases: &Aliases) {
        match aliases.get(name) {
            Some(roots) => roots.iter().for_each(|root| self.note_root(root, member)),
            None => self.note_root(name, member),
        }
    }

    fn note_root(&mut self, root: &str, member: Option<&str>) {
        self.members.entry(root.to_owned()).or_default().extend(member.map(str::to_owned));
    }
}

/// The variables whose elements, or which themselves, a comprehension ranges over.
fn ranged_over(range: &Expr, aliases: &Aliases) -> Vec<String> {
    match range {
        Expr::Ident(name) => aliases.get(name).cloned().unwrap_or_else(|| vec![name.clone()]),
        Expr::List(list) => list.elements.iter().flat_map(|item| ranged_over(&item.expr, aliases)).collect(),
        Expr::Call(call) if call.func_name == "_+_" => {
            call.args.iter().flat_map(|arg| ranged_over(&arg.expr, aliases)).collect()
        }
        Expr::Unspecified
        | Expr::Call(_)
        | Expr::Comprehension(_)
        | Expr::Literal(_)
        | Expr::Map(_)
        | Expr::Select(_)
        | Expr::Struct(_) => Vec::new(),
    }
}

/// `data.a.b` as its path `[a, b]`, where the expression is nothing more.
pub(super) fn data_path(expression: &IdedExpr) -> Option<Vec<String>> {
    let Expr::Select(select) = &expression.expr else { return None };
    if select.test {
        return None;
    }
    let mut path = if matches!(&select.operand.expr, Expr::Ident(root) if root == "data") {
        Vec::new()
    } else {
        data_path(&select.operand)?
    };
    path.push(select.field.clone());
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::super::Expression;

    fn reads(source: &str) -> String {
        let expression = Expression::compile(source).unwrap();
        let roots = expression.reads().roots().map(|root| {
            let members: Vec<_> = expression.reads().members(root).collect();
            format!("{root}({})", members.join(","))
        });
        roots.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn members_are_found_under_operators_calls_and_macros() {
        assert_eq!(reads("a.x == null && f.y > 3"), "a(x) f(y)");
        assert_eq!(reads("personen.all(p, p.bsn == null && data.x == p.id)"), "data(x) personen(bsn,id)");
        assert_eq!(
            reads("[a, b].all(p, p.x == null || years(p.x, beginning) >= 18)"),
            "a(x) b(x) beginning()"
        );
        assert_eq!(reads("data.items.exists(i, i.y == kind.z)"), "data(items) kind(z)");
        assert_eq!(reads(r#"{"a": data.x, "b": has(kind.y)}"#), "data(x) kind(y)");
    }
}
