//! The house rules of this project, as tests.
//!
//! Owns: what a compiler or clippy cannot see: the order of the broker's modules, who may
//! name which foreign crate, lengths, opening comments, and that documents say what is so.
//! Promises: every fault of a rule is listed at once, with its file and line.
//! Deliberately does not know: Rust's grammar. It reads lines as rustfmt leaves them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fs, io};

use proto::refusal::Refusal;

/// Longest file without its unit tests, lines.
const FILE_LINES_MAX: usize = 600;
/// Longest function, from its signature to its closing brace, lines.
const FUNCTION_LINES_MAX: usize = 70;

/// A length above the bound that is borne for a reason. It may shrink, never grow.
struct Borne {
    /// The file, and after `: ` the function if it is one.
    at: &'static str,
    /// Its length when it was accepted, lines.
    lines: usize,
    /// Why it is not cut up.
    reason: &'static str,
}

/// Empty is how it should be.
const BORNE: &[Borne] = &[];

/// In the broker, the only modules that may name a foreign crate.
const OWNERS: &[(&str, &[&str])] = &[
    ("rustls", &["listen"]),
    ("tokio_rustls", &["listen"]),
    ("x509_parser", &["identity", "listen"]),
    ("cedar_policy", &["policy"]),
    ("rusqlite", &["store"]),
    // `listen` says who is connected through tonic's trait; `app` starts the server; `ops` calls
    // a collector of traces.
    ("tonic", &["rpc", "listen", "app", "ops"]),
    ("tonic_types", &["rpc"]),
    ("hyper", &["ops", "notify"]),
    ("lettre", &["notify"]),
    ("jiff", &["calendar"]),
    ("prometheus", &["ops"]),
    ("opentelemetry_proto", &["ops"]),
];

/// Which crate of ours may depend on which.
const CRATES: &[(&str, &[&str])] = &[
    ("proto", &[]),
    ("broker", &["proto"]),
    ("agency-client", &["proto"]),
    ("certs-dev", &[]),
    ("tests", &["agency-client", "broker", "certs-dev", "demo", "proto"]),
    ("deploy/demo", &["agency-client", "broker", "certs-dev", "proto"]),
];

/// What no file may say. Written in two halves so that this file does not say it.
const FORBIDDEN: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("Work in pro", "gress"),
    concat!("Being wr", "itten"),
];

/// Folders made by tools, as in `.gitignore`.
const MADE: &[&str] = &[".git", "target", "node_modules", "__pycache__"];

/// The programs of a Debian system that the README may use beside ours.
const PROGRAMS: &[&str] = &["cargo", "cat", "cd", "git", "head", "ls", "mkdir", "python3", "tail"];

/// A text file, by its path from the top of the project.
struct Text {
    path: String,
    whole: String,
}

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if MADE.contains(&name.as_ref()) || name.starts_with("target-") {
            continue;
        }
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), found)?;
        } else {
            found.push(entry.path());
        }
    }
    Ok(())
}

/// Every text file of the project that ends so, in the order of their paths.
fn texts(ending: &str) -> io::Result<Vec<Text>> {
    let (top, mut found) = (top(), Vec::new());
    walk(&top, &mut found)?;
    found.sort();
    let mut texts = Vec::new();
    for file in found {
        let path =
            file.strip_prefix(&top).map_err(io::Error::other)?.to_string_lossy().into_owned();
        // What is not UTF-8 is not text and has no rules here.
        if path.ends_with(ending)
            && let Ok(whole) = String::from_utf8(fs::read(&file)?)
        {
            texts.push(Text { path, whole });
        }
    }
    Ok(texts)
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn opens_test_part(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("#[cfg(test)]") || line.starts_with("#[cfg(all(test")
}

/// The lines outside `#[cfg(test)]` items, with their numbers, and the test modules named.
fn split(whole: &str) -> (Vec<(usize, &str)>, Vec<&str>) {
    let (mut own, mut modules, mut inside) = (Vec::new(), Vec::new(), None);
    for (number, line) in (1..).zip(whole.lines()) {
        match inside {
            None if opens_test_part(line) => inside = Some(indent(line)),
            None => own.push((number, line)),
            Some(depth) if indent(line) == depth && !line.trim_start().starts_with("#[") => {
                if let Some(module) = module_declared(line) {
                    modules.push(module);
                }
                if line.ends_with([';', '}', ',']) {
                    inside = None;
                }
            }
            Some(_) => {}
        }
    }
    (own, modules)
}

/// The name in `mod name;`, whatever its visibility.
fn module_declared(line: &str) -> Option<&str> {
    let (before, rest) = line.trim().split_once("mod ")?;
    let named = before.is_empty() || before.starts_with("pub");
    rest.strip_suffix(';').filter(|_| named)
}

/// The folder in which the modules declared by this file live.
fn children_of(path: &str) -> String {
    let own = path.trim_end_matches(".rs");
    let folder = ["/mod", "/lib", "/main"].iter().find_map(|root| own.strip_suffix(root));
    folder.unwrap_or(own).to_owned()
}

/// The Rust files of a folder that hold no unit tests, each without its test parts.
fn product(folder: &str) -> io::Result<Vec<(String, String)>> {
    let mut files = texts(".rs")?;
    files.retain(|file| file.path.starts_with(folder));
    let mut of_tests = Vec::new();
    for file in &files {
        for module in split(&file.whole).1 {
            of_tests.push(format!("{}/{module}", children_of(&file.path)));
        }
    }
    files.retain(|file| {
        let own = file.path.trim_end_matches(".rs");
        !of_tests.iter().any(|test| own == test || own.starts_with(&format!("{test}/")))
    });
    let code = |file: &Text| split(&file.whole).0.iter().map(|line| uncommented(line.1)).collect();
    Ok(files.iter().map(|file| (file.path.clone(), code(file))).collect())
}

/// The line without its comment, ended.
fn uncommented(line: &str) -> String {
    let code = if line.trim_start().starts_with("//") { "" } else { line };
    format!("{}\n", code.split_once(" // ").map_or(code, |(code, _)| code))
}

fn is_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

fn leading_name(text: &str) -> &str {
    text.split(|character| !is_name(character)).next().unwrap_or_default()
}

/// What follows each place where `word` stands as a whole path segment.
fn after_each<'text>(code: &'text str, word: &str) -> Vec<&'text str> {
    let whole = |at: usize| !code.get(..at).unwrap_or_default().ends_with(is_name);
    let starts = code.match_indices(word).map(|(at, _)| at).filter(|at| whole(*at));
    starts.filter_map(|at| code.get(at + word.len()..)).collect()
}

/// The first names after each `crate::`, of a group every one.
fn crate_names(code: &str) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for rest in after_each(code, "crate::") {
        let Some(group) = rest.strip_prefix('{') else {
            names.insert(leading_name(rest));
            continue;
        };
        let (mut depth, mut fresh) = (1_u32, true);
        for (at, character) in group.char_indices() {
            match character {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => fresh = true,
                name if fresh && is_name(name) => {
                    names.insert(leading_name(group.get(at..).unwrap_or_default()));
                    fresh = false;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    names
}

/// The broker's modules in the order in which `lib.rs` lists them.
fn order_of_modules() -> io::Result<Vec<String>> {
    let whole = fs::read_to_string(top().join("broker/src/lib.rs"))?;
    let own = split(&whole).0;
    Ok(own.iter().filter_map(|line| module_declared(line.1)).map(str::to_owned).collect())
}

/// The module of the broker to which a file belongs; `None` for its entrances.
fn module_of(path: &str) -> Option<&str> {
    let inner = path.strip_prefix("broker/src/")?;
    let module = leading_name(inner);
    // `command` belongs to the binary: it stands before the library, not in its path.
    let entrance = ["lib.rs", "main.rs"].contains(&inner) || module == "command";
    Some(module).filter(|_| !entrance)
}

fn none_of(rule: &str, faults: &[String]) {
    assert!(faults.is_empty(), "{rule}:\n  {}", faults.join("\n  "));
}

fn borne(at: &str, lines: usize) -> bool {
    BORNE.iter().any(|borne| borne.at == at && lines <= borne.lines && !borne.reason.is_empty())
}

#[test]
fn every_rust_file_opens_by_saying_what_it_owns() {
    let mut files = texts(".rs").unwrap();
    files.retain(|file| !file.whole.starts_with("//! "));
    let faults: Vec<_> = files.into_iter().map(|file| file.path).collect();
    none_of("open the file with `//!`", &faults);
}

#[test]
fn no_file_is_longer_than_can_be_held_in_mind() {
    let mut faults = Vec::new();
    for file in texts(".rs").unwrap() {
        let lines = split(&file.whole).0.len();
        if lines > FILE_LINES_MAX && !borne(&file.path, lines) {
            faults.push(format!("{}: {lines} lines", file.path));
        }
    }
    none_of("a file has at most 600 lines beside its unit tests", &faults);
}

/// Name and length of each function, by the indentation that rustfmt gives.
fn functions(whole: &str) -> Vec<(usize, &str, usize)> {
    let lines: Vec<_> = whole.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some((before, rest)) = line.trim_start().split_once("fn ") else { continue };
        let known = ["pub", "const", "async", "unsafe", "extern", "\"C\""];
        let signature = |word: &str| known.contains(&word) || word.starts_with("pub(");
        if !before.split_whitespace().all(signature) || line.ends_with([';', '}']) {
            continue;
        }
        let mut body = lines.iter().skip(at + 1);
        let ends =
            |next: &&str| indent(next) == indent(line) && next.trim_end().ends_with([';', '}']);
        if let Some(length) = body.position(ends) {
            found.push((at + 1, leading_name(rest), length + 2));
        }
    }
    found
}

#[test]
fn no_function_is_longer_than_a_page() {
    let mut faults = Vec::new();
    for file in texts(".rs").unwrap() {
        for (number, name, lines) in functions(&file.whole) {
            let at = format!("{}: {name}", file.path);
            if lines > FUNCTION_LINES_MAX && !borne(&at, lines) {
                faults.push(format!("{}:{number}: {name} has {lines} lines", file.path));
            }
        }
    }
    none_of("a function has at most 70 lines", &faults);
}

#[test]
fn every_broker_file_belongs_to_a_module_in_the_list() {
    let order = order_of_modules().unwrap();
    let files = texts(".rs").unwrap();
    let modules: BTreeSet<_> = files.iter().filter_map(|file| module_of(&file.path)).collect();
    let stray = modules.into_iter().filter(|module| !order.iter().any(|listed| listed == module));
    let faults: Vec<_> = stray.map(str::to_owned).collect();
    none_of("list the module in broker/src/lib.rs, in the order of the path", &faults);
    assert_eq!(order.last().map(String::as_str), Some("app"), "`app` is listed last");
}

#[test]
fn a_module_imports_only_modules_listed_above_it() {
    let order = order_of_modules().unwrap();
    let place = |module: &str| order.iter().position(|listed| listed == module);
    let mut faults = Vec::new();
    for (path, code) in product("broker/src/").unwrap() {
        // A module that is missing from the list is the fault of another test.
        let Some(own) = module_of(&path) else { continue };
        let Some(here) = place(own) else { continue };
        for used in crate_names(&code) {
            match place(used) {
                Some(there) if there <= here => {}
                Some(_) => faults.push(format!("{path}: {used} stands below {own}")),
                None => faults.push(format!("{path}: {used} is not in the list")),
            }
            if used == "store" && !["store", "app"].contains(&own) {
                faults.push(format!("{path}: only `app` names `store`"));
            }
        }
        // From a module's own file, so many steps up lead to the crate: write `crate::`.
        let steps = path.trim_end_matches("/mod.rs").matches('/').count() - 1;
        if !after_each(&code, &"super::".repeat(steps)).is_empty() {
            faults.push(format!("{path}: `super::` leaves the module"));
        }
    }
    none_of("a module imports only modules listed above it", &faults);
}

#[test]
fn a_foreign_crate_is_named_only_by_its_owners() {
    let mut faults = Vec::new();
    for (path, code) in product("broker/src/").unwrap() {
        // The binary's own client of its admin service is beside the broker, not in it.
        let Some(own) = module_of(&path) else { continue };
        for (foreign, owners) in OWNERS {
            let named = |rest: &&str| rest.starts_with("::") || rest.starts_with(';');
            let used = after_each(&code, foreign).iter().any(named);
            if used && !owners.contains(&own) {
                faults.push(format!("{path}: {foreign} belongs to {}", owners.join(", ")));
            }
        }
    }
    none_of("a foreign crate is named only by its owners", &faults);
}

#[test]
fn our_crates_depend_on_each_other_only_as_drawn() {
    let ours = ["agency-client", "broker", "certs-dev", "demo", "proto", "tests"];
    let mut faults = Vec::new();
    for (folder, allowed) in CRATES {
        let manifest = fs::read_to_string(top().join(folder).join("Cargo.toml")).unwrap();
        for line in manifest.lines() {
            let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
            if ours.contains(&name) && !allowed.contains(&name) {
                faults.push(format!("{folder} -> {name}"));
            }
        }
    }
    none_of("a crate depends on what it may not", &faults);
}

/// The cells of each row of the table whose first cell is a number.
fn numbered_rows(page: &str) -> BTreeMap<u32, Vec<&str>> {
    let mut rows = BTreeMap::new();
    for line in page.lines().filter(|line| line.starts_with('|')) {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        if let Some(code) = cells.first().and_then(|cell| cell.parse().ok()) {
            rows.insert(code, cells);
        }
    }
    rows
}

#[test]
fn the_page_of_refusals_says_what_the_code_says() {
    let page = fs::read_to_string(top().join("docs/refusals.md")).unwrap();
    let rows = numbered_rows(&page);
    let mut faults = Vec::new();
    for refusal in Refusal::ALL {
        let name = format!("`{refusal:?}`");
        match rows.get(&refusal.code()).map(Vec::as_slice) {
            Some([_, named, who, sentence])
                if *named == name && !who.is_empty() && *sentence == refusal.sentence() => {}
            Some(_) => faults.push(format!("{} {name}: the row differs", refusal.code())),
            None => faults.push(format!("{} {name}: no row", refusal.code())),
        }
    }
    for code in rows.keys().filter(|code| Refusal::from_code(**code).is_none()) {
        faults.push(format!("{code}: no such refusal"));
    }
    none_of("docs/refusals.md and proto::refusal differ", &faults);
}

/// A Markdown page's lines outside fenced blocks, and the fenced ones with their language.
fn fences(page: &str) -> (Vec<&str>, Vec<(&str, &str)>) {
    let (mut prose, mut blocks, mut inside) = (Vec::new(), Vec::new(), None);
    for line in page.lines() {
        match (line.trim_start().strip_prefix("```"), inside) {
            (Some(language), None) => inside = Some(language.trim()),
            (Some(_), Some(_)) => inside = None,
            (None, Some(language)) => blocks.push((language, line)),
            (None, None) => prose.push(line),
        }
    }
    (prose, blocks)
}

#[test]
fn every_relative_link_leads_somewhere() {
    let mut faults = Vec::new();
    for page in texts(".md").unwrap() {
        let folder = top().join(&page.path).parent().map(Path::to_path_buf).unwrap_or_default();
        for line in fences(&page.whole).0 {
            let links = line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
            let near = links.filter(|link| !link.contains("://") && !link.starts_with("mailto:"));
            for link in near {
                let file = link.split('#').next().unwrap_or_default();
                if !file.is_empty() && !folder.join(file).exists() {
                    faults.push(format!("{}: {link}", page.path));
                }
            }
        }
    }
    none_of("a link leads nowhere", &faults);
}

/// The names of the programs and examples this workspace builds.
fn programs() -> io::Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for manifest in texts("Cargo.toml")? {
        let folder = manifest.path.trim_end_matches("Cargo.toml");
        let mut section = "";
        for line in manifest.whole.lines() {
            section = if line.starts_with('[') { line } else { section };
            let main = section == "[package]" && top().join(folder).join("src/main.rs").exists();
            if let Some(name) = line.strip_prefix("name = ")
                && (main || ["[[bin]]", "[[example]]"].contains(&section))
            {
                names.insert(name.trim_matches('"').to_owned());
            }
        }
    }
    for file in texts(".rs")? {
        let named =
            |place| file.path.split_once(place).and_then(|(_, name)| name.strip_suffix(".rs"));
        if let Some(name) = named("/src/bin/").or_else(|| named("/examples/")) {
            names.insert(name.trim_end_matches("/main").to_owned());
        }
    }
    Ok(names)
}

/// Why a line of a README block cannot be run; `None` if it can.
fn unknown_command(line: &str, programs: &BTreeSet<String>) -> Option<String> {
    let words: Vec<_> = line.split_whitespace().filter(|word| *word != "$").collect();
    let mut words = words.into_iter().skip_while(|word| word.contains('='));
    let command = words.next()?;
    let built = command.strip_prefix("target/").and_then(|path| path.split_once('/'));
    let exists = match built {
        Some((_, program)) => programs.contains(program),
        None if command.contains('/') => top().join(command).is_file(),
        None => PROGRAMS.contains(&command) || programs.contains(command),
    };
    let named = words.clone().zip(words.skip(1));
    let chosen = named.filter(|(option, _)| ["--bin", "--example"].contains(option));
    let missing = chosen.map(|(_, name)| name).find(|name| !programs.contains(*name));
    missing.or_else(|| Some(command).filter(|_| !exists)).map(str::to_owned)
}

#[test]
fn every_command_in_the_readme_exists() {
    let page = fs::read_to_string(top().join("README.md")).unwrap();
    let (programs, mut faults, mut continued) = (programs().unwrap(), Vec::new(), false);
    for (language, line) in fences(&page).1 {
        let command = !continued && !line.trim().is_empty() && !line.trim().starts_with('#');
        if ["sh", "bash", "console"].contains(&language) && command {
            let fault = unknown_command(line, &programs);
            faults.extend(fault.map(|unknown| format!("`{unknown}` in `{line}`")));
        }
        continued = line.ends_with('\\');
    }
    none_of("README.md names what is not there", &faults);
}

#[test]
fn no_file_holds_a_word_that_has_no_place_here() {
    let mut faults = Vec::new();
    for file in texts("").unwrap() {
        for (number, line) in (1..).zip(file.whole.lines()) {
            for word in FORBIDDEN.iter().filter(|word| line.contains(**word)) {
                faults.push(format!("{}:{number}: `{word}`", file.path));
            }
        }
    }
    none_of("a forbidden word", &faults);
}

#[test]
fn what_is_borne_is_still_needed() {
    let mut lengths = BTreeMap::new();
    for file in texts(".rs").unwrap() {
        for (_, name, lines) in functions(&file.whole) {
            lengths.insert(format!("{}: {name}", file.path), lines);
        }
        lengths.insert(file.path.clone(), split(&file.whole).0.len());
    }
    let grown = |borne: &&Borne| lengths.get(borne.at) != Some(&borne.lines);
    let faults: Vec<_> = BORNE.iter().filter(grown).map(|borne| borne.at.to_owned()).collect();
    none_of("correct or strike out the entry in BORNE", &faults);
}

#[test]
fn the_reading_of_source_text_is_right() {
    let source =
        "mod a;\n#[cfg(test)]\n#[expect(x,\n    reason = \"r\"\n)]\nmod b {\n    x\n}\nc\n";
    let (own, modules) = split(source);
    assert_eq!(own, [(1, "mod a;"), (9, "c")]);
    assert!(modules.is_empty(), "an inline module is no file");
    assert_eq!(split("#[cfg(test)]\nmod tests;\nfn f() {}").1, ["tests"]);
    assert_eq!(children_of("broker/src/ledger/mod.rs"), "broker/src/ledger");
    assert_eq!(children_of("broker/src/seal.rs"), "broker/src/seal");
    let code = "use crate::{a::{x, y}, b};\ncrate::c::d(); mycrate::e";
    assert_eq!(crate_names(code), BTreeSet::from(["a", "b", "c"]));
    assert_eq!(functions("fn f() {\n    1;\n}\n"), [(1, "f", 3)]);
    assert_eq!(module_of("broker/src/ledger/mod.rs"), Some("ledger"));
    assert_eq!(module_of("broker/src/seal.rs"), Some("seal"));
    assert_eq!(module_of("broker/src/main.rs"), None);
    assert_eq!(after_each("use rustls; tokio_rustls::x", "rustls"), ["; tokio_rustls::x"]);
    assert_eq!(uncommented("a // b"), "a\n");
}
