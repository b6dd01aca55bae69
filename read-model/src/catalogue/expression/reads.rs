//! What an expression reads, known before it ever runs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What an expression reads: variables, and fields of the objects that it meets on its way.
///
/// `kind.moeder.geboortedatum` meets the object in the role `kind` and reads its `moeder`, then meets that object and
/// reads its `geboortedatum`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    variables: BTreeMap<String, BTreeSet<String>>,
    whole: BTreeSet<String>,
    objects: Vec<Seen>,
    fields: BTreeSet<FieldRead>,
}

/// Objects that an expression meets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Where their ids come from.
    pub origin: Origin,
    /// Their type.
    pub object_type: Arc<str>,
    /// The fields that are read of them.
    pub fields: BTreeSet<Arc<str>>,
}

/// Where an expression gets the id of an object from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The object that an effect is on, or of which a derived field is.
    This,
    /// A property of the data; a role is one.
    Data(Arc<str>),
    /// A field of objects that were met before: those with this place in [`Reads::objects`].
    Field(usize, Arc<str>),
}

/// A field as it is read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FieldRead {
    /// The type of the object.
    pub object_type: Arc<str>,
    /// The field.
    pub field: Arc<str>,
    /// Whether its periods are read, and not only its value.
    pub past: bool,
    /// Whether it is an inverse: the objects that refer to that one.
    pub back: bool,
    /// The name of the variable that stands for it.
    pub(super) variable: String,
}

impl FieldRead {
    pub(super) fn new(object_type: &Arc<str>, field: &Arc<str>, past: bool) -> Self {
        let variable = format!("@{object_type}/{field}{}", if past { "/history" } else { "" });
        Self { object_type: Arc::clone(object_type), field: Arc::clone(field), past, back: false, variable }
    }

    /// An inverse of an object type.
    pub(super) fn back(object_type: &Arc<str>, inverse: &Arc<str>) -> Self {
        Self { back: true, ..Self::new(object_type, inverse, false) }
    }
}

impl Reads {
    /// The variables, in alphabetical order.
    pub fn roots(&self) -> impl Iterator<Item = &str> {
        self.variables.keys().map(String::as_str)
    }

    /// The members read of a variable that holds a structure.
    pub(super) fn members<'a>(&'a self, root: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        self.variables.get(root).into_iter().flatten().map(String::as_str)
    }

    /// Whether the variable is read as a whole, and not only members of it.
    #[must_use]
    pub(super) fn takes_whole(&self, root: &str) -> bool {
        self.whole.contains(root)
    }

    /// The objects that it meets; each comes after those that lead to it.
    #[must_use]
    pub fn objects(&self) -> &[Seen] {
        &self.objects
    }

    /// The fields of objects that it reads, however it comes to them.
    pub(in crate::catalogue) fn fields(&self) -> impl Iterator<Item = &FieldRead> {
        self.fields.iter()
    }

    /// The fields read of the objects that a property of the data names.
    pub fn of_data<'a>(&'a self, property: &'a str) -> impl Iterator<Item = &'a Arc<str>> {
        let named = |seen: &&Seen| matches!(&seen.origin, Origin::Data(name) if **name == *property);
        self.objects.iter().filter(named).flat_map(|seen| &seen.fields)
    }

    /// The inverses that it reads of the objects that properties of the data name, each with its property.
    pub(crate) fn followed_back(&self) -> impl Iterator<Item = (&Arc<str>, &FieldRead)> {
        self.objects.iter().flat_map(|seen| {
            let property = if let Origin::Data(property) = &seen.origin { Some(property) } else { None };
            let of_seen = |read: &&FieldRead| read.back && read.object_type == seen.object_type;
            let reads = self.fields.iter().filter(of_seen).filter(|read| seen.fields.contains(&read.field));
            property.into_iter().flat_map(move |property| reads.clone().map(move |read| (property, read)))
        })
    }

    /// Whether it reads objects that a field refers to.
    #[must_use]
    pub fn follows(&self) -> bool {
        self.objects.iter().any(|seen| matches!(seen.origin, Origin::Field(..)))
    }

    /// How many references are followed one after the other to come to the objects at this place in
    /// [`objects`](Self::objects), counting what a field adds by itself.
    pub(crate) fn way_to(&self, place: usize, of_field: &impl Fn(&Arc<str>, &str) -> usize) -> usize {
        match &self.objects[place].origin {
            Origin::This | Origin::Data(_) => 0,
            Origin::Field(before, field) => {
                let by_itself = of_field(&self.objects[*before].object_type, field);
                self.way_to(*before, of_field) + by_itself + 1
            }
        }
    }

    pub(super) fn note(&mut self, root: &str) {
        self.variables.entry(root.to_owned()).or_default();
    }

    pub(super) fn note_whole(&mut self, root: &str) {
        self.note(root);
        self.whole.insert(root.to_owned());
    }

    pub(super) fn note_member(&mut self, root: &str, member: &str) {
        self.variables.entry(root.to_owned()).or_default().insert(member.to_owned());
    }

    /// Notes that a field is read of the objects that come from these origins; gives the name of the variable that
    /// stands for it, and where references in its values come from.
    pub(super) fn note_field(
        &mut self,
        origins: &BTreeSet<Origin>,
        read: FieldRead,
    ) -> (String, BTreeSet<Origin>) {
        let mut from = BTreeSet::new();
        for origin in origins {
            let place = self.place(origin, &read.object_type);
            self.objects[place].fields.insert(Arc::clone(&read.field));
            from.insert(Origin::Field(place, Arc::clone(&read.field)));
        }
        let variable = read.variable.clone();
        self.fields.insert(read);
        (variable, from)
    }

    fn place(&mut self, origin: &Origin, object_type: &Arc<str>) -> usize {
        let same = |seen: &Seen| seen.origin == *origin && seen.object_type == *object_type;
        self.objects.iter().position(same).unwrap_or_else(|| {
            self.objects.push(Seen {
                origin: origin.clone(),
                object_type: Arc::clone(object_type),
                fields: BTreeSet::new(),
            });
            self.objects.len() - 1
        })
    }
}
