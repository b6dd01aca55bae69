//! The functions on dates that CEL lacks: partial dates, ages, and days between.

use cel::common::types::{CelBool, CelInt, CelString, INT_TYPE, STRING_TYPE};
use cel::common::value::CowVal;
use cel::{DeclarationError, Env, ExecutionError};

use crate::time::{Day, PartialDate};

/// Every function, with its signature, for messages and documentation.
pub(super) fn add_functions(env: &mut Env) -> Result<(), DeclarationError> {
    env.add_overload("earliest", "earliest_string", vec![STRING_TYPE], |args| {
        text(date("earliest", &args, 0)?.earliest().to_string())
    })?;
    env.add_overload("latest", "latest_string", vec![STRING_TYPE], |args| {
        text(date("latest", &args, 0)?.latest().to_string())
    })?;
    env.add_overload("unknown", "unknown_string", vec![STRING_TYPE], |args| {
        Ok(CowVal::owned(CelBool::from(date("unknown", &args, 0)? == PartialDate::UNKNOWN)))
    })?;
    env.add_overload("years", "years_string_string", vec![STRING_TYPE, STRING_TYPE], |args| {
        number(day("years", &args, 0)?.years_until(day("years", &args, 1)?))
    })?;
    env.add_overload("days", "days_string_string", vec![STRING_TYPE, STRING_TYPE], |args| {
        number(day("days", &args, 0)?.days_until(day("days", &args, 1)?))
    })?;
    add_arithmetic(env)
}

fn add_arithmetic(env: &mut Env) -> Result<(), DeclarationError> {
    env.add_overload("addDays", "add_days_string_int", vec![STRING_TYPE, INT_TYPE], |args| {
        text(day("addDays", &args, 0)?.plus(integer(&args, 1)?).to_string())
    })?;
    env.add_overload("addYears", "add_years_string_int", vec![STRING_TYPE, INT_TYPE], |args| {
        text(day("addYears", &args, 0)?.plus_years(integer(&args, 1)?).to_string())
    })
}

/// The earliest day of the date at this argument.
fn day(function: &str, args: &[CowVal<'_, '_>], index: usize) -> Result<Day, ExecutionError> {
    date(function, args, index).map(PartialDate::earliest)
}

fn date(function: &str, args: &[CowVal<'_, '_>], index: usize) -> Result<PartialDate, ExecutionError> {
    let text = args
        .get(index)
        .and_then(|value| value.downcast_ref::<CelString<'_>>())
        .ok_or(ExecutionError::MissingArgumentOrTarget)?;
    text.inner().parse().map_err(|error| ExecutionError::function_error(function, error))
}

fn integer(args: &[CowVal<'_, '_>], index: usize) -> Result<i64, ExecutionError> {
    args.get(index)
        .and_then(|value| value.downcast_ref::<CelInt>())
        .map(|number| *number.inner())
        .ok_or(ExecutionError::MissingArgumentOrTarget)
}

fn text<'b, 'v>(text: String) -> Result<CowVal<'b, 'v>, ExecutionError> {
    Ok(CowVal::owned(CelString::from(text)))
}

fn number<'b, 'v>(number: i64) -> Result<CowVal<'b, 'v>, ExecutionError> {
    Ok(CowVal::owned(CelInt::from(number)))
}
