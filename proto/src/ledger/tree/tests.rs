//! The tree against published vectors, against itself, and against hostile input.

use super::*;
use proptest::prelude::*;

fn hash(text: &str) -> Hash {
    Hash::from_hex(text).unwrap()
}

fn hashes(texts: &[&str]) -> Vec<Hash> {
    texts.iter().map(|text| hash(text)).collect()
}

/// The eight leaves of the Certificate Transparency project's own tree tests.
fn published_leaves() -> Vec<Hash> {
    [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ]
    .iter()
    .map(|content| leaf_hash(&hex::decode(content).unwrap()))
    .collect()
}

const PUBLISHED_ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn published_root(size: usize) -> Hash {
    hash(PUBLISHED_ROOTS[size])
}

#[test]
fn roots_are_the_published_ones() {
    let leaves = published_leaves();
    let mut frontier = Frontier::new();
    for size in 0..=8 {
        assert_eq!(root(&leaves[..size]), published_root(size), "size {size}");
        assert_eq!(frontier.root(), published_root(size), "frontier of size {size}");
        if let Some(leaf) = leaves.get(size) {
            frontier.push(*leaf).unwrap();
        }
    }
}

#[test]
fn inclusion_paths_are_the_published_ones() {
    let rows: [(u64, usize, &[&str]); 4] = [
        (0, 1, &[]),
        (
            0,
            8,
            &[
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            5,
            8,
            &[
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (2, 3, &["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    ];
    let leaves = published_leaves();
    for (index, size, texts) in rows {
        let path = hashes(texts);
        assert_eq!(inclusion_path(&leaves[..size], index), Ok(path.clone()), "{index} of {size}");
        let leaf = leaves[usize::try_from(index).unwrap()];
        let size_stated = u64::try_from(size).unwrap();
        assert_eq!(
            verify_inclusion(&leaf, index, size_stated, &path, &published_root(size)),
            Ok(())
        );
    }
}

#[test]
fn consistency_paths_are_the_published_ones() {
    let rows: [(usize, usize, &[&str]); 4] = [
        (1, 1, &[]),
        (
            1,
            8,
            &[
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            6,
            8,
            &[
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (
            2,
            5,
            &[
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ],
        ),
    ];
    let leaves = published_leaves();
    for (old, new, texts) in rows {
        let path = hashes(texts);
        let (old_size, new_size) = (u64::try_from(old).unwrap(), u64::try_from(new).unwrap());
        assert_eq!(consistency_path(&leaves[..new], old_size), Ok(path.clone()), "{old} to {new}");
        let (old_root, new_root) = (published_root(old), published_root(new));
        assert_eq!(verify_consistency(old_size, &old_root, new_size, &new_root, &path), Ok(()));
    }
}

#[test]
fn a_hash_has_one_spelling() {
    let text = PUBLISHED_ROOTS[8];
    assert_eq!(hash(text).to_hex(), text);
    assert_eq!(format!("{:?}", hash(text)), format!("Hash({text})"));
    for wrong in [text.to_uppercase(), text[..62].to_owned(), format!("{text}00"), String::new()] {
        assert_eq!(Hash::from_hex(&wrong), None, "{wrong}");
    }
}

#[test]
fn edge_sizes_are_answered_by_rule() {
    let (one, two) = (published_root(1), published_root(2));
    let empty = published_root(0);
    assert_eq!(inclusion_path(&[], 0), Err(TreeError::IndexOutsideTree));
    assert_eq!(verify_inclusion(&one, 0, 0, &[], &empty), Err(TreeError::IndexOutsideTree));
    assert_eq!(verify_inclusion(&one, 1, 1, &[], &one), Err(TreeError::IndexOutsideTree));
    assert_eq!(consistency_path(&[one], 2), Err(TreeError::OlderIsLarger));
    assert_eq!(consistency_path(&[one], 0), Ok(Vec::new()));
    let rows = [
        (0, empty, 0, empty, Vec::new(), Ok(())),
        (0, empty, 2, two, Vec::new(), Ok(())),
        (0, empty, 2, two, vec![one], Err(TreeError::PathLength)),
        (0, one, 2, two, Vec::new(), Err(TreeError::OlderRootDiffers)),
        (0, empty, 0, one, Vec::new(), Err(TreeError::NewerRootDiffers)),
        (2, two, 2, one, Vec::new(), Err(TreeError::NewerRootDiffers)),
        (2, two, 2, two, vec![one], Err(TreeError::PathLength)),
        (2, two, 1, one, Vec::new(), Err(TreeError::OlderIsLarger)),
        (1, one, 2, two, Vec::new(), Err(TreeError::PathLength)),
        (3, one, 4, two, Vec::new(), Err(TreeError::PathLength)),
    ];
    for (old_size, old_root, new_size, new_root, path, expected) in rows {
        assert_eq!(
            verify_consistency(old_size, &old_root, new_size, &new_root, &path),
            expected,
            "{old_size} to {new_size}"
        );
    }
}

#[test]
fn the_largest_sizes_are_checked_like_any_other() {
    let sibling = published_root(1);
    // The first leaf of 2^63 is always the left of two, 63 times.
    let first = (0..63).fold(sibling, |below, _| node_hash(&below, &sibling));
    let path = [sibling; 63];
    assert_eq!(verify_inclusion(&sibling, 0, 1 << 63, &path, &first), Ok(()));
    // The last leaf of 2^64 - 1 has a left neighbour at each of 63 levels, and none at the lowest.
    let last = (0..63).fold(sibling, |below, _| node_hash(&sibling, &below));
    let (index, size) = (u64::MAX - 1, u64::MAX);
    assert_eq!(verify_inclusion(&sibling, index, size, &path, &last), Ok(()));
    for length in [0, 1, 62] {
        assert_eq!(
            verify_inclusion(&sibling, index, size, &path[..length], &last),
            Err(TreeError::PathLength)
        );
    }
    for length in [65, 100_000] {
        let long = vec![sibling; length];
        assert_eq!(
            verify_inclusion(&sibling, index, size, &long, &last),
            Err(TreeError::PathLength)
        );
        assert_eq!(
            verify_consistency(size - 1, &last, size, &last, &long),
            Err(TreeError::PathLength)
        );
    }
}

#[test]
fn a_full_frontier_takes_no_more() {
    let mut bytes = u64::MAX.to_be_bytes().to_vec();
    bytes.extend([7; 64 * HASH_BYTES]);
    let mut frontier = Frontier::from_bytes(&bytes).unwrap();
    assert_eq!(frontier.push(published_root(1)), Err(TreeError::Full));
    assert_eq!(frontier.to_bytes(), bytes);
    bytes.pop();
    assert_eq!(Frontier::from_bytes(&bytes), Err(TreeError::FrontierLength));
    assert_eq!(Frontier::from_bytes(&[]), Err(TreeError::FrontierLength));
    assert_eq!(Frontier::from_bytes(&1_u64.to_be_bytes()), Err(TreeError::FrontierLength));
    assert_eq!(Frontier::from_bytes(&[0; 8]), Ok(Frontier::new()));
}

fn numbered_leaves(size: u64) -> Vec<Hash> {
    (0..size).map(|number| leaf_hash(&number.to_be_bytes())).collect()
}

fn any_hash() -> impl Strategy<Value = Hash> {
    any::<[u8; HASH_BYTES]>().prop_map(Hash::from)
}

fn flipped(hash: &Hash, byte: usize, mask: u8) -> Hash {
    let mut bytes = *hash.as_bytes();
    bytes[byte % HASH_BYTES] ^= mask;
    Hash::from(bytes)
}

proptest! {
    #[test]
    fn every_leaf_is_shown_to_be_in_its_tree_and_nowhere_else(
        (size, index) in (1_u64..600).prop_flat_map(|size| (Just(size), 0..size)),
        (byte, mask, place) in (0..HASH_BYTES, 1_u8.., any::<prop::sample::Index>()),
    ) {
        let leaves = numbered_leaves(size);
        let root = root(&leaves);
        let leaf = leaf_hash(&index.to_be_bytes());
        let path = inclusion_path(&leaves, index).unwrap();
        prop_assert_eq!(verify_inclusion(&leaf, index, size, &path, &root), Ok(()));

        let refused = |leaf: &Hash, index, size, path: &[Hash], root: &Hash| {
            verify_inclusion(leaf, index, size, path, root).is_err()
        };
        prop_assert!(refused(&flipped(&leaf, byte, mask), index, size, &path, &root));
        prop_assert!(refused(&leaf, index, size, &path, &flipped(&root, byte, mask)));
        prop_assert!(refused(&leaf, index ^ 1, size, &path, &root));
        let mut longer = path.clone();
        longer.push(root);
        prop_assert!(refused(&leaf, index, size, &longer, &root));
        if !path.is_empty() {
            prop_assert!(refused(&leaf, index, size, &path[1..], &root));
            let mut changed = path.clone();
            let hash = place.get(&path);
            changed[place.index(path.len())] = flipped(hash, byte, mask);
            prop_assert!(refused(&leaf, index, size, &changed, &root));
        }
    }

    #[test]
    fn every_tree_is_shown_to_continue_its_beginning_and_nothing_else(
        (new, old) in (0_u64..600).prop_flat_map(|new| (Just(new), 0..=new)),
        (byte, mask, place) in (0..HASH_BYTES, 1_u8.., any::<prop::sample::Index>()),
    ) {
        let leaves = numbered_leaves(new);
        let new_root = root(&leaves);
        let old_root = root(&leaves[..usize::try_from(old).unwrap()]);
        let path = consistency_path(&leaves, old).unwrap();
        prop_assert_eq!(verify_consistency(old, &old_root, new, &new_root, &path), Ok(()));

        let refused = |old_root: &Hash, new_root: &Hash, path: &[Hash]| {
            verify_consistency(old, old_root, new, new_root, path).is_err()
        };
        prop_assert!(refused(&flipped(&old_root, byte, mask), &new_root, &path));
        if old > 0 {
            prop_assert!(refused(&old_root, &flipped(&new_root, byte, mask), &path));
        }
        let mut longer = path.clone();
        longer.push(new_root);
        prop_assert!(refused(&old_root, &new_root, &longer));
        if !path.is_empty() {
            prop_assert!(refused(&old_root, &new_root, &path[1..]));
            let mut changed = path.clone();
            changed[place.index(path.len())] = flipped(place.get(&path), byte, mask);
            prop_assert!(refused(&old_root, &new_root, &changed));
        }
    }

    #[test]
    fn a_frontier_has_the_root_of_all_it_was_given(size in 0_u64..600, stored_at in 0_u64..600) {
        let leaves = numbered_leaves(size);
        let mut frontier = Frontier::new();
        for (number, leaf) in (0_u64..).zip(&leaves) {
            if number == stored_at {
                frontier = Frontier::from_bytes(&frontier.to_bytes()).unwrap();
            }
            frontier.push(*leaf).unwrap();
        }
        prop_assert_eq!(frontier.size(), size);
        prop_assert_eq!(frontier.root(), root(&leaves));
    }

    #[test]
    fn any_stored_bytes_are_read_back_exactly_or_refused(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        if let Ok(frontier) = Frontier::from_bytes(&bytes) {
            prop_assert_eq!(frontier.to_bytes(), bytes);
        }
    }

    #[test]
    fn random_claims_are_refused_without_stopping(
        (leaf, index, size) in (any_hash(), any::<u64>(), any::<u64>()),
        path in prop::collection::vec(any_hash(), 0..70),
        claimed in any_hash(),
    ) {
        prop_assert!(verify_inclusion(&leaf, index, size, &path, &claimed).is_err());
        prop_assert!(verify_consistency(index, &leaf, size, &claimed, &path).is_err());
    }
}
