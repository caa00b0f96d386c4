//! The log's hashes in tiles of 256, and the proofs built from them.
//!
//! Keeps only the right edge in memory. A tile of level L holds the roots of complete
//! subtrees of 256^L leaves (C2SP tlog-tiles, height 8). Hashing is `proto::ledger`'s.

use std::collections::BTreeMap;

use proto::ledger::tree::{Frontier, Hash, TreeError, root};

/// Hashes in a full tile.
pub const TILE_HASHES: usize = 256;
const TILE_HEIGHT: u32 = 8;

/// Where a tile stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    /// Level, 0 for leaf hashes.
    pub level: u8,
    /// Place in its level.
    pub index: u64,
}

/// The growing edge of the log.
#[derive(Clone, Default)]
pub struct Edge {
    frontier: Frontier,
    /// The last, unfinished tile of each level.
    open: Vec<Vec<Hash>>,
}

impl Edge {
    /// The edge of a log whose unfinished tiles are known.
    ///
    /// # Errors
    /// The frontier's bytes are not a frontier.
    pub fn load(frontier: &[u8], open: Vec<Vec<Hash>>) -> Result<Self, TreeError> {
        Ok(Self { frontier: Frontier::from_bytes(frontier)?, open })
    }

    /// Leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// Root.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.frontier.root()
    }

    /// The frontier as it is stored.
    #[must_use]
    pub fn frontier(&self) -> Vec<u8> {
        self.frontier.to_bytes()
    }

    /// Adds a leaf and notes every tile that it fills. Those that stay open are
    /// [`Edge::open_tiles`]: whoever adds many leaves writes each of them once.
    ///
    /// # Errors
    /// The log is full.
    pub fn push(
        &mut self,
        leaf: Hash,
        filled: &mut BTreeMap<TileId, Vec<Hash>>,
    ) -> Result<(), TreeError> {
        let mut index = self.frontier.size();
        self.frontier.push(leaf)?;
        let mut hash = leaf;
        for level in 0u8.. {
            let tile_index = index >> TILE_HEIGHT;
            while self.open.len() <= usize::from(level) {
                self.open.push(Vec::new());
            }
            let Some(open) = self.open.get_mut(usize::from(level)) else { break };
            open.push(hash);
            if open.len() < TILE_HASHES {
                break;
            }
            hash = root(open);
            filled.insert(TileId { level, index: tile_index }, std::mem::take(open));
            index = tile_index;
        }
        Ok(())
    }

    /// The last, unfinished tile of each level that has one.
    pub fn open_tiles(&self) -> impl Iterator<Item = (TileId, Vec<Hash>)> {
        (0u8..).zip(&self.open).filter(|(_, open)| !open.is_empty()).map(|(level, open)| {
            let width = TILE_HEIGHT * (u32::from(level) + 1);
            let index = self.frontier.size().checked_shr(width).unwrap_or(0);
            (TileId { level, index }, open.clone())
        })
    }
}

/// Reads tiles; the store implements it.
pub trait Tiles {
    /// Why a tile could not be read.
    type Error: From<TileMissing>;
    /// The hashes of a tile, all that there are.
    ///
    /// # Errors
    /// The store's own.
    fn tile(&self, id: TileId) -> Result<Vec<Hash>, Self::Error>;
}

/// The log's tiles do not reach as far as the proof needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a tile of the ledger is missing or short")]
pub struct TileMissing;

/// The inclusion path of a leaf in the log of the first `size` leaves (RFC 9162 2.1.3).
///
/// # Errors
/// A tile is missing, or the index lies outside.
pub fn inclusion<T: Tiles + ?Sized>(
    tiles: &T,
    index: u64,
    size: u64,
) -> Result<Vec<Hash>, T::Error> {
    if index >= size {
        return Err(TileMissing.into());
    }
    let mut path = Vec::new();
    let (mut low, mut high) = (0, size);
    while high - low > 1 {
        let split = low + largest_power_below(high - low);
        if index < split {
            path.push(range(tiles, split, high)?);
            high = split;
        } else {
            path.push(range(tiles, low, split)?);
            low = split;
        }
    }
    path.reverse();
    Ok(path)
}

/// The consistency path from `old` to `new` leaves (RFC 9162 2.1.4).
///
/// # Errors
/// A tile is missing, or `old` is larger than `new`.
pub fn consistency<T: Tiles + ?Sized>(
    tiles: &T,
    old: u64,
    new: u64,
) -> Result<Vec<Hash>, T::Error> {
    if old > new {
        return Err(TileMissing.into());
    }
    if old == 0 || old == new {
        return Ok(Vec::new());
    }
    let mut path = Vec::new();
    let (mut low, mut high, mut whole) = (0, new, true);
    while high != old {
        let split = low + largest_power_below(high - low);
        if old <= split {
            path.push(range(tiles, split, high)?);
            high = split;
        } else {
            path.push(range(tiles, low, split)?);
            low = split;
            whole = false;
        }
    }
    if !whole {
        path.push(range(tiles, low, high)?);
    }
    path.reverse();
    Ok(path)
}

/// The root over a range that a proof's recursion reaches.
fn range<T: Tiles + ?Sized>(tiles: &T, low: u64, high: u64) -> Result<Hash, T::Error> {
    let count = high - low;
    if count.is_power_of_two() {
        return node(tiles, count.trailing_zeros(), low >> count.trailing_zeros());
    }
    let split = low + largest_power_below(count);
    let left = range(tiles, low, split)?;
    let right = range(tiles, split, high)?;
    Ok(proto::ledger::tree::node_hash(&left, &right))
}

/// A complete subtree's root: `2^height` leaves, the `index`-th of its height.
fn node<T: Tiles + ?Sized>(tiles: &T, height: u32, index: u64) -> Result<Hash, T::Error> {
    let level = height / TILE_HEIGHT;
    let width = 1u64 << (height % TILE_HEIGHT);
    let first = index * width;
    let level = u8::try_from(level).map_err(|_| TileMissing)?;
    let tile = tiles.tile(TileId { level, index: first >> TILE_HEIGHT })?;
    let start = usize::try_from(first % TILE_HASHES as u64).map_err(|_| TileMissing)?;
    let end = start + usize::try_from(width).map_err(|_| TileMissing)?;
    tile.get(start..end).map(root).ok_or_else(|| TileMissing.into())
}

fn largest_power_below(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}

#[cfg(test)]
mod tests {
    use proto::ledger::tree::{leaf_hash, verify_consistency, verify_inclusion};

    use super::*;

    struct Kept(BTreeMap<TileId, Vec<Hash>>);

    impl Tiles for Kept {
        type Error = TileMissing;
        fn tile(&self, id: TileId) -> Result<Vec<Hash>, TileMissing> {
            self.0.get(&id).cloned().ok_or(TileMissing)
        }
    }

    #[test]
    fn proofs_from_tiles_satisfy_the_verifier_at_sizes_around_the_tile_edges() {
        let (mut edge, mut tiles, mut roots) = (Edge::default(), BTreeMap::new(), Vec::new());
        roots.push(Hash::of_empty_tree());
        let leaf = |n: u64| leaf_hash(&n.to_be_bytes());
        for n in 0..66_000u64 {
            edge.push(leaf(n), &mut tiles).unwrap();
            roots.push(edge.root());
        }
        tiles.extend(edge.open_tiles());
        let tiles = Kept(tiles);
        for size in [1u64, 2, 3, 255, 256, 257, 511, 513, 65_535, 65_536, 65_537, 66_000] {
            let root = roots[usize::try_from(size).unwrap()];
            for index in [0, size / 3, size / 2, size - 1] {
                let path = inclusion(&tiles, index, size).unwrap();
                verify_inclusion(&leaf(index), index, size, &path, &root).unwrap();
            }
            for old in [1, size / 2, size - 1, size].into_iter().filter(|old| *old > 0) {
                let path = consistency(&tiles, old, size).unwrap();
                let old_root = roots[usize::try_from(old).unwrap()];
                verify_consistency(old, &old_root, size, &root, &path).unwrap();
            }
        }
    }
}
