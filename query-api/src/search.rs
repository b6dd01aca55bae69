//! Searching objects by what they have at two moments: a Relay connection for each view.

use std::sync::Arc;

use async_graphql::dynamic::{
    Field, FieldFuture, FieldValue, InputObject, InputValue, Object, ResolverContext, SchemaBuilder, TypeRef,
};
use async_graphql::{Result, SelectionField};
use door::{shown, shown_text};
use policy::Way;
use read_model::catalogue::{Catalogue, Search, Sought};
use read_model::event::{ObjectId, Position};
use read_model::fold::World;
use read_model::reader::Reach;

use crate::ahead::read_ahead;
use crate::arguments::{Moments, given};
use crate::concerning::Concerning;
use crate::cursor;
use crate::entitled::{Entitled, check_field};
use crate::event_page::{declare_page, first};
use crate::object::is_present;
use crate::reading::{Point, Reading, internal};
use crate::refusal::Refusal;
use crate::structure::capitalised;
use crate::surface::Surface;
use crate::types::page_info::{self, PageInfo};
use crate::types::{Plain, basis_field, text, with_plain};
use crate::value::ObjectAt;
use crate::views::{Source, View, ViewField};

/// How many objects are folded at once, at most, to see which of them have what is sought.
const AT_ONCE: usize = 200;

/// How many objects one question looks at, at most; then its page ends, and the next goes on from there.
const LOOKED_AT: usize = 2_000;

/// What its cursors are of.
const KIND: &str = "object";

/// A page of what was found.
struct Found {
    point: Point,
    objects: Vec<ObjectAt>,
    /// Whether the page begins after a cursor.
    after: bool,
    /// The last object that was looked at, where there may be more behind it.
    more_after: Option<ObjectId>,
    indexed_to: Position,
}

/// By what the objects of a view may be searched: by what it shows.
pub(crate) fn searches<'a>(catalogue: &'a Catalogue, view: &'a View) -> Vec<&'a Search> {
    let shows = |search: &&Search| {
        view.fields
            .iter()
            .any(|field| matches!(&field.source, Source::Field(name) if name == search.path.field()))
    };
    let object_type = catalogue.object_types.get(&view.object_type);
    object_type.into_iter().flat_map(|of| of.searches.values()).filter(shows).collect()
}

/// The name of the root field that searches a view.
pub(crate) fn root_name(view: &View) -> String {
    format!("search{}", capitalised(&view.many))
}

/// The root field.
pub(crate) fn root(view: &Arc<View>) -> Field {
    let searched = Arc::clone(view);
    let of = TypeRef::named_nn(format!("{}Connection", view.name));
    let field = Field::new(root_name(view), of, move |context| {
        let view = Arc::clone(&searched);
        FieldFuture::new(async move {
            resolve(&context, &view).await.map(|found| Some(FieldValue::owned_any(found)))
        })
    });
    let sought = InputValue::new("where", TypeRef::named_nn(format!("{}Search", view.name)));
    let field = field.argument(sought.description("What they have at the two moments: all of it."));
    Moments::declare(declare_page(field)).description(format!(
        "Objects of type {} with all that is sought at those moments, in the order of their ids.",
        view.object_type
    ))
}

/// The GraphQL types of a view that is searched.
pub(crate) fn register(view: &Arc<View>, catalogue: &Catalogue, builder: SchemaBuilder) -> SchemaBuilder {
    let input = InputObject::new(format!("{}Search", view.name))
        .description("What is sought: at least one of these, and all that are given.");
    let input = searches(catalogue, view).into_iter().fold(input, |input, search| {
        let field = InputValue::new(&*search.name, TypeRef::named(TypeRef::STRING));
        input.field(field.description(about(search)))
    });
    let edge_name = format!("{}Edge", view.name);
    builder.register(input).register(edge(view, &edge_name)).register(connection(view, &edge_name))
}

fn about(search: &Search) -> String {
    let how = match search.matching {
        read_model::catalogue::Matching::Exact => "The whole of it; capitals and accents make no difference.",
        read_model::catalogue::Matching::Prefix => "Its beginning; capitals and accents make no difference.",
        read_model::catalogue::Matching::Date => {
            "A date, or a partial one such as `1985-12-00`: also found are those of which it may be the date."
        }
    };
    search.description.as_ref().map_or_else(|| how.to_owned(), |description| format!("{description} {how}"))
}

const EDGE: [Plain<ObjectAt>; 1] =
    [("cursor", "String!", "Pass it on as `after` to go on from here.", |at| text(cursor(at.id)))];

const CONNECTION: [Plain<Found>; 1] = [(
    "indexedTo",
    "Position!",
    "The newest event that the search index reaches; where it is older than that of the basis, the index is being rebuilt and more may be found later.",
    |found| found.indexed_to.get().into(),
)];

fn edge(view: &View, name: &str) -> Object {
    let node = Field::new("node", TypeRef::named_nn(&*view.name), |context| {
        FieldFuture::new(async move {
            Ok(Some(FieldValue::borrowed_any(context.parent_value.try_downcast_ref::<ObjectAt>()?)))
        })
    });
    with_plain(Object::new(name), &EDGE)
        .field(node.description("The object."))
        .description("An object in a page.")
}

fn connection(view: &View, edge: &str) -> Object {
    let edges = Field::new("edges", TypeRef::named_nn_list_nn(edge), |context| {
        FieldFuture::new(async move {
            let found = context.parent_value.try_downcast_ref::<Found>()?;
            Ok(Some(FieldValue::list(found.objects.iter().cloned().map(FieldValue::owned_any))))
        })
    });
    let page_info = page_info::field(|context| {
        let found = context.parent_value.try_downcast_ref::<Found>()?;
        let last = found.more_after.or_else(|| found.objects.last().map(|object| object.id));
        Ok(PageInfo {
            more: found.more_after.is_some(),
            after: found.after,
            start: found.objects.first().map(|object| cursor(object.id)),
            end: last.map(cursor),
        })
    });
    let basis = basis_field(|context| {
        let found = context.parent_value.try_downcast_ref::<Found>()?;
        Ok(found.point.basis(None, &Surface::of(context)?.catalogue.hash))
    });
    with_plain(Object::new(format!("{}Connection", view.name)), &CONNECTION)
        .field(edges.description("What was found, each with its cursor."))
        .field(page_info)
        .field(basis)
        .description("A page of objects.")
}

async fn resolve(context: &ResolverContext<'_>, view: &View) -> Result<Found> {
    Entitled::of(context)?.view(view, Way::Found)?;
    let surface = Surface::of(context)?;
    let wanted = wanted(context, view, &surface.catalogue)?;
    let (first, after) = (first(context)?, after(context)?);
    let reading = Reading::of(context)?;
    let point = reading.point(Moments::read(context)?).await?;
    let indexed_to = indexed_to(reading, point).await?;
    let found = Found { point, objects: Vec::new(), after: after.is_some(), more_after: None, indexed_to };
    let mut found = found.filled(context, view, &wanted, after, first).await?;
    let nodes = below(&[context.ctx.field()], "edges");
    read_ahead(context, view, below(&nodes, "node"), found.objects.iter_mut().collect()).await?;
    // A rebuild may have begun meanwhile, and emptied the index.
    let indexed_to = found.indexed_to.min(self::indexed_to(reading, point).await?);
    Ok(Found { indexed_to, ..found })
}

/// The fields of this name that are asked of any of these.
fn below<'a>(fields: &[SelectionField<'a>], name: &str) -> Vec<SelectionField<'a>> {
    let of_one = |field: &SelectionField<'a>| field.selection_set().collect::<Vec<_>>();
    fields.iter().flat_map(of_one).filter(|field| field.name() == name).collect()
}

/// The newest event, of those that the answer rests on, that the index reaches.
async fn indexed_to(reading: &Reading, point: Point) -> Result<Position> {
    match reading.search_reach().await? {
        Reach::Whole => Ok(point.snapshot.position),
        Reach::UpTo(position) => Ok(position.min(point.snapshot.position)),
        Reach::Unbuilt => Err(Refusal::IndexUnbuilt.into()),
    }
}

impl Found {
    /// With the first so many after an object that have what is sought.
    async fn filled(
        mut self,
        context: &ResolverContext<'_>,
        view: &View,
        wanted: &[(&Search, Sought)],
        mut after: Option<ObjectId>,
        first: usize,
    ) -> Result<Self> {
        let (surface, reading, point) = (Surface::of(context)?, Reading::of(context)?, self.point);
        let concerning = Concerning::of(context)?;
        // Nearly all that are led to have what is sought: so many as the page holds, and more where that was too few.
        let (mut at_once, mut looked_at) = (first + 1, 0);
        while looked_at < LOOKED_AT {
            let candidates = reading.candidates(wanted, point, after, at_once).await?;
            let world = reading.world(&candidates, point).await?;
            let withholding = view.withholding(&candidates);
            let world = reading.meet(world, withholding, point).await.map_err(internal)?;
            for id in candidates.iter().filter(|id| has(&world, **id, wanted, point)) {
                if !is_present(surface, view, (*id, point), &world)? {
                    continue;
                }
                if self.objects.len() == first {
                    // There is one more than the page holds: the next begins behind the last of this one.
                    self.more_after = self.objects.last().map(|object| object.id);
                    return Ok(self);
                }
                self.objects.push(ObjectAt::shown(concerning, view, (*id, point), &world));
            }
            after = candidates.last().copied();
            if candidates.len() < at_once {
                return Ok(self);
            }
            looked_at += at_once;
            at_once = AT_ONCE.max(at_once);
        }
        self.more_after = after;
        Ok(self)
    }
}

/// Whether the object has all that is sought at the point.
fn has(world: &World, id: ObjectId, wanted: &[(&Search, Sought)], point: Point) -> bool {
    let Some(state) = world.object(id) else { return false };
    wanted.iter().all(|(search, sought)| {
        state.value(search.path.field(), point.as_of).is_some_and(|value| search.finds(&value, sought))
    })
}

/// What is sought; something is.
fn wanted<'a>(
    context: &ResolverContext<'_>,
    view: &'a View,
    catalogue: &'a Catalogue,
) -> Result<Vec<(&'a Search, Sought)>> {
    let given = given(context, "where").map(|value| value.object()).transpose()?;
    let searches = searches(catalogue, view);
    let mut wanted = Vec::new();
    for search in &searches {
        let value = given.as_ref().and_then(|given| given.get(&search.name)).filter(|value| !value.is_null());
        let Some(value) = value else { continue };
        let unfit = |message: String| Refusal::Sought {
            name: Arc::clone(&search.name),
            given: value.string().map_or_else(|_| shown(value.as_value()), shown_text),
            message,
        };
        let text = value.string().map_err(|_| unfit("write a text".to_owned()))?;
        check_searched(context, view, search)?;
        wanted.push((*search, search.sought(text).map_err(|error| unfit(error.to_string()))?));
    }
    if wanted.is_empty() {
        let there = searches.iter().map(|search| &*search.name).collect::<Vec<_>>().join(", ");
        return Err(Refusal::NothingSought { there }.into());
    }
    Ok(wanted)
}

/// By what the caller may not read, nobody is found: what is found would tell.
fn check_searched(context: &ResolverContext<'_>, view: &View, search: &Search) -> Result<()> {
    let named =
        |field: &&ViewField| matches!(&field.source, Source::Field(name) if name == search.path.field());
    let mut fields = view.fields.iter().filter(named);
    // Of a field that the view shows twice, one that may be read will do.
    let readable = fields.clone().map(|field| check_field(context, view, field)).find(Result::is_ok);
    match readable.or_else(|| fields.next().map(|field| check_field(context, view, field))) {
        Some(answer) => answer,
        None => Ok(()),
    }
}

/// Where a page begins: after this object.
fn cursor(id: ObjectId) -> String {
    cursor::write(KIND, id)
}

fn after(context: &ResolverContext<'_>) -> Result<Option<ObjectId>, Refusal> {
    let Some(value) = given(context, "after") else { return Ok(None) };
    let text = value.string().map_err(|_| Refusal::After(shown(value.as_value())))?;
    cursor::read(KIND, text).map(Some)
}
