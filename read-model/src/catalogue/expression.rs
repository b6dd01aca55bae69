//! Expressions of the config: CEL (Common Expression Language), compiled once, with what they read known beforehand.

mod bounds;
mod dates;
mod datum;
mod direct;
mod elaborate;
mod kind;
mod lookup;
mod origins;
mod reads;
mod words;

use std::sync::{Arc, LazyLock};

use cel::common::ast::Expr;
use cel::{Context, Env, IdedExpr, Program};
use serde_json::Value;

pub use datum::Datum;
pub(crate) use kind::Kind;
pub use reads::{FieldRead, Origin, Reads, Seen};
pub(crate) use words::{Member, Members, Words};

use super::problem::{Report, one_of};
use crate::event::ObjectId;
use datum::{cel_map, kept};
use direct::Step;
use elaborate::{Elaborated, elaborate};
use lookup::Lookup;

static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| {
    let mut env = Env::stdlib();
    let added = env.add_extension(cel::extensions::strings).and_then(|()| dates::add_functions(&mut env));
    debug_assert!(added.is_ok(), "{added:?}");
    Arc::new(env)
});

/// Every function that an expression may call by name.
const FUNCTIONS: [&str; 38] = [
    "addDays",
    "addYears",
    "days",
    "earliest",
    "latest",
    "unknown",
    "years",
    "all",
    "exists",
    "exists_one",
    "filter",
    "has",
    "map",
    "contains",
    "endsWith",
    "matches",
    "size",
    "startsWith",
    "charAt",
    "format",
    "indexOf",
    "join",
    "lastIndexOf",
    "lowerAscii",
    "replace",
    "reverse",
    "split",
    "substring",
    "trim",
    "upperAscii",
    "bool",
    "bytes",
    "double",
    "dyn",
    "int",
    "string",
    "type",
    "uint",
];

/// Whether it is a function of the language; operators have names that no function can have.
fn is_function(name: &str) -> bool {
    !name.starts_with(|first: char| first.is_ascii_alphabetic()) || FUNCTIONS.contains(&name)
}

/// A compiled expression.
pub struct Expression {
    source: Arc<str>,
    program: Program,
    /// With every reference that it follows looked up.
    elaborated: IdedExpr,
    /// The same in steps that take values where they stand; none where it takes more than these.
    steps: Option<Step>,
    reads: Reads,
    plain: Option<Vec<String>>,
}

/// Where an expression finds its variables.
pub trait Scope: Sync {
    /// The value of a root variable: `data`, a role, `beginning` …
    fn variable(&self, name: &str) -> Option<Datum<'_>>;

    /// The data, for expressions that only pass a part of them on.
    fn data(&self) -> Option<&Value>;

    /// What a field of an object has here; null, or no periods, where nothing is known of it.
    ///
    /// # Errors
    /// Where it is derived, and cannot be computed.
    fn answer(&self, object: ObjectId, read: &FieldRead) -> Result<Datum<'_>, EvaluationError>;
}

/// An expression failed on the values that it met.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{expression}` cannot be computed here: {cause}")]
pub struct EvaluationError {
    /// The expression.
    pub expression: Arc<str>,
    /// What CEL says.
    pub cause: String,
}

impl Expression {
    /// Compiles CEL over these words; every mistake is reported. None where it is no CEL at all.
    pub(crate) fn compile(source: &str, words: &Words<'_>, report: &mut Report) -> Option<Self> {
        let program = parse(source);
        let program =
            program.map_err(|error| report.say(format!("this is no CEL expression: {error}"))).ok()?;
        let Elaborated { expression, reads, mistakes } = elaborate(program.expression(), words);
        mistakes.into_iter().for_each(|mistake| report.say(mistake));
        let plain = data_path(&expression);
        let steps = direct::steps(&expression, &reads);
        Some(Self { source: source.into(), program, elaborated: expression, steps, reads, plain })
    }

    /// Over variables of which nothing is known.
    #[cfg(test)]
    fn untyped(source: &str) -> Self {
        let program = parse(source).unwrap();
        let references = program.references();
        let variables = references.variables().into_iter().map(|name| (Arc::from(name), Kind::Any));
        let words = Words {
            members: &Members::default(),
            variables: variables.collect(),
            own: None,
            follow_back: true,
        };
        Self::compile(source, &words, &mut Report::default()).unwrap()
    }

    /// What it reads.
    #[must_use]
    pub fn reads(&self) -> &Reads {
        &self.reads
    }

    /// As it was written.
    #[must_use]
    pub fn source(&self) -> &Arc<str> {
        &self.source
    }

    /// The paths into the data that the part of its value at `path` is taken from, as it is; none where it may come from
    /// elsewhere.
    pub(super) fn origins(&self, path: &[Arc<str>]) -> Option<Vec<Vec<Arc<str>>>> {
        origins::origins(self.program.expression(), path)
    }

    /// Its value; absent values are null, and entries of a built map that are null are left out.
    ///
    /// # Errors
    /// [`EvaluationError`] where CEL cannot compute it on these values.
    pub fn evaluate(&self, scope: &dyn Scope) -> Result<Value, EvaluationError> {
        if let (Some(path), Some(data)) = (&self.plain, scope.data()) {
            return Ok(path
                .iter()
                .try_fold(data, |value, key| value.get(key))
                .cloned()
                .unwrap_or(Value::Null));
        }
        match self.run(scope).and_then(|value| value.to_json()) {
            Some(value) => Ok(value),
            None => self.interpret(scope),
        }
    }

    /// Its value by its steps; none where it is for the language itself to compute it.
    fn run<'a>(&'a self, scope: &'a dyn Scope) -> Option<Datum<'a>> {
        let value = self.steps.as_ref()?.run(scope)?;
        debug_assert!(
            value.to_json().is_none_or(|told| self.interpret(scope) == Ok(told)),
            "`{}` is not computed as the language has it",
            self.source
        );
        Some(value)
    }

    /// Its value as the language itself computes it.
    fn interpret(&self, scope: &dyn Scope) -> Result<Value, EvaluationError> {
        let mut context = Context::with_env(Arc::clone(&ENVIRONMENT));
        for name in self.reads.roots() {
            if let Some(value) = scope.variable(name) {
                context.add_variable_from_value(name, self.read_of(name, &value));
            }
        }
        for read in self.reads.fields() {
            context.add_variable_as_val(read.variable.as_str(), Box::new(Lookup { scope, read }));
        }
        let value = cel::Value::resolve(&self.elaborated, &context)
            .map_err(|error| self.failed(&error.to_string()))?;
        from_cel(&value).ok_or_else(|| self.failed("the result is no value that can be kept"))
    }

    /// A variable as the language sees it: of a structure no more than the members that are read, where that is known.
    fn read_of(&self, name: &str, value: &Datum<'_>) -> cel::Value {
        let mut members = self.reads.members(name).peekable();
        if self.reads.takes_whole(name) || members.peek().is_none() {
            return value.to_cel();
        }
        cel_map(members.map(|member| (member, value.member(member).unwrap_or(Datum::Null).to_cel())))
    }

    /// Whether it is true.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate), and where the result is no boolean.
    pub fn holds(&self, scope: &dyn Scope) -> Result<bool, EvaluationError> {
        if let Some(Datum::Truth(truth)) = self.run(scope) {
            return Ok(truth);
        }
        let value = self.evaluate(scope)?;
        value.as_bool().ok_or_else(|| self.failed("the result is neither true nor false"))
    }

    fn failed(&self, cause: &str) -> EvaluationError {
        EvaluationError { expression: Arc::clone(&self.source), cause: one_line(cause) }
    }
}

impl std::fmt::Debug for Expression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Expression").field(&self.source).finish()
    }
}

fn parse(source: &str) -> Result<Program, String> {
    bounds::check_text(source)?;
    let program = ENVIRONMENT.compile(source).map_err(|errors| one_line(&errors.to_string()))?;
    bounds::check_depth(program.expression())?;
    match program.references().functions().into_iter().find(|name| !is_function(name)) {
        Some(unknown) => Err(format!("there is no function `{unknown}`; {}", one_of(unknown, FUNCTIONS))),
        None => Ok(program),
    }
}

/// `data.a.b` as its path `[a, b]`, where the expression is nothing more.
fn data_path(expression: &IdedExpr) -> Option<Vec<String>> {
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

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn from_cel(value: &cel::Value) -> Option<Value> {
    Some(match value {
        cel::Value::Null => Value::Null,
        cel::Value::Bool(truth) => Value::Bool(*truth),
        cel::Value::Int(integer) => Value::from(*integer),
        cel::Value::UInt(integer) => Value::from(*integer),
        cel::Value::Float(float) => serde_json::Number::from_f64(*float)?.into(),
        cel::Value::String(text) => Value::String(text.as_str().to_owned()),
        cel::Value::List(items) => items.iter().map(from_cel).collect::<Option<Vec<_>>>()?.into(),
        cel::Value::Map(entries) => {
            let entry =
                |(key, value): (&cel::objects::Key, &cel::Value)| Some((key.to_string(), from_cel(value)?));
            kept(entries.map.iter().map(entry).collect::<Option<_>>()?)
        }
        cel::Value::Function(..) | cel::Value::Bytes(_) | cel::Value::Opaque(_) | cel::Value::Struct(_) => {
            return None;
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    struct Data(Value);

    impl Scope for Data {
        fn variable(&self, name: &str) -> Option<Datum<'_>> {
            self.0.get(name).map(|value| Datum::of(value, None))
        }

        fn data(&self) -> Option<&Value> {
            self.0.get("data")
        }

        fn answer(&self, _: ObjectId, _: &FieldRead) -> Result<Datum<'_>, EvaluationError> {
            Ok(Datum::Null)
        }
    }

    fn evaluate(source: &str, scope: Value) -> Value {
        Expression::untyped(source).evaluate(&Data(scope)).unwrap()
    }

    #[test]
    fn a_path_into_the_data_is_passed_on_as_it_is_and_null_where_absent() {
        let scope = json!({"data": {"naam": {"voornamen": "Anna"}}});
        assert_eq!(evaluate("data.naam.voornamen", scope.clone()), json!("Anna"));
        assert_eq!(evaluate("data.plaats", scope), Value::Null);
    }

    #[test]
    fn a_built_map_leaves_out_what_is_null_and_sorts_its_keys() {
        let built = evaluate(r#"{"b": 1, "a": data.x, "c": null}"#, json!({"data": {"x": "y"}}));
        assert_eq!(serde_json::to_string(&built).unwrap(), r#"{"a":"y","b":1}"#);
    }

    #[test]
    fn dates_have_functions() {
        let nothing = json!({});
        assert_eq!(evaluate("years('2000-06-15', '2018-06-14')", nothing.clone()), json!(17));
        assert_eq!(evaluate("days('2026-01-01', '2026-01-04')", nothing.clone()), json!(3));
        assert_eq!(
            evaluate("earliest('2010-05-00') + latest('2010-05-00')", nothing.clone()),
            json!("2010-05-012010-05-31")
        );
        assert_eq!(evaluate("unknown('0000-00-00')", nothing.clone()), json!(true));
        assert_eq!(evaluate("addDays('2026-02-28', 1)", nothing.clone()), json!("2026-03-01"));
        assert_eq!(evaluate("addYears('2024-02-29', 1)", nothing), json!("2025-03-01"));
    }

    #[test]
    fn what_cannot_be_computed_says_so() {
        let error = Expression::untyped("years(data.x, '2018-06-14')");
        let failed = error.evaluate(&Data(json!({"data": {"x": "gisteren"}}))).unwrap_err();
        assert!(failed.to_string().contains("gisteren"), "{failed}");
    }
}
