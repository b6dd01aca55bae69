//! A schema with one field for each way in which a field can end.

use std::time::Duration;

use async_graphql::dynamic::{
    Field, FieldFuture, FieldValue, InputValue, Object, ResolverContext, Schema, TypeRef,
};
use async_graphql::{Result, Value};

use crate::{Principal, RequestId, absent_items, faults, harden};

pub(super) fn schema(development: bool) -> Schema {
    let mutation = Object::new("Mutation").field(text("count", |_| Ok("once".to_owned())));
    let schema = Schema::build("Query", Some("Mutation"), None).register(query()).register(mutation);
    harden(schema.register(thing()), development).finish().unwrap()
}

fn query() -> Object {
    Object::new("Query")
        .field(text("hello", |_| Ok("world".to_owned())))
        .field(text("caller", |context| Ok(Principal::of(context)?.source_type.clone())))
        .field(text("request", |context| Ok(context.data::<RequestId>()?.as_str().to_owned())))
        .field(text("prepared", |context| Ok((*context.data::<&'static str>()?).to_owned())))
        .field(text("leaks", |_| Err("relation \"event\" does not exist".into())))
        .field(text("fails", |_| Err(faults::internal(&std::io::Error::other("disk full")))))
        .field(text("forbids", |_| Err(faults::forbidden("only for clerks"))))
        .field(text("panics", |_| panic!("on purpose")))
        .field(Field::new("must", TypeRef::named_nn(TypeRef::STRING), |_| {
            FieldFuture::new(async { Err::<Option<Value>, _>(faults::forbidden("only for clerks")) })
        }))
        .field(slow())
        .field(double())
        .field(things("some", TypeRef::named_list("Thing")))
        .field(things("each", TypeRef::named_nn_list("Thing")))
        .field(things("all", TypeRef::named_nn_list_nn("Thing")))
}

fn text(name: &str, give: fn(&ResolverContext<'_>) -> Result<String>) -> Field {
    Field::new(name, TypeRef::named(TypeRef::STRING), move |context| {
        FieldFuture::new(async move { Ok(Some(Value::from(give(&context)?))) })
    })
}

fn slow() -> Field {
    Field::new("slow", TypeRef::named(TypeRef::STRING), |_| {
        FieldFuture::new(async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            Ok(Some(Value::from("done")))
        })
    })
}

fn double() -> Field {
    let field = Field::new("double", TypeRef::named(TypeRef::INT), |context| {
        FieldFuture::new(async move { Ok(Some(Value::from(2 * context.args.try_get("n")?.i64()?))) })
    });
    field.argument(InputValue::new("n", TypeRef::named_nn(TypeRef::INT)))
}

/// Three things, of which the second lacks what it must have, and the third is absent.
fn things(name: &str, ty: TypeRef) -> Field {
    Field::new(name, ty, |context| {
        FieldFuture::new(async move {
            absent_items(&context, [2]);
            Ok(Some(FieldValue::list([0, 1, 2].map(FieldValue::value))))
        })
    })
}

fn thing() -> Object {
    Object::new("Thing")
        .field(text("name", |_| Ok("a thing".to_owned())))
        .field(text("forbidden", |_| Err(faults::forbidden("only for clerks"))))
        .field(Field::new("must", TypeRef::named_nn(TypeRef::STRING), |context| {
            let fails = context.parent_value.as_value() == Some(&Value::from(1));
            FieldFuture::new(async move {
                if fails { Err(faults::forbidden("not this one")) } else { Ok(Some(Value::from("here"))) }
            })
        }))
}
