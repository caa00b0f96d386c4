//! A country's directory and bundle: many regions, each with agencies and agreements of its own.
//!
//! Owns how they are made: the shipped directory and bundle are copied region by region, under
//! ids of that region, so that every rule is one that operators really wrote; the prisons, the
//! courts, the prosecution and the operators are everybody's. Promises that they went through
//! the broker's own readers, which check every rule. Deliberately does not know what is asked.

use std::sync::Arc;

use broker::directory::{Directory, document};
use broker::policy::{Bundle, BundleError, BundleFile};
use demo::stage::{Script, StageError};
use toml::{Table, Value};

/// Agencies of the directory.
pub const AGENCIES: usize = 200;
/// Rules at least, those of the platform included.
pub const RULES_MIN: usize = 500;
/// Agencies there are one of.
const NATIONAL: [&str; 4] = ["hmpps-prisons", "hmcts", "cps-north-west", "pyramid-operations"];
/// Agreements that every region has, before those that only some have.
const FIRST: [&str; 4] = [
    "agreements/release-alerts.toml",
    "agreements/mappa-greater-manchester.toml",
    "agreements/intelligence-sharing.toml",
    "agreements/stockport-iom.toml",
];

/// A directory and its rules.
pub struct Rulebook {
    /// Directory.
    pub directory: Directory,
    /// Rules.
    pub bundle: Arc<Bundle>,
    /// Regions that have agencies of every kind.
    pub regions: usize,
}

/// Makes it.
///
/// # Errors
/// The shipped files cannot be read, or a reader refuses what was made of them.
pub fn national() -> Result<Rulebook, StageError> {
    let script = Script::shipped()?;
    let (document, regions, local) = country(&script.directory)?;
    let directory = document::read(&document)?;
    let mut files = Vec::new();
    let mut rules = read(&files, &directory)?.rules();
    'all: for (path, text) in in_order(&script.bundle) {
        let of_file = count(path, text)?;
        for region in 0..regions {
            if rules >= RULES_MIN {
                break 'all;
            }
            files.push(regional(path, text, region, &local)?);
            rules += of_file;
        }
    }
    let bundle = Arc::new(read(&files, &directory)?);
    Ok(Rulebook { directory, bundle, regions })
}

fn read(files: &[BundleFile], directory: &Directory) -> Result<Bundle, StageError> {
    Bundle::read(files, directory).map_err(|BundleError::Faulty(faults)| {
        let first = faults.first().map(|fault| format!("{}: {}", fault.path, fault.rule));
        first.unwrap_or_default().into()
    })
}

/// An id in a region.
pub fn in_region(id: &str, region: usize) -> String {
    if NATIONAL.contains(&id) { id.to_owned() } else { format!("{id}-r{region:02}") }
}

/// Agencies' own rules, then the agreements that every region has, then the others.
fn in_order(bundle: &[(String, String)]) -> Vec<(&str, &str)> {
    let mut files: Vec<(&str, &str)> =
        bundle.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    files.sort_by_key(|(path, _)| {
        let first = FIRST.iter().position(|first| first == path).unwrap_or(FIRST.len());
        (path.starts_with("agreements/"), first, *path)
    });
    files
}

/// Rules that a file adds.
fn count(path: &str, text: &str) -> Result<usize, StageError> {
    if path.ends_with(".cedar") {
        return Ok(text.matches("@id(").count());
    }
    let agreement: Table = toml::from_str(text)?;
    Ok(agreement.get("permit").and_then(Value::as_array).map_or(0, Vec::len))
}

/// A file of the bundle as a region has it.
fn regional(
    path: &str,
    text: &str,
    region: usize,
    local: &[String],
) -> Result<BundleFile, StageError> {
    let (folder, name) = path.split_once('/').ok_or("a file of a bundle is in a folder")?;
    let (name, ending) = name.split_once('.').ok_or("a file of a bundle has an ending")?;
    let path = format!("{folder}/{}.{ending}", in_region(name, region));
    if ending == "cedar" {
        let quoted = |id: &str| format!("\"{id}\"");
        let text = local.iter().fold(text.to_owned(), |text, id| {
            text.replace(&quoted(id), &quoted(&in_region(id, region)))
        });
        return Ok(BundleFile { path, text });
    }
    let mut agreement: Table = toml::from_str(text)?;
    rename(&mut agreement, "id", region);
    for party in tables(&mut agreement, "party") {
        rename(party, "agency", region);
    }
    for permit in tables(&mut agreement, "permit") {
        for side in ["from", "to"] {
            let agencies = permit.get_mut(side).and_then(|side| side.get_mut("agencies"));
            for agency in agencies.and_then(Value::as_array_mut).into_iter().flatten() {
                let renamed = agency.as_str().map(|id| in_region(id, region));
                *agency = Value::String(renamed.unwrap_or_default());
            }
        }
    }
    Ok(BundleFile { path, text: toml::to_string(&agreement)? })
}

fn rename(table: &mut Table, key: &str, region: usize) {
    if let Some(Value::String(id)) = table.get_mut(key) {
        *id = in_region(id, region);
    }
}

fn tables<'a>(table: &'a mut Table, key: &str) -> impl Iterator<Item = &'a mut Table> {
    let rows = table.get_mut(key).and_then(Value::as_array_mut).into_iter().flatten();
    rows.filter_map(Value::as_table_mut)
}

/// The directory, how many regions are whole, and the ids that are local.
fn country(shipped: &str) -> Result<(String, usize, Vec<String>), StageError> {
    let mut document: Table = toml::from_str(shipped)?;
    // No question here is about a programme.
    document.remove("programme");
    let take = |document: &mut Table, key: &str| match document.remove(key) {
        Some(Value::Array(rows)) => rows,
        Some(_) | None => Vec::new(),
    };
    let (areas, agencies) = (take(&mut document, "area"), take(&mut document, "agency"));
    let id = |agency: &Value| agency.get("id").and_then(Value::as_str).map(str::to_owned);
    let is_national = |agency: &Value| id(agency).is_some_and(|id| NATIONAL.contains(&&*id));
    let (mut all, local): (Vec<Value>, Vec<Value>) = agencies.into_iter().partition(is_national);
    for agency in all.iter_mut().filter_map(Value::as_table_mut) {
        agency.remove("person");
        for desk in tables(agency, "desk") {
            // They serve everywhere; place never decides here.
            desk.remove("areas");
        }
    }
    let regions = AGENCIES.saturating_sub(all.len()).checked_div(local.len()).unwrap_or(0);
    let mut all_areas = Vec::new();
    for region in 0..=regions {
        all_areas.extend(areas.iter().cloned().map(|area| regional_area(area, region)));
        let room = AGENCIES.saturating_sub(all.len());
        all.extend(local.iter().take(room).cloned().map(|one| regional_agency(one, region)));
    }
    document.insert("area".to_owned(), Value::Array(all_areas));
    document.insert("agency".to_owned(), Value::Array(all));
    Ok((toml::to_string(&document)?, regions, local.iter().filter_map(id).collect()))
}

fn regional_area(mut area: Value, region: usize) -> Value {
    if let Some(area) = area.as_table_mut() {
        rename(area, "code", region);
        rename(area, "within", region);
    }
    area
}

fn regional_agency(mut agency: Value, region: usize) -> Value {
    let Some(row) = agency.as_table_mut() else { return agency };
    rename(row, "id", region);
    // Ids of people are unique, and nobody signs in here.
    row.remove("person");
    for desk in tables(row, "desk") {
        for area in desk.get_mut("areas").and_then(Value::as_array_mut).into_iter().flatten() {
            let renamed = area.as_str().map(|code| in_region(code, region));
            *area = Value::String(renamed.unwrap_or_default());
        }
    }
    agency
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_country_has_the_agencies_and_rules_that_are_claimed() {
        let country = national().unwrap();
        assert_eq!(country.directory.agencies().count(), 200);
        assert_eq!(country.regions, 12);
        // No agreement has as many permits as lie between.
        assert!((500..520).contains(&country.bundle.rules()));
    }

    #[test]
    fn a_regions_agreement_names_its_own_agencies_and_everybodys() {
        let text = "id = \"x\"\n[[party]]\nagency = \"gmp\"\n[[party]]\nagency = \"hmcts\"\n\
                    [[permit]]\nto = { agencies = [\"gmp\"] }\n";
        let file = regional("agreements/x.toml", text, 3, &[]).unwrap();
        assert_eq!(file.path, "agreements/x-r03.toml");
        let read: Table = toml::from_str(&file.text).unwrap();
        assert_eq!(read["id"].as_str(), Some("x-r03"));
        assert_eq!(read["party"][0]["agency"].as_str(), Some("gmp-r03"));
        assert_eq!(read["party"][1]["agency"].as_str(), Some("hmcts"));
        assert_eq!(read["permit"][0]["to"]["agencies"][0].as_str(), Some("gmp-r03"));
    }
}
