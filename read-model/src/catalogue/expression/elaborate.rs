//! From an expression as written to one that finds the objects that it follows references to.
//!
//! A reference is the id of an object, as a text, wherever it is compared, passed on or kept. Where a member of it is
//! read, `x.naam` becomes `@Persoon/naam[x]`: the field of the object with that id, at the same place in history.
//! What is what follows from the catalogue alone, so that a path which leads nowhere is found before anything runs.

use std::collections::BTreeSet;
use std::sync::Arc;

use cel::IdedExpr;
use cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue, MapExpr, SelectExpr, operators,
};
use cel::common::types::CelBool;

use super::kind::{Kind, Type};
use super::reads::{FieldRead, Origin, Reads};
use super::words::{Word, Words};
use crate::catalogue::problem::one_of;

/// An expression of which everything is known that can be known before it runs.
pub(super) struct Elaborated {
    pub(super) expression: IdedExpr,
    pub(super) reads: Reads,
    pub(super) mistakes: Vec<String>,
}

pub(super) fn elaborate(expression: &IdedExpr, words: &Words<'_>) -> Elaborated {
    let mut elaborator =
        Elaborator { words, reads: Reads::default(), mistakes: Vec::new(), locals: Vec::new() };
    let mut expression = expression.clone();
    elaborator.visit(&mut expression);
    let Elaborator { reads, mut mistakes, .. } = elaborator;
    let mut seen = BTreeSet::new();
    mistakes.retain(|mistake| seen.insert(mistake.clone()));
    Elaborated { expression, reads, mistakes }
}

struct Elaborator<'a> {
    words: &'a Words<'a>,
    reads: Reads,
    mistakes: Vec<String>,
    /// The variables of the macros around, innermost last.
    locals: Vec<(String, Type)>,
}

impl Elaborator<'_> {
    fn visit(&mut self, expression: &mut IdedExpr) -> Type {
        match &mut expression.expr {
            Expr::Unspecified => Type::plain(Kind::Any),
            Expr::Literal(literal) => Type::plain(literal_kind(literal)),
            Expr::Ident(name) => {
                let name = std::mem::take(name);
                let (found, replaced) = self.name(&name);
                expression.expr = replaced.unwrap_or(Expr::Ident(name));
                found
            }
            Expr::Select(_) => self.select(expression),
            Expr::Call(call) => self.call(call),
            Expr::List(list) => {
                let items = list.elements.iter_mut().map(|item| self.visit(item));
                let item = items.fold(Type::plain(Kind::Nothing), Type::or);
                Type::from(Kind::List(Box::new(item.kind)), item.origins)
            }
            Expr::Map(map) => self.map(map),
            Expr::Struct(value) => {
                for entry in &mut value.entries {
                    match &mut entry.expr {
                        EntryExpr::StructField(field) => drop(self.visit(&mut field.value)),
                        EntryExpr::MapEntry(entry) => drop(self.visit(&mut entry.value)),
                    }
                }
                Type::plain(Kind::Any)
            }
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
        }
    }

    /// What a name stands for; and, for a field of the object itself, what it is written out as.
    fn name(&mut self, name: &str) -> (Type, Option<Expr>) {
        if let Some((_, local)) = self.locals.iter().rev().find(|(local, _)| local == name) {
            return (local.clone(), None);
        }
        match self.words.word(name) {
            Some(Word::Variable(kind)) => {
                let kind = kind.clone();
                if matches!(kind, Kind::Object(_)) {
                    self.reads.note_whole(name);
                } else {
                    self.reads.note(name);
                }
                (Type::from(kind, BTreeSet::from([origin_of(name)])), None)
            }
            Some(Word::OwnField(own)) => {
                let own = Arc::clone(own);
                self.reads.note("self");
                let this = ided(Expr::Ident("self".to_owned()));
                let (found, read) =
                    self.field(this, &own, &BTreeSet::from([Origin::This]), name, false, name);
                (found, Some(read))
            }
            None => {
                let there = one_of(name, self.words.names());
                self.mistakes.push(match &self.words.own {
                    Some(own) => format!("`{name}` is neither a field of {own} nor `asOf`; {there}"),
                    None => format!("`{name}` is unknown here; {there}"),
                });
                (Type::plain(Kind::Any), None)
            }
        }
    }

    fn select(&mut self, expression: &mut IdedExpr) -> Type {
        let written = written(expression);
        let Expr::Select(select) = &mut expression.expr else { return Type::plain(Kind::Any) };
        if let Some(member) = self.data_member(select) {
            return member;
        }
        let from = self.operand(&mut select.operand);
        self.selected(expression, from, &written)
    }

    /// A member of what has been visited already, and whether its history is meant.
    fn selected(&mut self, expression: &mut IdedExpr, (from, past): (Type, bool), written: &str) -> Type {
        let Expr::Select(select) = &mut expression.expr else { return Type::plain(Kind::Any) };
        let (field, test) = (std::mem::take(&mut select.field), select.test);
        let operand = std::mem::take(&mut select.operand);
        match &from.kind {
            Kind::Reference(_) if field == "id" && !past => {
                expression.expr = operand.expr;
                tested(expression, test, from)
            }
            Kind::Reference(object_type) => {
                let (found, read) = self.field(*operand, object_type, &from.origins, &field, past, written);
                expression.expr = read;
                tested(expression, test, found)
            }
            Kind::Any
            | Kind::Nothing
            | Kind::Mixed
            | Kind::Boolean
            | Kind::Number
            | Kind::Text
            | Kind::Date
            | Kind::Object(_)
            | Kind::List(_) => {
                let found = self.entry(&from, &field, written);
                expression.expr = Expr::Select(SelectExpr { operand, field, test });
                if test { Type::plain(Kind::Boolean) } else { found }
            }
        }
    }

    /// What a member is read of; and whether it is `x.history` of a reference, in place of which `x` is left.
    ///
    /// Each part is visited once: whoever looked ahead on a copy would look twice as often with each `.history`.
    fn operand(&mut self, operand: &mut Box<IdedExpr>) -> (Type, bool) {
        let written = written(operand);
        let inner = if let Expr::Select(inner) = &mut operand.expr { Some(inner) } else { None };
        let Some(inner) = inner.filter(|inner| inner.field == "history" && !inner.test) else {
            return (self.visit(operand), false);
        };
        if let Some(member) = self.data_member(inner) {
            return (member, false);
        }
        let (from, past) = self.operand(&mut inner.operand);
        if matches!(from.kind, Kind::Reference(_)) && !past {
            *operand = std::mem::take(&mut inner.operand);
            return (from, true);
        }
        // A structure may have an entry of this name.
        (self.selected(operand, (from, past), &written), false)
    }

    /// `data.x`, which is known by what it names in the data.
    fn data_member(&mut self, select: &SelectExpr) -> Option<Type> {
        let Expr::Ident(root) = &select.operand.expr else { return None };
        if self.locals.iter().any(|(local, _)| local == root) {
            return None;
        }
        let Some(Word::Variable(Kind::Object(entries))) = self.words.word(root) else { return None };
        let names: Vec<&str> = entries.iter().map(|(name, _)| &**name).collect();
        let found = entries.iter().find(|(name, _)| **name == *select.field);
        let found = found.map(|(name, kind)| (Arc::clone(name), kind.clone()));
        self.reads.note_member(root, &select.field);
        let Some((name, kind)) = found else {
            let there = one_of(&select.field, names);
            let what = if root == "data" { "the data have".to_owned() } else { format!("{root} has") };
            self.mistakes
                .push(format!("`{root}.{field}`: {what} no field `{field}`; {there}", field = select.field));
            return Some(Type::plain(Kind::Any));
        };
        let found = Type::from(kind, BTreeSet::from([Origin::Data(name)]));
        Some(if select.test { Type::plain(Kind::Boolean) } else { found })
    }

    /// A field of an object, or of each of several.
    fn field(
        &mut self,
        reference: IdedExpr,
        object_type: &Arc<str>,
        origins: &BTreeSet<Origin>,
        field: &str,
        past: bool,
        written: &str,
    ) -> (Type, Expr) {
        let Some((field, member)) = self.words.members.get(object_type, field) else {
            let there = one_of(field, self.words.members.names(object_type).chain(["id", "history"]));
            let wrong = if field == "history" {
                format!("`{written}`: name the field whose periods are meant, such as `{written}.naam`")
            } else {
                format!("`{written}`: {object_type} has no field `{field}`; {there}")
            };
            self.mistakes.push(wrong);
            return (Type::plain(Kind::Any), reference.expr);
        };
        if member.derived && (past || self.words.own.is_none()) {
            self.mistakes.push(format!(
                "`{written}`: `{field}` of {object_type} is derived, and known only when it is asked for; write what it follows from"
            ));
        }
        if member.inverse && (past || !self.words.follow_back) {
            self.mistakes.push(format!(
                "`{written}`: who refers to an object is for rules with `severity: warn` to ask, as it is now; name the objects in the event's data"
            ));
        }
        let read = match member.inverse {
            true => FieldRead::back(object_type, field),
            false => FieldRead::new(object_type, field, past),
        };
        let (variable, from) = self.reads.note_field(origins, read);
        let kind = if past { member.kind.clone().periods() } else { member.kind.clone() };
        let index = CallExpr {
            func_name: operators::INDEX.to_owned(),
            target: None,
            args: vec![ided(Expr::Ident(variable)), reference],
        };
        (Type::from(kind, from), Expr::Call(index))
    }

    /// An entry of a structure.
    fn entry(&mut self, from: &Type, field: &str, written: &str) -> Type {
        let wrong = match &from.kind {
            Kind::Any | Kind::Nothing => return Type::plain(Kind::Any),
            Kind::Object(entries) => match entries.iter().find(|(name, _)| **name == *field) {
                Some((_, kind)) => return Type::from(kind.clone(), from.origins.clone()),
                None => {
                    let there = one_of(field, entries.iter().map(|(name, _)| &**name));
                    format!("`{written}`: there is no `{field}` in it; {there}")
                }
            },
            Kind::List(_) => format!(
                "`{written}`: it is a list, and has no `{field}`; ask it of its items with `all`, `exists`, `filter` or `map`"
            ),
            kind @ (Kind::Mixed
            | Kind::Boolean
            | Kind::Number
            | Kind::Text
            | Kind::Date
            | Kind::Reference(_)) => {
                format!("`{written}`: {} has no `{field}`", kind.told())
            }
        };
        self.mistakes.push(wrong);
        Type::plain(Kind::Any)
    }

    fn map(&mut self, map: &mut MapExpr) -> Type {
        let mut entries = Some(Vec::new());
        let mut origins = BTreeSet::new();
        for entry in &mut map.entries {
            let EntryExpr::MapEntry(entry) = &mut entry.expr else { continue };
            self.visit(&mut entry.key);
            let value = self.visit(&mut entry.value);
            origins.extend(value.origins);
            match (&entry.key.expr, &mut entries) {
                (Expr::Literal(LiteralValue::String(key)), Some(entries)) => {
                    entries.push((Arc::from(key.inner()), value.kind));
                }
                _ => entries = None,
            }
        }
        Type::from(entries.map_or(Kind::Any, Kind::Object), origins)
    }

    fn comprehension(&mut self, comprehension: &mut ComprehensionExpr) -> Type {
        let range = self.visit(&mut comprehension.iter_range);
        let item = match range.kind {
            Kind::List(item) => Type::from(*item, range.origins),
            Kind::Object(_) => Type::plain(Kind::Text),
            Kind::Any
            | Kind::Nothing
            | Kind::Mixed
            | Kind::Boolean
            | Kind::Number
            | Kind::Text
            | Kind::Date
            | Kind::Reference(_) => Type::from(Kind::Any, range.origins),
        };
        let start = self.visit(&mut comprehension.accu_init);
        let outside = self.locals.len();
        self.locals.push((comprehension.iter_var.clone(), item));
        self.locals.extend(comprehension.iter_var2.iter().map(|name| (name.clone(), Type::plain(Kind::Any))));
        // What is gathered may be of another kind than what it starts with: an empty list.
        self.locals.push((comprehension.accu_var.clone(), start.clone()));
        let gathered = start.or(self.visit(&mut comprehension.loop_step.clone()));
        if let Some((_, accu)) = self.locals.last_mut() {
            *accu = gathered;
        }
        self.visit(&mut comprehension.loop_cond);
        self.visit(&mut comprehension.loop_step);
        let result = self.visit(&mut comprehension.result);
        self.locals.truncate(outside);
        result
    }

    fn call(&mut self, call: &mut CallExpr) -> Type {
        let target = call.target.as_deref_mut().map(|target| self.visit(target));
        let types: Vec<Type> = call.args.iter_mut().map(|argument| self.visit(argument)).collect();
        match (call.func_name.as_str(), types.as_slice()) {
            (operators::CONDITIONAL, [_, yes, no]) => yes.clone().or(no.clone()),
            (operators::ADD, [one, other]) => one.clone().or(other.clone()),
            (operators::INDEX, [from, _]) => self.index(from, &call.args[1]),
            (operators::EQUALS | operators::NOT_EQUALS, [one, other]) => {
                self.compare(&one.kind, &other.kind);
                Type::plain(Kind::Boolean)
            }
            (operators::IN, [one, Type { kind: Kind::List(item), .. }]) => {
                self.compare(&one.kind, item);
                Type::plain(Kind::Boolean)
            }
            (name, _) => {
                let all = target.into_iter().chain(types);
                let origins = all.flat_map(|of| of.origins).collect();
                Type::from(result_of(name), origins)
            }
        }
    }

    fn index(&mut self, from: &Type, index: &IdedExpr) -> Type {
        match (&from.kind, &index.expr) {
            (Kind::List(item), _) => Type::from(Kind::clone(item), from.origins.clone()),
            (Kind::Object(_), Expr::Literal(LiteralValue::String(key))) => {
                let written = format!("…[\"{}\"]", key.inner());
                self.entry(from, key.inner(), &written)
            }
            (Kind::Reference(object_type), _) => {
                self.mistakes.push(format!(
                    "a reference to {object_type} is no list or map; write `.` and the name of a field"
                ));
                Type::plain(Kind::Any)
            }
            _ => Type::from(Kind::Any, from.origins.clone()),
        }
    }

    fn compare(&mut self, one: &Kind, other: &Kind) {
        if !one.compares_with(other) {
            self.mistakes.push(format!(
                "{} is never equal to {}; compare references to objects of one type",
                one.told(),
                other.told()
            ));
        }
    }
}

/// Of an object every field is there, be it null: `has` of one is true.
fn tested(expression: &mut IdedExpr, test: bool, found: Type) -> Type {
    if !test {
        return found;
    }
    expression.expr = Expr::Literal(LiteralValue::Boolean(CelBool::from(true)));
    Type::plain(Kind::Boolean)
}

fn ided(expr: Expr) -> IdedExpr {
    IdedExpr { id: 0, expr }
}

fn origin_of(variable: &str) -> Origin {
    if variable == "self" { Origin::This } else { Origin::Data(variable.into()) }
}

fn literal_kind(literal: &LiteralValue) -> Kind {
    match literal {
        LiteralValue::Boolean(_) => Kind::Boolean,
        LiteralValue::Double(_) | LiteralValue::Int(_) | LiteralValue::UInt(_) => Kind::Number,
        LiteralValue::String(_) => Kind::Text,
        LiteralValue::Null => Kind::Nothing,
        LiteralValue::Bytes(_) => Kind::Any,
    }
}

/// What a function or operator gives, whatever it is given.
fn result_of(function: &str) -> Kind {
    match function {
        "earliest" | "latest" | "addDays" | "addYears" => Kind::Date,
        "years" | "days" | "size" | "int" | "uint" | "double" | "indexOf" | "lastIndexOf" => Kind::Number,
        operators::SUBSTRACT | operators::MULTIPLY | operators::DIVIDE | operators::MODULO => Kind::Number,
        operators::NEGATE => Kind::Number,
        "unknown" | "contains" | "startsWith" | "endsWith" | "matches" | "bool" => Kind::Boolean,
        operators::LOGICAL_AND | operators::LOGICAL_OR | operators::LOGICAL_NOT | operators::IN => {
            Kind::Boolean
        }
        operators::LESS | operators::LESS_EQUALS | operators::GREATER | operators::GREATER_EQUALS => {
            Kind::Boolean
        }
        operators::NOT_STRICTLY_FALSE => Kind::Boolean,
        "charAt" | "format" | "join" | "lowerAscii" | "upperAscii" | "replace" | "reverse" | "substring"
        | "trim" | "string" => Kind::Text,
        "split" => Kind::List(Box::new(Kind::Text)),
        _ => Kind::Any,
    }
}

/// A path as it was written, for messages.
fn written(expression: &IdedExpr) -> String {
    match &expression.expr {
        Expr::Ident(name) => name.clone(),
        Expr::Select(select) => format!("{}.{}", written(&select.operand), select.field),
        Expr::Unspecified
        | Expr::Call(_)
        | Expr::Comprehension(_)
        | Expr::List(_)
        | Expr::Literal(_)
        | Expr::Map(_)
        | Expr::Struct(_) => "…".to_owned(),
    }
}
