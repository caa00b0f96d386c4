//! The attacker has every report there is, knows the rules and where the count began, and may be an
//! agency that knows its own part. He goes through every story that would have been published just so.
//! A figure from 1 to 4 is his when all of them agree on it.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use super::*;

/// A month of one agency's part: who came and who went.
type Flow = (u64, u64);

/// The row of a list of which each agency knows its own part.
fn row_of(parts: &[Movement]) -> Option<Row> {
    row(&parts.iter().map(|own| (*own, Movement::default())).collect::<Vec<_>>())
}

/// What is published of a list over months, from each agency's opening caseload and its flows; `None`
/// where more went than there were.
fn published(agencies: &[(u64, Vec<Flow>)]) -> Option<Vec<Option<Row>>> {
    let months = agencies.first().map_or(0, |(_, flows)| flows.len());
    let mut openings: Vec<u64> = agencies.iter().map(|(opening, _)| *opening).collect();
    let mut rows = Vec::new();
    for month in 0..months {
        let mut parts = Vec::new();
        for ((_, flows), opening) in agencies.iter().zip(&mut openings) {
            let (selected, deselected) = flows[month];
            let moved = Movement { opening: *opening, selected, deselected };
            *opening = (*opening + selected).checked_sub(deselected)?;
            parts.push(moved);
        }
        rows.push(row_of(&parts));
    }
    Some(rows)
}

/// Every story of so many months in which no flow passes `most`.
fn stories(months: u32, most: u64) -> Vec<Vec<Flow>> {
    let flows: Vec<Flow> = (0..=most).flat_map(|on| (0..=most).map(move |off| (on, off))).collect();
    (0..months).fold(vec![Vec::new()], |stories, _| {
        let longer = |story: &Vec<Flow>| {
            let story = story.clone();
            flows.iter().map(move |flow| [&story[..], &[*flow]].concat()).collect::<Vec<_>>()
        };
        stories.iter().flat_map(longer).collect()
    })
}

/// The figures of a story: flows and caseloads, month by month.
fn figures(opening: u64, story: &[Flow]) -> Vec<u64> {
    let mut caseload = opening;
    let mut all = Vec::new();
    for (on, off) in story {
        caseload = caseload + on - off;
        all.extend([*on, *off, caseload]);
    }
    all
}

/// Goes through every story of an attacker's targets beside what he knows himself, and fails where a
/// figure from 1 to 4 has one value in all that look alike. Stories at the edge of what is tried
/// are judged only by those within: `judged` is the largest flow of a story that must stand.
/// Answers how many publications differ.
fn attack(
    opening: u64,
    known: &[(u64, Vec<Flow>)],
    (months, most): (u32, u64),
    judged: u64,
) -> usize {
    let mut alike: BTreeMap<String, Vec<BTreeSet<u64>>> = BTreeMap::new();
    let mut all = Vec::new();
    for story in stories(months, most) {
        let mut agencies = known.to_vec();
        agencies.push((opening, story.clone()));
        let Some(rows) = published(&agencies) else { continue };
        let (seen, figures) = (format!("{rows:?}"), figures(opening, &story));
        let values = alike.entry(seen.clone()).or_insert(vec![BTreeSet::new(); figures.len()]);
        for (values, figure) in values.iter_mut().zip(&figures) {
            values.insert(*figure);
        }
        if story.iter().all(|(on, off)| *on <= judged && *off <= judged) {
            all.push((seen, figures));
        }
    }
    for (seen, figures) in all {
        for (values, figure) in alike[&seen].iter().zip(&figures) {
            let is_told = (1..THRESHOLD).contains(figure) && values.len() == 1;
            assert!(!is_told, "{figure} of {figures:?} from {opening}, known {known:?}: {seen}");
        }
    }
    alike.len()
}

#[test]
fn nobody_works_out_a_figure_from_one_to_four_from_the_rows_of_any_months() {
    for opening in [5, 6, 9] {
        assert!(attack(opening, &[], (3, 5), 5) > 10, "something is shown of some stories");
    }
    // From a caseload too small to be shown at first, and from none, as a register begins.
    for opening in 0..12 {
        assert!(attack(opening, &[], (2, 8), 6) > 10, "something is shown of some stories");
    }
}

#[test]
fn an_agency_that_takes_away_its_own_part_is_left_with_no_figure_from_one_to_four() {
    let own = [
        (6, vec![(0, 0), (5, 0)]),
        (9, vec![(5, 0), (0, 5)]),
        (5, vec![(3, 0), (2, 1)]),
        (20, vec![(7, 6), (0, 0)]),
    ];
    let mut publications = 0;
    for own in own {
        for opening in [0, 1, 3, 5, 6, 8] {
            publications += attack(opening, std::slice::from_ref(&own), (2, 6), 5);
        }
    }
    assert!(publications > 50, "something is shown of some stories");
}

#[test]
fn a_row_is_shown_whole_or_not_at_all_and_a_flow_of_none_is_shown() {
    let moved = |opening, selected, deselected| Movement { opening, selected, deselected };
    let shown = |selected, deselected, caseload| Some(Row { selected, deselected, caseload });
    assert_eq!(row_of(&[moved(10, 6, 0)]), shown(6, 0, 16));
    assert_eq!(row_of(&[moved(10, 0, 0)]), shown(0, 0, 10));
    // 4 is too few, 5 is enough: of those who came, who went, who are there, who were.
    assert_eq!(row_of(&[moved(10, 4, 0)]), None);
    assert_eq!(row_of(&[moved(10, 5, 0)]), shown(5, 0, 15));
    assert_eq!(row_of(&[moved(20, 0, 4)]), None);
    assert_eq!(row_of(&[moved(4, 6, 0)]), None);
    assert_eq!(row_of(&[moved(9, 0, 5)]), None);
    assert_eq!(row_of(&[moved(10, 0, 5)]), shown(0, 5, 5));
    // A list with nobody on it looks like one with a few.
    assert_eq!(row_of(&[moved(0, 0, 0)]), None);
    assert_eq!(row_of(&[]), None);
    // Twelve in all, of whom nine are one agency's: to that agency the rest would be three.
    assert_eq!(row_of(&[moved(9, 0, 0), moved(3, 0, 0)]), None);
    assert_eq!(row_of(&[moved(9, 0, 0), moved(5, 0, 0)]), shown(0, 0, 14));
    // Of probation's nine flags police placed five: to police the rest would be four.
    let nothing = moved(0, 0, 0);
    let police = |placed| (nothing, moved(placed, 0, 0));
    assert_eq!(row(&[(moved(9, 0, 0), nothing), police(5)]), None);
    assert_eq!(row(&[(moved(9, 0, 0), nothing), police(4)]), shown(0, 0, 9));
}

/// What is shown of counts in bands, of which the first agency's are known to the attacker.
fn shown(known: &[u64], counts: &[u64]) -> Spread {
    spread(&[Bands(known.to_vec()), Bands(counts.to_vec())])
}

/// Every way to put up to `most` into so many bands.
fn counts(bands: usize, most: u64) -> Vec<Vec<u64>> {
    (0..bands).fold(vec![Vec::new()], |all, _| {
        let longer = |counts: &Vec<u64>| {
            let (counts, left) = (counts.clone(), most - counts.iter().sum::<u64>());
            (0..=left).map(move |more| [&counts[..], &[more]].concat()).collect::<Vec<_>>()
        };
        all.iter().flat_map(longer).collect()
    })
}

#[test]
fn nobody_works_out_a_count_from_one_to_four_in_a_band_with_or_without_an_own_part() {
    for known in [[0, 0, 0, 0], [5, 0, 0, 0], [0, 0, 0, 7], [6, 5, 0, 0], [2, 1, 0, 4]] {
        let mut alike: BTreeMap<String, Vec<BTreeSet<u64>>> = BTreeMap::new();
        let all = counts(4, 12);
        for counts in &all {
            let seen = format!("{:?}", shown(&known, counts));
            let values = alike.entry(seen).or_insert(vec![BTreeSet::new(); 5]);
            for (values, count) in values.iter_mut().zip(counts) {
                values.insert(*count);
            }
            values[4].insert(counts.iter().sum());
        }
        for counts in &all {
            let values = &alike[&format!("{:?}", shown(&known, counts))];
            let sum = counts.iter().sum();
            for (values, count) in values.iter().zip(counts.iter().chain([&sum])) {
                let is_told = (1..THRESHOLD).contains(count) && values.len() == 1;
                assert!(!is_told, "{count} of {counts:?} beside {known:?}");
            }
        }
    }
}

#[test]
fn bands_are_shown_whole_or_not_at_all_and_a_median_over_five_or_more() {
    let spread_of = |counts: &[u64]| spread(&[Bands(counts.to_vec())]);
    let all = |total, bands: &[u64], median| Spread {
        total: Some(total),
        bands: Some(bands.to_vec()),
        median: Some(median),
    };
    assert_eq!(spread_of(&[4, 0, 0]), Spread::default());
    assert_eq!(spread_of(&[0, 0, 0]), Spread::default());
    assert_eq!(spread_of(&[5, 0, 0]), all(5, &[5, 0, 0], 0));
    assert_eq!(spread_of(&[5, 0, 6]), all(11, &[5, 0, 6], 2));
    assert_eq!(spread_of(&[5, 0, 5]), all(10, &[5, 0, 5], 0));
    let only_total = Spread { total: Some(9), bands: None, median: Some(0) };
    assert_eq!(spread_of(&[5, 4, 0]), only_total);
    assert_eq!([part(0, 9), part(4, 9), part(5, 9), part(5, 10)], [Some(0), None, None, Some(5)]);
}

/// Numbers drawn from a seed (SplitMix64).
struct Draws(u64);

impl Draws {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// A change of a flow: of an agency, in a month, of who came or of who went.
type Step = (usize, usize, bool);

/// Stories that differ from given ones in two flows by one person each, which come or go in one month or
/// in two that follow one another, at one agency or at two, none of them the attacker; or in one flow of
/// the last month.
fn neighbours(
    agencies: &[(u64, Vec<Flow>)],
    attacker: Option<usize>,
) -> Vec<Vec<(u64, Vec<Flow>)>> {
    let months = agencies[0].1.len();
    let others = || (0..agencies.len()).filter(|place| Some(*place) != attacker);
    let mut pairs: Vec<[Step; 2]> = Vec::new();
    for (one, other, month) in others()
        .flat_map(|one| others().map(move |other| (one, other)))
        .flat_map(|(one, other)| (0..months).map(move |month| (one, other, month)))
    {
        pairs.push([(one, month, true), (other, month, false)]);
        if month + 1 < months {
            pairs.push([(one, month, true), (other, month + 1, false)]);
            pairs.push([(one, month, false), (other, month + 1, true)]);
        }
    }
    let step = |agencies: &mut Vec<(u64, Vec<Flow>)>, (place, month, came): Step, more: bool| {
        let flow = &mut agencies[place].1[month];
        let count = if came { &mut flow.0 } else { &mut flow.1 };
        *count = if more { Some(*count + 1) } else { count.checked_sub(1) }?;
        Some(())
    };
    let both = |pair: [Step; 2], more: bool| {
        let mut changed = agencies.to_vec();
        pair.into_iter().try_for_each(|one| step(&mut changed, one, more))?;
        Some(changed)
    };
    // In the last month one alone: nothing follows that it would have to agree with.
    let last = others().flat_map(|place| [(place, months - 1, true), (place, months - 1, false)]);
    let alone = last.flat_map(|one| {
        [true, false].map(|more| {
            let mut changed = agencies.to_vec();
            step(&mut changed, one, more).map(|()| changed)
        })
    });
    let pairs = pairs.iter().flat_map(|pair| [both(*pair, true), both(*pair, false)]);
    pairs.chain(alone).flatten().collect()
}

/// The story of all agencies but one together, and how many there were at first.
fn together(agencies: &[(u64, Vec<Flow>)], without: Option<usize>) -> (u64, Vec<Flow>) {
    let mut sum = (0, vec![(0, 0); agencies[0].1.len()]);
    for (_, (opening, story)) in
        agencies.iter().enumerate().filter(|(place, _)| Some(*place) != without)
    {
        sum.0 += opening;
        for (sum, flow) in sum.1.iter_mut().zip(story) {
            *sum = (sum.0 + flow.0, sum.1 + flow.1);
        }
    }
    sum
}

#[test]
fn over_months_of_three_agencies_another_story_always_fits() {
    let seed = RandomState::new().build_hasher().finish();
    eprintln!("seed {seed}");
    let mut draws = Draws(seed);
    let (mut judged, mut rows_shown) = (0, 0);
    for _ in 0..150 {
        let agencies: Vec<(u64, Vec<Flow>)> = (0..3)
            .map(|_| {
                let is_quiet = draws.below(3) == 0;
                let opening = draws.below(30);
                let mut flow = |most: u64| {
                    if is_quiet || draws.below(3) > 0 { 0 } else { draws.below(most) }
                };
                (opening, (0..6).map(|_| (flow(14), flow(9))).collect())
            })
            .collect();
        let Some(rows) = published(&agencies) else { continue };
        rows_shown += rows.iter().flatten().count();
        // Somebody outside, and each agency, which knows its own part.
        for attacker in [None, Some(0), Some(1), Some(2)] {
            let (opening, story) = together(&agencies, attacker);
            let own = figures(opening, &story);
            let mut values: Vec<BTreeSet<u64>> = own.iter().map(|one| [*one].into()).collect();
            for other in neighbours(&agencies, attacker) {
                if published(&other).as_ref() == Some(&rows) {
                    let (opening, story) = together(&other, attacker);
                    for (values, figure) in values.iter_mut().zip(figures(opening, &story)) {
                        values.insert(figure);
                    }
                }
            }
            for (values, figure) in values.iter().zip(&own) {
                judged += usize::from((1..THRESHOLD).contains(figure));
                let is_told = (1..THRESHOLD).contains(figure) && values.len() == 1;
                assert!(
                    !is_told,
                    "seed {seed}: {figure} of {agencies:?} to {attacker:?}: {rows:?}"
                );
            }
        }
    }
    assert!(judged > 200 && rows_shown > 20, "{judged} figures, {rows_shown} rows");
}
