//! The worked example of `docs/ledger-format.md`, held to the code and the code to it.
//!
//! The numbers below were worked out by a program of a few lines in another language, from the
//! format alone. The key is the first test key of RFC 8032 section 7.1: public, so never to be
//! trusted. The parties are invented.

use super::checkpoint::{self, Checkpoint, VerifierKey};
use super::leaf::{Leaf, LeafTime};
use super::proof::Proof;
use super::record::{Slots, inner_path, record_leaf, records_root, salt};
use super::tree::{self, Frontier, Hash};
use aws_lc_rs::signature::Ed25519KeyPair;

const PAGE: &str = include_str!("../../../docs/ledger-format.md");

const NAME: &str = "ledger.example/worked";
const KEY: &str = "ledger.example/worked+faf1c1cb+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea";
const PRIVATE_KEY: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";

const RECORDS: [&str; 2] = [
    r#"{"format":"pyramid-record/1","party":"northshire-police","type":"decision"}"#,
    r#"{"format":"pyramid-record/1","party":"southmere-probation","type":"release"}"#,
];
const SALTS: [(u32, &str); 3] = [
    (0, "11a1d846c2f93fe64299d7642b93b9fcc4b6fcdda0144bfb7e11d7766439ed14"),
    (1, "f61c8286a35eebc69b467407eed580a45b4388a6a5f333adf699280317dad240"),
    (15, "ad590ab59d7ca756d97e0b41b36f0f8435abab37b209c2b162fb7af33cdd8856"),
];
const RECORD_LEAVES: [&str; 3] = [
    "381d852c04d72fb7d0c129cd563274ea43a688bf8be25c945428a43ece0af725",
    "f5e0fbb648e4b27475985f2acea5dae9cdf545dd5e6d93c5c57800cd2f472a0a",
    "02753c32389e37955aa439c3991a4417d5266acd49eea30ad893fdc3bdaf87e9",
];
const INNER_PATH: [&str; 4] = [
    "381d852c04d72fb7d0c129cd563274ea43a688bf8be25c945428a43ece0af725",
    "4b8f58c4565efa0ccce32595169cc7bd8f7783c28255d581fc660640ea2263b1",
    "1acb859336fa17d032803bc46c1e834976eb8123dce19243f0c9a5115effc7c5",
    "62c6888dce65f41b06e6e5e940e79ff981678ec594fca84f0edce314d4f7307b",
];
const ENTRY_ROOTS: [&str; 3] = [
    "e937559b831249e5733b1e2b6dd5edf23f8427c4d6aa3599810353a4a6666c25",
    "b0b08d95e8a3145b49aeb5080fffa79a23fa77bc8933f144bb2ceed09fa501e8",
    "ac62c48bd9d348cb00cc9f2a53ade288b5aae07a2899e44ec1878a2321b7a19d",
];
const TIMES: [&str; 3] = ["2026-03-02T09:00:00Z", "2026-03-02T09:00:10Z", "2026-03-02T09:00:20Z"];
const LEAF: &str = concat!(
    r#"{"format":"pyramid-leaf/1","#,
    r#""root":"b0b08d95e8a3145b49aeb5080fffa79a23fa77bc8933f144bb2ceed09fa501e8","#,
    r#""time":"2026-03-02T09:00:10Z"}"#
);
const LOG_LEAVES: [&str; 3] = [
    "6144b4ecfe95269142254aab0f456e0c77a2659785a148c1b2a7c0e8bd8f69b6",
    "13a3a476360c1a66c61d31e3184eec3ba4e4c95e281898c671682515faa67109",
    "9302efd0ef5d2a4a7d4382e96c31d82b933c649e4655619fb05f917bb21b7c5b",
];
const LOG_ROOTS: [&str; 4] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6144b4ecfe95269142254aab0f456e0c77a2659785a148c1b2a7c0e8bd8f69b6",
    "c8cfb0c2ca04057aeb88e916ef55b84007f5a4f221b4d22fa12e7bcf71fdf1d7",
    "9c58baec8ad716ee5ffc35bfe101ea411638192eb2ef99053fd3fc124753e666",
];
const NOTE: &str = "ledger.example/worked\n3\nnFi67IrXFu5f/DW/4QHqQRY4GS6y75kFP9P8EkdT5mY=\n\n\
    \u{2014} ledger.example/worked +vHBy3uso2CUFHEqN2/db/rFaa/bc9vsmDSDgSEePBF6KRyx7qwodzRd24GY\
    jk4N7U3pbDSjki2Wv+5WkWU6OjDH1AY=\n";

fn hex_of(hashes: &[Hash]) -> Vec<String> {
    hashes.iter().map(Hash::to_hex).collect()
}

/// What stands in the page's fenced block whose first line this is.
fn block(first_line: &str) -> &'static str {
    PAGE.split("```")
        .filter_map(|block| block.split_once('\n'))
        .map(|(_language, content)| content)
        .find(|content| content.lines().next() == Some(first_line))
        .unwrap()
}

#[test]
fn the_entry_has_the_numbers_worked_out_by_hand() {
    let seed = [1; 32];
    for ((slot, expected), leaf) in SALTS.into_iter().zip(RECORD_LEAVES) {
        let salt = salt(&seed, slot);
        assert_eq!(hex::encode(salt), expected, "salt of slot {slot}");
        let text = RECORDS.get(usize::try_from(slot).unwrap()).copied().unwrap_or_default();
        assert_eq!(record_leaf(&salt, text).to_hex(), leaf, "leaf of slot {slot}");
    }
    let slots = Slots::for_records(RECORDS.len()).unwrap();
    assert_eq!(hex_of(&inner_path(&seed, slots, &RECORDS, 1).unwrap()), INNER_PATH);
    let roots = [
        records_root(&[0; 32], slots, &[]).unwrap(),
        records_root(&[1; 32], slots, &RECORDS).unwrap(),
        records_root(&[2; 32], slots, &[]).unwrap(),
    ];
    assert_eq!(hex_of(&roots), ENTRY_ROOTS);
}

#[test]
fn the_log_has_the_numbers_worked_out_by_hand() {
    let mut frontier = Frontier::new();
    let mut roots = vec![frontier.root()];
    let mut hashes = Vec::new();
    for (time, root) in TIMES.into_iter().zip(ENTRY_ROOTS) {
        let time = LeafTime::parse(time).unwrap();
        let leaf = Leaf { time, root: Hash::from_hex(root).unwrap() };
        hashes.push(leaf.log_hash());
        frontier.push(leaf.log_hash()).unwrap();
        roots.push(frontier.root());
    }
    assert_eq!(Leaf::parse(LEAF).unwrap().encode(), LEAF);
    assert_eq!(hex_of(&hashes), LOG_LEAVES);
    assert_eq!(hex_of(&roots), LOG_ROOTS);
    assert_eq!(hex_of(&tree::inclusion_path(&hashes, 1).unwrap()), [LOG_LEAVES[0], LOG_LEAVES[2]]);
    assert_eq!(
        hex_of(&tree::consistency_path(&hashes, 1).unwrap()),
        [LOG_LEAVES[1], LOG_LEAVES[2]]
    );
    assert_eq!(hex_of(&tree::consistency_path(&hashes, 2).unwrap()), [LOG_LEAVES[2]]);
}

#[test]
fn the_checkpoint_has_the_bytes_worked_out_by_hand() {
    let seed = hex::decode(PRIVATE_KEY).unwrap();
    let key = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
    let verifier = VerifierKey::of(&key, NAME).unwrap();
    assert_eq!(verifier.encode(), KEY);
    let root = Hash::from_hex(LOG_ROOTS[3]).unwrap();
    let head = Checkpoint { origin: NAME.to_owned(), size: 3, root };
    assert_eq!(head.sign(&key, NAME).unwrap(), NOTE);
    assert_eq!(checkpoint::verify(NOTE, &verifier), Ok(head));
}

#[test]
fn the_proof_printed_on_the_page_holds() {
    let proof = Proof::from_json(block("{")).unwrap();
    let verified = proof.verify(&VerifierKey::parse(KEY).unwrap()).unwrap();
    assert_eq!(verified.record().text(), RECORDS[1]);
    assert_eq!((verified.index(), verified.time().to_string().as_str()), (1, TIMES[1]));
    assert_eq!(proof.checkpoint, NOTE);
    assert_eq!(proof.leaf, LEAF);
    assert_eq!(Proof::from_json(&proof.to_json()), Ok(proof));
}

#[test]
fn the_page_prints_the_same_numbers() {
    assert_eq!(block(NAME), NOTE);
    let salts = SALTS.map(|(_, salt)| salt);
    for number in [KEY, PRIVATE_KEY, LEAF]
        .into_iter()
        .chain(RECORDS)
        .chain(TIMES)
        .chain(salts)
        .chain(RECORD_LEAVES)
        .chain(INNER_PATH)
        .chain(ENTRY_ROOTS)
        .chain(LOG_LEAVES)
        .chain(LOG_ROOTS)
    {
        assert!(PAGE.contains(number), "the page lacks {number}");
    }
}
