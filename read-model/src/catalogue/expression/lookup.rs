//! A field of objects, as the language sees it: indexed by the id of an object, it answers what that object has.

use std::fmt;

use cel::common::traits::Indexer;
use cel::common::types::{CelString, Type};
use cel::common::value::{CowVal, Val};
use cel::{ExecutionError, Value};

use super::Scope;
use super::reads::FieldRead;
use crate::event::ObjectId;

static LOOKUP: Type = Type::new_unspecified_type("field");

/// A field of objects in a scope. What is asked of nobody, or of an object that is not known, is null; or an empty list
/// where it is who refers to it, or the periods of a field.
pub(super) struct Lookup<'a> {
    pub(super) scope: &'a dyn Scope,
    pub(super) read: &'a FieldRead,
}

impl fmt::Debug for Lookup<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lookup").field(self.read).finish()
    }
}

impl Val for Lookup<'_> {
    fn get_type(&self) -> &Type {
        &LOOKUP
    }

    fn cel_type() -> &'static Type {
        &LOOKUP
    }

    fn as_indexer<'b, 'v>(&'b self) -> Option<&'b (dyn Indexer + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(Self { scope: self.scope, read: self.read })
    }
}

impl Indexer for Lookup<'_> {
    fn get<'b, 'v>(&'b self, reference: &dyn Val) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        let id =
            reference.downcast_ref::<CelString<'_>>().and_then(|id| ObjectId::parse_str(id.inner()).ok());
        let answer = match id {
            Some(id) => self.scope.answer(id, self.read).map(|answer| answer.to_cel()),
            None => Ok(if self.read.past || self.read.back {
                Value::List(Vec::new().into())
            } else {
                Value::Null
            }),
        };
        let answer = answer.map_err(|error| ExecutionError::function_error(&self.read.field, error))?;
        let value: Box<dyn Val> = answer.try_into()?;
        Ok(CowVal::Owned(value))
    }

    fn steal<'v>(self: Box<Self>, reference: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.get(reference).map(CowVal::into_owned)
    }
}
