//! A walk through a tree in the order of its keys.
//!
//! The library's own iterator has something to drop, and so holds its map borrowed to the end of the block it is
//! in; this one lets go after its last use, as the standard library's do.

use immutable_chunkmap::map::NodeRef;

/// More than any tree is deep: it is balanced, and its nodes have several entries.
const DEPTH: usize = 48;

/// A walk through a tree in the order of its keys.
pub struct Walk<'a, K: Ord + Clone + 'a, V: Clone + 'a, const SIZE: usize> {
    /// The nodes whose left side is behind, the outermost first.
    above: [Option<NodeRef<'a, K, V, SIZE>>; DEPTH],
    depth: usize,
    /// How many of the innermost node's entries are behind.
    at: usize,
    left: usize,
}

impl<'a, K: Ord + Clone + 'a, V: Clone + 'a, const SIZE: usize> Walk<'a, K, V, SIZE> {
    /// From the first entry of a tree of so many.
    pub(super) fn new(root: Option<NodeRef<'a, K, V, SIZE>>, len: usize) -> Self {
        let mut walk = Self { above: [const { None }; DEPTH], depth: 0, at: 0, left: len };
        walk.descend(root);
        walk
    }

    /// Goes to the leftmost node of a tree.
    fn descend(&mut self, mut node: Option<NodeRef<'a, K, V, SIZE>>) {
        self.at = 0;
        while let Some(found) = node {
            node = found.left();
            self.above[self.depth] = Some(found);
            self.depth += 1;
        }
    }
}

impl<'a, K: Ord + Clone + 'a, V: Clone + 'a, const SIZE: usize> Iterator for Walk<'a, K, V, SIZE> {
    type Item = (&'a K, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let innermost = self.depth.checked_sub(1)?;
            let node = self.above[innermost].as_ref()?;
            if self.at < node.len() {
                self.at += 1;
                self.left = self.left.saturating_sub(1);
                return node.pairs().nth(self.at - 1);
            }
            let right = node.right();
            self.depth = innermost;
            if right.is_some() {
                self.descend(right);
            } else {
                // All of the node above is still ahead, or it would have been left already.
                self.at = 0;
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}
