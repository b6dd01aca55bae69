//! Expressions that are computed where the values stand: no value is copied, and no name is looked for.
//!
//! The language is `cel`'s, and so is the last word: what is not among these steps, and whatever fails in one, it computes
//! itself. Most rules take no more than these.

mod run;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::sync::Arc;

use cel::IdedExpr;
use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue, MapExpr, operators};

use super::reads::{FieldRead, Reads};

/// One step of an expression.
#[derive(Debug)]
pub(super) enum Step {
    Constant(Constant),
    /// A variable of the scope.
    Variable(Arc<str>),
    /// A variable of a macro around, by its place: the outermost is the first.
    Local(usize),
    /// An entry of a structure.
    Member(Box<Step>, Arc<str>),
    /// A field of the object that a reference leads to.
    Field(Box<FieldRead>, Box<Step>),
    /// Whether something is so.
    Test(Test),
    If(Box<[Step; 3]>),
    Add(Box<[Step; 2]>),
    Call(Function, Vec<Step>),
    List(Vec<Step>),
    Structure(Vec<(Arc<str>, Step)>),
    Loop(Box<Loop>),
}

/// A step that tells whether something is so.
#[derive(Debug)]
pub(super) enum Test {
    Not(Box<Step>),
    /// Whether the first is so, or else the second.
    Either(Box<[Step; 2]>),
    Both(Box<[Step; 2]>),
    /// Whether it is as said that the two are the same.
    Same(bool, Box<[Step; 2]>),
    Compare(Comparison, Box<[Step; 2]>),
    In(Box<[Step; 2]>),
    /// Whether it is anything but false.
    NotFalse(Box<Step>),
}

#[derive(Debug)]
pub(super) enum Constant {
    Null,
    Truth(bool),
    Integer(i64),
    Text(Arc<str>),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Function {
    Earliest,
    Latest,
    Unknown,
    Years,
    Days,
    AddDays,
    AddYears,
    Size,
    StartsWith,
    EndsWith,
    Contains,
}

impl Function {
    /// The function of this name, which takes so many arguments.
    fn free(name: &str, arguments: usize) -> Option<Self> {
        Some(match (name, arguments) {
            ("earliest", 1) => Self::Earliest,
            ("latest", 1) => Self::Latest,
            ("unknown", 1) => Self::Unknown,
            ("years", 2) => Self::Years,
            ("days", 2) => Self::Days,
            ("addDays", 2) => Self::AddDays,
            ("addYears", 2) => Self::AddYears,
            ("size", 1) => Self::Size,
            _ => return None,
        })
    }

    /// The same of a function of a value, which is its first argument: `x.size()`.
    fn of_value(name: &str, others: usize) -> Option<Self> {
        Some(match (name, others) {
            ("size", 0) => Self::Size,
            ("startsWith", 1) => Self::StartsWith,
            ("endsWith", 1) => Self::EndsWith,
            ("contains", 1) => Self::Contains,
            _ => return None,
        })
    }
}

/// What a macro becomes: `all`, `exists`, `exists_one`, `map` or `filter`.
///
/// Inside, the gathered value is the next local, and the item the one after it.
#[derive(Debug)]
pub(super) struct Loop {
    range: Step,
    start: Step,
    goes_on: Step,
    step: Gather,
    result: Step,
}

/// What one turn does with the gathered value.
#[derive(Debug)]
enum Gather {
    /// It becomes this.
    Become(Step),
    /// This is added to it, which is a list; where there is a condition, only if that holds.
    Append(Option<Step>, Step),
}

/// The steps of an elaborated expression; none where it takes others.
pub(super) fn steps(expression: &IdedExpr, reads: &Reads) -> Option<Step> {
    Compiler { reads, locals: Vec::new() }.step(expression)
}

struct Compiler<'a> {
    reads: &'a Reads,
    /// The variables of the macros around, innermost last.
    locals: Vec<&'a str>,
}

impl<'a> Compiler<'a> {
    fn step(&mut self, expression: &'a IdedExpr) -> Option<Step> {
        Some(match &expression.expr {
            Expr::Literal(literal) => Step::Constant(constant(literal)?),
            Expr::Ident(name) => match self.locals.iter().rposition(|local| local == name) {
                Some(place) => Step::Local(place),
                None => Step::Variable(name.as_str().into()),
            },
            Expr::Select(select) if !select.test => {
                Step::Member(self.boxed(&select.operand)?, select.field.as_str().into())
            }
            Expr::Call(call) => self.call(call)?,
            Expr::List(list) if list.optional_indices.is_empty() => Step::List(self.all(&list.elements)?),
            Expr::Map(map) => self.structure(map)?,
            Expr::Comprehension(comprehension) => self.repeat(comprehension)?,
            Expr::Unspecified | Expr::Select(_) | Expr::List(_) | Expr::Struct(_) => return None,
        })
    }

    fn boxed(&mut self, expression: &'a IdedExpr) -> Option<Box<Step>> {
        self.step(expression).map(Box::new)
    }

    fn all(&mut self, expressions: &'a [IdedExpr]) -> Option<Vec<Step>> {
        expressions.iter().map(|expression| self.step(expression)).collect()
    }

    fn several<const N: usize>(&mut self, arguments: &'a [IdedExpr]) -> Option<Box<[Step; N]>> {
        self.all(arguments)?.try_into().ok().map(Box::new)
    }

    fn call(&mut self, call: &'a CallExpr) -> Option<Step> {
        let arguments = call.args.as_slice();
        if let Some(target) = &call.target {
            let function = Function::of_value(&call.func_name, arguments.len())?;
            let mut all = vec![self.step(target)?];
            all.extend(self.all(arguments)?);
            return Some(Step::Call(function, all));
        }
        Some(match call.func_name.as_str() {
            operators::CONDITIONAL => Step::If(self.several(arguments)?),
            operators::ADD => Step::Add(self.several(arguments)?),
            operators::INDEX => self.field(arguments)?,
            name => match Function::free(name, arguments.len()) {
                Some(function) => Step::Call(function, self.all(arguments)?),
                None => Step::Test(self.test(name, arguments)?),
            },
        })
    }

    fn test(&mut self, operator: &str, arguments: &'a [IdedExpr]) -> Option<Test> {
        Some(match operator {
            operators::LOGICAL_NOT => Test::Not(self.boxed(arguments.first()?)?),
            operators::NOT_STRICTLY_FALSE => Test::NotFalse(self.boxed(arguments.first()?)?),
            operators::LOGICAL_OR => Test::Either(self.several(arguments)?),
            operators::LOGICAL_AND => Test::Both(self.several(arguments)?),
            operators::EQUALS => Test::Same(true, self.several(arguments)?),
            operators::NOT_EQUALS => Test::Same(false, self.several(arguments)?),
            operators::LESS => Test::Compare(Comparison::Less, self.several(arguments)?),
            operators::LESS_EQUALS => Test::Compare(Comparison::LessOrEqual, self.several(arguments)?),
            operators::GREATER => Test::Compare(Comparison::Greater, self.several(arguments)?),
            operators::GREATER_EQUALS => Test::Compare(Comparison::GreaterOrEqual, self.several(arguments)?),
            operators::IN => Test::In(self.several(arguments)?),
            _ => return None,
        })
    }

    /// A field of an object, as it was elaborated; other lists and maps are looked into by the language itself.
    fn field(&mut self, arguments: &'a [IdedExpr]) -> Option<Step> {
        let [of, reference] = arguments else { return None };
        let Expr::Ident(variable) = &of.expr else { return None };
        let read = self.reads.fields().find(|read| read.variable == *variable)?.clone();
        Some(Step::Field(Box::new(read), self.boxed(reference)?))
    }

    fn structure(&mut self, map: &'a MapExpr) -> Option<Step> {
        let mut entries: Vec<(Arc<str>, Step)> = Vec::with_capacity(map.entries.len());
        for entry in &map.entries {
            let EntryExpr::MapEntry(entry) = &entry.expr else { return None };
            let Expr::Literal(LiteralValue::String(name)) = &entry.key.expr else { return None };
            if entry.optional || entries.iter().any(|(known, _)| **known == *name.inner()) {
                return None;
            }
            entries.push((name.inner().into(), self.step(&entry.value)?));
        }
        Some(Step::Structure(entries))
    }

    fn repeat(&mut self, comprehension: &'a ComprehensionExpr) -> Option<Step> {
        let ComprehensionExpr { accu_var, iter_var, iter_var2: None, .. } = comprehension else {
            return None;
        };
        let (range, start) = (self.step(&comprehension.iter_range)?, self.step(&comprehension.accu_init)?);
        let outside = self.locals.len();
        self.locals.push(accu_var);
        self.locals.push(iter_var);
        let goes_on = self.step(&comprehension.loop_cond);
        let step = self.gather(comprehension);
        let result = self.step(&comprehension.result);
        self.locals.truncate(outside);
        Some(Step::Loop(Box::new(Loop { range, start, goes_on: goes_on?, step: step?, result: result? })))
    }

    fn gather(&mut self, comprehension: &'a ComprehensionExpr) -> Option<Gather> {
        let accu = comprehension.accu_var.as_str();
        if let Some(item) = appended(&comprehension.loop_step, accu) {
            return Some(Gather::Append(None, self.step(item)?));
        }
        if let Expr::Call(CallExpr { func_name, target: None, args }) = &comprehension.loop_step.expr
            && let (operators::CONDITIONAL, [when, then, otherwise]) = (func_name.as_str(), args.as_slice())
            && let Some(item) = appended(then, accu)
            && matches!(&otherwise.expr, Expr::Ident(name) if name == accu)
        {
            return Some(Gather::Append(Some(self.step(when)?), self.step(item)?));
        }
        self.step(&comprehension.loop_step).map(Gather::Become)
    }
}

/// What `gathered + [item]` adds.
fn appended<'e>(expression: &'e IdedExpr, gathered: &str) -> Option<&'e IdedExpr> {
    let Expr::Call(CallExpr { func_name, target: None, args }) = &expression.expr else { return None };
    let [IdedExpr { expr: Expr::Ident(to), .. }, IdedExpr { expr: Expr::List(list), .. }] = args.as_slice()
    else {
        return None;
    };
    let one = (*func_name == operators::ADD && to == gathered && list.optional_indices.is_empty())
        .then_some(list.elements.as_slice());
    if let Some([item]) = one { Some(item) } else { None }
}

fn constant(literal: &LiteralValue) -> Option<Constant> {
    Some(match literal {
        LiteralValue::Null => Constant::Null,
        LiteralValue::Boolean(truth) => Constant::Truth(*truth.inner()),
        LiteralValue::Int(integer) => Constant::Integer(*integer.inner()),
        LiteralValue::String(text) => Constant::Text(text.inner().into()),
        LiteralValue::Bytes(_) | LiteralValue::Double(_) | LiteralValue::UInt(_) => return None,
    })
}
