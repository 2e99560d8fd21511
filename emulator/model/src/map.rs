//! Ordered maps and sets whose copies share what is equal, so that a copy of the whole model costs next to
//! nothing, however much is in it.
//!
//! Readers look at a copy while changes go on: a long list holds up nobody. A change to a shared map copies
//! the few nodes on the way to what it changes, and nothing at all while nobody shares them.

mod walk;

use std::borrow::Borrow;
use std::fmt;
use std::iter;
use std::ops::{Index, RangeBounds};
use std::sync::Arc;

use immutable_chunkmap::{map, set};

use self::walk::Walk;

/// How many entries lie side by side: more make look-ups faster, and changes to shared maps dearer.
const CHUNK: usize = 16;
/// The same in sets. Most sets here are small, and each has one chunk at least.
const SET_CHUNK: usize = 8;

/// A walk through a map's entries in the order of their keys.
pub type Iter<'a, K, V> = iter::Map<Walk<'a, K, Arc<V>, CHUNK>, fn((&'a K, &'a Arc<V>)) -> (&'a K, &'a V)>;
/// A walk through a map's keys in order.
pub type Keys<'a, K, V> = iter::Map<Walk<'a, K, Arc<V>, CHUNK>, fn((&'a K, &'a Arc<V>)) -> &'a K>;
/// A walk through a map's values in the order of their keys.
pub type Values<'a, K, V> = iter::Map<Walk<'a, K, Arc<V>, CHUNK>, fn((&'a K, &'a Arc<V>)) -> &'a V>;

/// A walk through a set in order.
pub struct Members<'a, K: Ord + Clone> {
    one: Option<&'a K>,
    many: Walk<'a, K, (), SET_CHUNK>,
}

/// An ordered map; see the module.
pub struct Map<K: Ord + Clone, V>(map::Map<K, Arc<V>, CHUNK>);

/// An ordered set; see the module. Most sets here have one member, and that takes no more than itself.
#[derive(Clone)]
pub struct Set<K: Ord + Clone>(Held<K>);

#[derive(Clone)]
enum Held<K: Ord + Clone> {
    One(K),
    Any(set::Set<K, SET_CHUNK>),
}

impl<K: Ord + Clone, V> Map<K, V> {
    /// An empty one.
    pub fn new() -> Self {
        Self(map::Map::new())
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A key's value.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.0.get(key).map(|value| &**value)
    }

    /// Whether a key is there.
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.0.get(key).is_some()
    }

    /// All entries in the order of their keys.
    pub fn iter(&self) -> Iter<'_, K, V> {
        self.walk().map(|(key, value)| (key, &**value))
    }

    /// All keys in order.
    pub fn keys(&self) -> Keys<'_, K, V> {
        self.walk().map(|(key, _)| key)
    }

    /// All values in the order of their keys.
    pub fn values(&self) -> Values<'_, K, V> {
        self.walk().map(|(_, value)| &**value)
    }

    /// The entries of a range of keys, in order.
    pub fn range<'a, R: RangeBounds<K> + 'a>(&'a self, range: R) -> impl Iterator<Item = (&'a K, &'a V)> {
        self.0.range(range).map(|(key, value)| (key, &**value))
    }

    fn walk(&self) -> Walk<'_, K, Arc<V>, CHUNK> {
        Walk::new(self.0.root(), self.len())
    }
}

impl<K: Ord + Clone, V: Clone> Map<K, V> {
    /// A key's value, to be changed.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.0.get_mut_cow(key).map(Arc::make_mut)
    }

    /// A key's value, to be changed; its default is put in if there is none.
    pub fn or_default(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        Arc::make_mut(self.0.get_or_default_cow(key))
    }

    /// All values, to be changed. Those that are shared are copied as they come by.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.0.iter_mut_cow().map(|(_, value)| Arc::make_mut(value))
    }

    /// Puts a value in; gives back the one that was there.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.0.insert_cow(key, Arc::new(value)).map(Arc::unwrap_or_clone)
    }

    /// Takes a value out.
    pub fn remove<Q: Ord>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.0.remove_cow(key).map(Arc::unwrap_or_clone)
    }

    /// Takes out what does not pass.
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        let mut gone = Vec::new();
        for (key, value) in self.0.iter_mut_cow() {
            if !keep(key, Arc::make_mut(value)) {
                gone.push(key.clone());
            }
        }
        for key in gone {
            self.0.remove_cow(&key);
        }
    }
}

impl<K: Ord + Clone, V> Clone for Map<K, V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K: Ord + Clone, V> Default for Map<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Ord + Clone, V: PartialEq> PartialEq for Map<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<K: Ord + Clone, V: Eq> Eq for Map<K, V> {}

impl<K: Ord + Clone + fmt::Debug, V: fmt::Debug> fmt::Debug for Map<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<'a, K: Ord + Clone, V> IntoIterator for &'a Map<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;

    fn into_iter(self) -> Iter<'a, K, V> {
        self.iter()
    }
}

impl<K: Ord + Clone, V> Index<&K> for Map<K, V> {
    type Output = V;

    fn index(&self, key: &K) -> &V {
        self.get(key).expect("the key is there")
    }
}

impl<K: Ord + Clone, V: Clone> FromIterator<(K, V)> for Map<K, V> {
    fn from_iter<T: IntoIterator<Item = (K, V)>>(entries: T) -> Self {
        let mut map = Self::new();
        for (key, value) in entries {
            map.insert(key, value);
        }
        map
    }
}

impl<K: Ord + Clone> Set<K> {
    /// An empty one.
    pub fn new() -> Self {
        Self(Held::Any(set::Set::new()))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match &self.0 {
            Held::One(_) => 1,
            Held::Any(many) => many.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether one is there.
    pub fn contains(&self, key: &K) -> bool {
        match &self.0 {
            Held::One(one) => one == key,
            Held::Any(many) => many.contains(key),
        }
    }

    /// All in order.
    pub fn iter(&self) -> Members<'_, K> {
        match &self.0 {
            Held::One(one) => Members { one: Some(one), many: Walk::new(None, 0) },
            Held::Any(many) => Members { one: None, many: Walk::new(many.root(), many.len()) },
        }
    }

    /// Puts one in; whether it was missing.
    pub fn insert(&mut self, key: K) -> bool {
        match &mut self.0 {
            Held::Any(many) if many.len() == 0 => {
                self.0 = Held::One(key);
                true
            }
            Held::Any(many) => !many.insert_cow(key),
            Held::One(one) if *one == key => false,
            Held::One(one) => {
                let mut many = set::Set::new();
                many.insert_cow(one.clone());
                many.insert_cow(key);
                self.0 = Held::Any(many);
                true
            }
        }
    }

    /// Takes one out; whether it was there.
    pub fn remove(&mut self, key: &K) -> bool {
        match &mut self.0 {
            Held::Any(many) => many.remove_cow(key),
            Held::One(one) if one == key => {
                *self = Self::new();
                true
            }
            Held::One(_) => false,
        }
    }
}

impl<'a, K: Ord + Clone> Iterator for Members<'a, K> {
    type Item = &'a K;

    fn next(&mut self) -> Option<&'a K> {
        self.one.take().or_else(|| self.many.next().map(|(key, ())| key))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.many.size_hint().0 + usize::from(self.one.is_some());
        (left, Some(left))
    }
}

impl<K: Ord + Clone> PartialEq for Set<K> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other)
    }
}

impl<K: Ord + Clone> Eq for Set<K> {}

impl<K: Ord + Clone> Default for Set<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Ord + Clone + fmt::Debug> fmt::Debug for Set<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl<'a, K: Ord + Clone> IntoIterator for &'a Set<K> {
    type Item = &'a K;
    type IntoIter = Members<'a, K>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<K: Ord + Clone> FromIterator<K> for Set<K> {
    fn from_iter<T: IntoIterator<Item = K>>(keys: T) -> Self {
        let mut set = Self::new();
        for key in keys {
            set.insert(key);
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Changes do to a map what they do to the standard library's, and never show in a copy.
        #[test]
        fn like_the_standard_map(steps in prop::collection::vec((0_u8..6, 0_u16..200, 0_u32..9), 0..300)) {
            let (mut map, mut plain) = (Map::new(), BTreeMap::new());
            let mut copies = Vec::new();
            for (step, key, value) in steps {
                match step {
                    0 | 1 => prop_assert_eq!(map.insert(key, value), plain.insert(key, value)),
                    2 => prop_assert_eq!(map.remove(&key), plain.remove(&key)),
                    3 => {
                        *map.or_default(key) += value;
                        *plain.entry(key).or_default() += value;
                    }
                    4 => {
                        map.retain(|key, held| { *held += 1; !(u32::from(*key) + *held).is_multiple_of(9) });
                        plain.retain(|key, held| { *held += 1; !(u32::from(*key) + *held).is_multiple_of(9) });
                    }
                    _ => copies.push((map.clone(), plain.clone())),
                }
                prop_assert_eq!(map.get(&key), plain.get(&key));
                prop_assert_eq!(map.len(), plain.len());
            }
            copies.push((map, plain));
            for (map, plain) in &copies {
                prop_assert!(map.iter().eq(plain.iter()));
                prop_assert!(map.range(50..90).eq(plain.range(50..90)));
                prop_assert!(map.values().eq(plain.values()));
                prop_assert!(map.keys().eq(plain.keys()));
            }
        }

        /// The same for sets.
        #[test]
        fn like_the_standard_set(steps in prop::collection::vec((any::<bool>(), 0_u16..100), 0..300)) {
            let (mut set, mut plain) = (Set::new(), BTreeSet::new());
            for (is_new, key) in steps {
                let copy = (set.clone(), plain.clone());
                if is_new {
                    prop_assert_eq!(set.insert(key), plain.insert(key));
                } else {
                    prop_assert_eq!(set.remove(&key), plain.remove(&key));
                }
                prop_assert!(copy.0.iter().eq(copy.1.iter()));
                prop_assert_eq!((set.contains(&key), set.len()), (plain.contains(&key), plain.len()));
            }
        }
    }
}
