//! Maps and sets like those of the standard library, by a hash that is quicker for ids and names.
//!
//! It is keyed at random in each process: ids come from outside, and who chooses them cannot make them collide.

/// A map by `ahash`.
pub type HashMap<K, V> = std::collections::HashMap<K, V, ahash::RandomState>;

/// A set by `ahash`.
pub type HashSet<T> = std::collections::HashSet<T, ahash::RandomState>;

/// A map in the order of insertion, by `ahash`.
pub type IndexMap<K, V> = indexmap::IndexMap<K, V, ahash::RandomState>;
