//! `broker admin bundle`: proposing what may be shared, and approving it.
//!
//! Promises that a bundle is exactly the files a bundle may have: anything else in its two
//! folders is refused rather than left out unsaid.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use proto::admin::v1::{ApproveBundleRequest, BundleFile, ProposeBundleRequest};
use proto::limits::{BUNDLE_FILE_BYTES_MAX, BUNDLE_FILES_MAX};

use crate::command::bootstrap::read_text;
use crate::command::connector::Reach;
use crate::command::failure::Failure;
use crate::command::say;

/// The folders of a bundle, each with the ending of its files.
const FOLDERS: [(&str, &str); 2] = [("agencies", "cedar"), ("agreements", "toml")];

/// Proposes the bundle in a folder.
pub(super) async fn propose(reach: &Reach, folder: &Path) -> Result<(), Failure> {
    let files = files(folder)?;
    let mut client = reach.admin().await?;
    let answer = client.propose_bundle(ProposeBundleRequest { files }).await?.into_inner();
    say(format_args!("bundle {}", answer.bundle))?;
    say(format_args!("rules {}", answer.rules))?;
    say(format_args!(
        "next: two different approvers run `broker admin ... bundle approve {}`",
        answer.bundle
    ))
}

/// Approves a bundle.
pub(super) async fn approve(reach: &Reach, bundle: String) -> Result<(), Failure> {
    if !is_hash(&bundle) {
        return Err(Failure::Argument { argument: "HASH", rule: HASH_RULE });
    }
    let mut client = reach.admin().await?;
    let answer = client.approve_bundle(ApproveBundleRequest { bundle }).await?.into_inner();
    say(format_args!("approvals {}", answer.approvals))?;
    say(format_args!(
        "in force: {}",
        if answer.in_force { "yes" } else { "no, another approver is needed" }
    ))
}

const HASH_RULE: &str =
    "is the bundle's whole hash, 64 of 0-9 and a-f, as `bundle propose` printed it";

/// Whether a text has the form of a bundle's hash.
fn is_hash(text: &str) -> bool {
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == 64 && text.bytes().all(digit)
}

/// The files of a bundle in the order of their paths.
fn files(folder: &Path) -> Result<Vec<BundleFile>, Failure> {
    // Asked for itself: without it both folders inside would merely be absent.
    listing(folder)?;
    let mut files = Vec::new();
    for (name, ending) in FOLDERS {
        let inside = folder.join(name);
        if !inside.exists() {
            continue;
        }
        for path in listing(&inside)? {
            let known = path.extension() == Some(OsStr::new(ending)) && path.is_file();
            let (Some(file), true) = (path.file_name().and_then(OsStr::to_str), known) else {
                return Err(Failure::NotOfABundle(path));
            };
            let text = read_text(&path, BUNDLE_FILE_BYTES_MAX)?;
            files.push(BundleFile { path: format!("{name}/{file}"), text });
        }
    }
    if files.is_empty() || files.len() > BUNDLE_FILES_MAX {
        return Err(Failure::Argument {
            argument: "DIR",
            rule: "is a folder with 1 to 512 files in agreements/*.toml and agencies/*.cedar",
        });
    }
    Ok(files)
}

/// What lies in a folder, sorted; what an editor hides is not looked at.
fn listing(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let fault = |source| Failure::Read { path: folder.to_owned(), source };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(fault)? {
        let entry = entry.map_err(fault)?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(paths: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for path in paths {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "text").unwrap();
        }
        folder
    }

    #[test]
    fn a_bundle_is_its_files_in_the_order_of_their_paths() {
        let folder = folder(&[
            "agreements/second.toml",
            "agreements/first.toml",
            "agencies/gmp.cedar",
            "agreements/.first.toml.swp",
            "README.md",
        ]);
        let files = files(folder.path()).unwrap();
        let paths: Vec<_> = files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(
            paths,
            ["agencies/gmp.cedar", "agreements/first.toml", "agreements/second.toml"]
        );
    }

    #[test]
    fn a_stray_file_is_refused_rather_than_left_out() {
        for stray in ["agreements/notes.txt", "agencies/gmp.toml", "agreements/more/a.toml"] {
            let folder = folder(&["agreements/first.toml", stray]);
            assert!(matches!(files(folder.path()), Err(Failure::NotOfABundle(_))), "{stray}");
        }
    }

    #[test]
    fn an_empty_folder_is_no_bundle() {
        let folder = folder(&["README.md"]);
        assert!(matches!(files(folder.path()), Err(Failure::Argument { argument: "DIR", .. })));
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let folder = folder(&["README.md"]);
        for path in [folder.path().join("absent"), folder.path().join("README.md")] {
            let lines = files(&path).unwrap_err().lines();
            let named = format!("broker: {} cannot be read", path.display());
            assert_eq!(lines.first(), Some(&named));
            assert_eq!(lines.len(), 2, "and why: {lines:?}");
        }
    }

    #[test]
    fn a_hash_is_told_from_a_part_of_one() {
        let whole = "0f".repeat(32);
        assert!(is_hash(&whole));
        for text in ["abc", "", &whole[1..], &"0F".repeat(32), &"0g".repeat(32)] {
            assert!(!is_hash(text), "{text}");
        }
    }
}
