//! The schema, put together from the catalogue and the views.

use std::sync::Arc;

use async_graphql::dynamic::{Object, Schema, SchemaBuilder, SchemaError};
use async_graphql::{Request, SDLExportOptions};
use read_model::catalogue::Catalogue;

use crate::lines::LineTypes;
use crate::structure::Structures;
use crate::subscription::Live;
use crate::surface::Surface;
use crate::views::Views;
use crate::{
    broken_rule, compare, consequences, event, event_page, lines, object, processing_records, search,
    subscription, types, what_if, work_list,
};

/// The schema that follows from what is kept and who may see it.
#[must_use]
pub fn build(catalogue: &Arc<Catalogue>, views: &Arc<Views>) -> SchemaBuilder {
    let surface = Surface { catalogue: Arc::clone(catalogue), views: Arc::clone(views) };
    let mut structures = Structures::new(catalogue);
    let mut query = Object::new("Query").description("What this F6 knows, at any moment of two time lines.");
    let mut builder = types::register(Schema::build("Query", None, Some("Subscription")));
    for view in views.views.values() {
        query = query.field(object::one(view)).field(object::many(view));
        builder = builder.register(object::object(view, &surface, &mut structures));
        if !search::searches(catalogue, view).is_empty() {
            query = query.field(search::root(view));
            builder = search::register(view, catalogue, builder);
        }
    }
    let mut line_types = LineTypes::new(&mut structures);
    for view in views.views.values().filter(|view| lines::has_lines(view)) {
        builder = builder
            .register(lines::field_enum(view))
            .register(lines::history_object(view, &mut line_types))
            .register(lines::timeline_object(view, &mut line_types));
    }
    builder = line_types.register(builder);
    let roots = [
        event::one(),
        event_page::root(),
        compare::root(),
        consequences::root(),
        what_if::root(),
        work_list::root(),
    ];
    query = roots.into_iter().chain(subscription::durable::roots()).fold(query, Object::field);
    builder = consequences::register(compare::register(builder));
    builder = what_if::register(builder, views);
    builder = work_list::objects().into_iter().fold(builder, SchemaBuilder::register);
    builder = event_page::objects()
        .into_iter()
        .fold(builder.register(event::object()).register(broken_rule::object()), SchemaBuilder::register);
    builder = subscription::register(builder, views);
    builder = subscription::durable::objects().into_iter().fold(builder, SchemaBuilder::register);
    (query, builder) = processing_records::shown(catalogue, (query, builder));
    structures.register(builder).register(query).data(surface)
}

/// Gives a request its own reading of the event store, and the way by which it may follow it.
#[must_use]
pub fn prepare(request: Request, live: &Live) -> Request {
    request.data(live.reading()).data(live.clone())
}

/// The schema as text.
///
/// # Errors
/// When the library refuses the schema.
pub fn print(catalogue: &Arc<Catalogue>, views: &Arc<Views>) -> Result<String, SchemaError> {
    let options = SDLExportOptions::new().prefer_single_line_descriptions().use_space_ident();
    Ok(build(catalogue, views).finish()?.sdl_with_options(options))
}
