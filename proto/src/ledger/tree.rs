//! The Merkle tree of RFC 6962: hashes, roots, paths and their verification.
//!
//! Owns: SHA-256 leaf and node hashing, the tree's shape, inclusion and consistency paths built
//! from a whole list of leaves, their verification, and the [`Frontier`] for growing without one.
//! Promises: verification looks at no more than [`PATH_LENGTH_MAX`] hashes, whatever sizes and
//! indexes it is told, and each pair of index and size has exactly one acceptable path length.
//! Deliberately does not know: what a leaf holds, or who signs a root.
//!
//! Source: RFC 6962 section 2.1 (shape and paths), RFC 9162 sections 2.1.3.2 and 2.1.4.2
//! (verification).

mod frontier;
#[cfg(test)]
mod tests;

pub use frontier::Frontier;

use aws_lc_rs::digest;
use std::fmt;

/// The longest path a tree can need, in hashes: a size is 64 bits.
pub const PATH_LENGTH_MAX: usize = 64;

/// Length of a hash, in bytes.
pub const HASH_BYTES: usize = 32;

const LEAF_PREFIX: u8 = 0x00;
const NODE_PREFIX: u8 = 0x01;
/// A leaf of at most so many bytes, prefix included, is hashed in one call.
const SHORT_LEAF_BYTES: usize = 128;

/// A SHA-256 hash: of a leaf, of an inner node, or a root.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash([u8; HASH_BYTES]);

impl Hash {
    /// The root of a tree without leaves: SHA-256 of nothing (RFC 6962 section 2.1).
    #[must_use]
    pub fn of_empty_tree() -> Self {
        sha256(&[])
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; HASH_BYTES] {
        &self.0
    }

    /// 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex::encode(self.0)
    }

    /// Reads exactly 64 lower-case hexadecimal digits; anything else is `None`.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        super::bytes_from_lower_hex(text).map(Self)
    }
}

impl From<[u8; HASH_BYTES]> for Hash {
    fn from(bytes: [u8; HASH_BYTES]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.to_hex())
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Hash({self})")
    }
}

/// Why a tree operation was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// The index is not below the size.
    #[error("the index is not inside the tree")]
    IndexOutsideTree,
    /// The older size is above the newer one.
    #[error("the older tree is larger than the newer one")]
    OlderIsLarger,
    /// The path has more, or fewer, hashes than this index and size need.
    #[error("the path has the wrong length for these sizes")]
    PathLength,
    /// Path and leaf lead to another root than the one given.
    #[error("the path leads to another root")]
    RootDiffers,
    /// The path does not lead to the older root given.
    #[error("the path leads to another root for the older tree")]
    OlderRootDiffers,
    /// The path does not lead to the newer root given.
    #[error("the path leads to another root for the newer tree")]
    NewerRootDiffers,
    /// The tree already has 2^64 - 1 leaves.
    #[error("the tree is full")]
    Full,
    /// A stored frontier does not have the length its size calls for.
    #[error("the stored frontier has the wrong length for its size")]
    FrontierLength,
}

fn sha256(bytes: &[u8]) -> Hash {
    let mut hash = [0; HASH_BYTES];
    hash.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    Hash(hash)
}

/// The hash of a leaf given in parts: SHA-256(0x00 || parts joined).
#[must_use]
pub fn leaf_hash_of_parts(parts: &[&[u8]]) -> Hash {
    let length = 1 + parts.iter().map(|part| part.len()).sum::<usize>();
    let mut short = [0; SHORT_LEAF_BYTES];
    if let Some(content) = short.get_mut(..length) {
        // Most leaves are empty slots: one call is cheaper than a context for them.
        let mut room: &mut [u8] = content;
        for part in std::iter::once(&[LEAF_PREFIX][..]).chain(parts.iter().copied()) {
            let (here, rest) = room.split_at_mut(part.len());
            here.copy_from_slice(part);
            room = rest;
        }
        return sha256(content);
    }
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(&[LEAF_PREFIX]);
    for part in parts {
        context.update(part);
    }
    let mut hash = [0; HASH_BYTES];
    hash.copy_from_slice(context.finish().as_ref());
    Hash(hash)
}

/// The hash of a leaf: SHA-256(0x00 || content). RFC 6962 section 2.1.
#[must_use]
pub fn leaf_hash(content: &[u8]) -> Hash {
    leaf_hash_of_parts(&[content])
}

/// The hash of an inner node: SHA-256(0x01 || left || right). RFC 6962 section 2.1.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut content = [NODE_PREFIX; 1 + 2 * HASH_BYTES];
    let (_, children) = content.split_at_mut(1);
    let (first, second) = children.split_at_mut(HASH_BYTES);
    first.copy_from_slice(&left.0);
    second.copy_from_slice(&right.0);
    sha256(&content)
}

/// Where a tree of two or more leaves divides: the largest power of two below its size.
fn left_size(size: usize) -> usize {
    let last = size.saturating_sub(1).max(1);
    1 << last.ilog2()
}

/// The root over a whole list of leaf hashes.
///
/// Bound:  hashes each leaf's ancestors once, in time linear in the list.
/// Source: RFC 6962 section 2.1, `MTH`.
#[must_use]
pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::of_empty_tree(),
        [only] => *only,
        several => {
            let (left, right) = several.split_at(left_size(several.len()));
            node_hash(&root(left), &root(right))
        }
    }
}

/// The path from one leaf to the root, lowest hash first.
///
/// Bound:   linear in the number of leaves; the path has at most [`PATH_LENGTH_MAX`] hashes.
/// Refuses: `IndexOutsideTree`.
/// Source:  RFC 6962 section 2.1.1, `PATH`.
pub fn inclusion_path(leaves: &[Hash], index: u64) -> Result<Vec<Hash>, TreeError> {
    let mut place = usize::try_from(index).map_err(|_| TreeError::IndexOutsideTree)?;
    if place >= leaves.len() {
        return Err(TreeError::IndexOutsideTree);
    }
    let mut path = Vec::new();
    let mut subtree = leaves;
    while subtree.len() > 1 {
        let middle = left_size(subtree.len());
        let (left, right) = subtree.split_at(middle);
        if place < middle {
            path.push(root(right));
            subtree = left;
        } else {
            path.push(root(left));
            subtree = right;
            place -= middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// Checks that a leaf hash stands at `index` in the tree of `size` leaves with this root.
///
/// Promise: accepts exactly the path that [`inclusion_path`] builds, and no other.
/// Bound:   reads at most [`PATH_LENGTH_MAX`] hashes; any `index` and `size` are safe.
/// Refuses: `IndexOutsideTree`, `PathLength`, `RootDiffers`.
/// Source:  RFC 9162 section 2.1.3.2.
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    path: &[Hash],
    root: &Hash,
) -> Result<(), TreeError> {
    if index >= size {
        return Err(TreeError::IndexOutsideTree);
    }
    if path.len() > PATH_LENGTH_MAX {
        return Err(TreeError::PathLength);
    }
    let mut place = index;
    let mut last = size - 1;
    let mut hash = *leaf;
    for sibling in path {
        if last == 0 {
            return Err(TreeError::PathLength);
        }
        hash = climb(&hash, sibling, &mut place, &mut last).0;
    }
    if last != 0 {
        return Err(TreeError::PathLength);
    }
    if hash == *root { Ok(()) } else { Err(TreeError::RootDiffers) }
}

/// Joins a node with the next hash of its path and moves up to the level where the next one
/// stands. Says whether that hash stood on the left.
///
/// A last node without a sibling of its own rises unchanged, so levels without one are skipped.
fn climb(node: &Hash, sibling: &Hash, place: &mut u64, last: &mut u64) -> (Hash, bool) {
    let sibling_is_left = *place & 1 == 1 || place == last;
    let joined = if sibling_is_left {
        while *place & 1 == 0 && *place != 0 {
            *place >>= 1;
            *last >>= 1;
        }
        node_hash(sibling, node)
    } else {
        node_hash(node, sibling)
    };
    *place >>= 1;
    *last >>= 1;
    (joined, sibling_is_left)
}

/// The path that shows the tree of the first `old` leaves to be the beginning of the whole.
///
/// Promise: empty when `old` is 0 (every tree continues the empty one) or the whole size.
/// Bound:   linear in the number of leaves; at most [`PATH_LENGTH_MAX`] hashes.
/// Refuses: `OlderIsLarger`.
/// Source:  RFC 6962 section 2.1.2, `PROOF`.
pub fn consistency_path(leaves: &[Hash], old: u64) -> Result<Vec<Hash>, TreeError> {
    let mut kept = usize::try_from(old).map_err(|_| TreeError::OlderIsLarger)?;
    if kept > leaves.len() {
        return Err(TreeError::OlderIsLarger);
    }
    let mut path = Vec::new();
    if kept == 0 {
        return Ok(path);
    }
    let mut subtree = leaves;
    let mut is_whole_old_tree = true;
    while kept < subtree.len() {
        let middle = left_size(subtree.len());
        let (left, right) = subtree.split_at(middle);
        if kept <= middle {
            path.push(root(right));
            subtree = left;
        } else {
            path.push(root(left));
            subtree = right;
            kept -= middle;
            is_whole_old_tree = false;
        }
    }
    if !is_whole_old_tree {
        // Otherwise this is the old root, which the verifier has already.
        path.push(root(subtree));
    }
    path.reverse();
    Ok(path)
}

/// Checks that a newer tree begins with exactly the leaves of an older one.
///
/// Promise: accepts exactly the path that [`consistency_path`] builds. An older tree of no leaves
///          needs an empty path and the empty root; equal sizes need an empty path and equal roots.
/// Bound:   reads at most [`PATH_LENGTH_MAX`] hashes; any sizes are safe.
/// Refuses: `OlderIsLarger`, `PathLength`, `OlderRootDiffers`, `NewerRootDiffers`.
/// Source:  RFC 9162 section 2.1.4.2.
pub fn verify_consistency(
    old_size: u64,
    old_root: &Hash,
    new_size: u64,
    new_root: &Hash,
    path: &[Hash],
) -> Result<(), TreeError> {
    if old_size > new_size {
        return Err(TreeError::OlderIsLarger);
    }
    if old_size == 0 && *old_root != Hash::of_empty_tree() {
        return Err(TreeError::OlderRootDiffers);
    }
    if old_size == new_size && old_root != new_root {
        return Err(TreeError::NewerRootDiffers);
    }
    if old_size == 0 || old_size == new_size {
        return if path.is_empty() { Ok(()) } else { Err(TreeError::PathLength) };
    }
    if path.len() > PATH_LENGTH_MAX {
        return Err(TreeError::PathLength);
    }
    let mut place = old_size - 1;
    let mut last = new_size - 1;
    while place & 1 == 1 {
        place >>= 1;
        last >>= 1;
    }
    // An old size that is a power of two is one node of the new tree: the verifier has it.
    let (first, rest) = match (old_size.is_power_of_two(), path.split_first()) {
        (true, _) => (old_root, path),
        (false, Some((first, rest))) => (first, rest),
        (false, None) => return Err(TreeError::PathLength),
    };
    let mut old_hash = *first;
    let mut new_hash = *first;
    for sibling in rest {
        if last == 0 {
            return Err(TreeError::PathLength);
        }
        let (joined, sibling_is_left) = climb(&new_hash, sibling, &mut place, &mut last);
        if sibling_is_left {
            old_hash = node_hash(sibling, &old_hash);
        }
        new_hash = joined;
    }
    if last != 0 {
        return Err(TreeError::PathLength);
    }
    if old_hash != *old_root {
        return Err(TreeError::OlderRootDiffers);
    }
    if new_hash == *new_root { Ok(()) } else { Err(TreeError::NewerRootDiffers) }
}
