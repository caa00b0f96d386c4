//! What a profile may say, and how its faults are named.

use super::*;
use proto::exchange::v1::IdentifierType;

const PROFILE: &str = "purpose = \"offender_management\"\n\
    gateway = \"oma2007_s14\"\n\
    lawful_basis = \"dpa2018_s35_task\"\n\
    sensitive_condition = \"sch8_justice\"\n\
    marking = \"official_sensitive\"\n\
    acting_person = \"7D9F6A3E-2B1C-4D5E-8F90-A1B2C3D4E5F6\"\n\
    id_key_file = \"id.key\"\n";

#[test]
fn a_profile_is_read_by_written_names() {
    let profile = ImportProfile::from_toml(PROFILE, [1; 32]).unwrap();
    assert_eq!(profile.gateway, Gateway::Oma2007S14);
    assert_eq!(profile.marking, Marking::OfficialSensitive);
    assert_eq!(profile.acting_person, "7d9f6a3e-2b1c-4d5e-8f90-a1b2c3d4e5f6");
    assert!(!format!("{profile:?}").contains("7d9f6a3e"));
}

/// The faulty keys with their rules.
fn faults(text: &str) -> Vec<(String, &'static str)> {
    match ImportProfile::from_toml(text, [1; 32]).unwrap_err() {
        ProfileError::Faults(faults) => {
            faults.into_iter().map(|fault| (fault.key, fault.rule)).collect()
        }
        other => unreachable!("{other}"),
    }
}

#[test]
fn the_condition_may_be_left_out_and_nothing_else() {
    for line in PROFILE.lines() {
        let key = line.split(' ').next().unwrap();
        let without = PROFILE.replace(&format!("{line}\n"), "");
        if key == "sensitive_condition" {
            assert!(ImportProfile::from_toml(&without, [1; 32]).is_ok());
        } else {
            assert_eq!(faults(&without), [(key.to_owned(), "must be given")]);
        }
    }
}

#[test]
fn the_faulty_key_is_named_and_not_those_that_are_right() {
    let wrong = PROFILE
        .replace("\"official_sensitive\"", "7")
        .replace("gateway =", "gate_way =")
        .replace("offender_management", "canary");
    assert_eq!(
        faults(&wrong),
        [
            ("gate_way".to_owned(), "is not a known key"),
            ("gateway".to_owned(), "must be given"),
            ("marking".to_owned(), "must be a text in quotation marks"),
            ("purpose".to_owned(), "must be a known purpose"),
        ]
    );
    let error = ImportProfile::from_toml(&wrong, [1; 32]).unwrap_err().to_string();
    assert_eq!(
        error,
        "the profile has faults: gate_way is not a known key; gateway must be given; \
         marking must be a text in quotation marks; purpose must be a known purpose"
    );
}

#[test]
fn what_is_not_toml_is_named_by_its_line_and_never_quoted() {
    let twice = format!("{PROFILE}purpose = \"canary\"\n");
    let torn = PROFILE.replace("\"oma2007_s14\"", "\"canary");
    for (text, wanted) in [(twice, 8), (torn, 2)] {
        let error = ImportProfile::from_toml(&text, [1; 32]).unwrap_err();
        assert!(matches!(error, ProfileError::NotToml { line } if line == wanted), "{error}");
        assert!(!format!("{error} {error:?}").contains("canary"));
    }
}

#[test]
fn all_faulty_values_are_named_at_once_and_never_quoted() {
    let wrong = PROFILE
        .replace("offender_management", "unspecified")
        .replace("oma2007_s14", "canary")
        .replace("official_sensitive", "secret")
        .replace("7D9F6A3E-", "");
    let keys: Vec<_> = faults(&wrong).into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys, ["purpose", "gateway", "marking", "acting_person"]);
    let error = ImportProfile::from_toml(&wrong, [1; 32]).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("canary"));
}

#[test]
fn a_key_is_32_bytes_or_64_hexadecimal_digits() {
    assert_eq!(id_key(&[9; 32]), Some([9; 32]));
    assert_eq!(id_key(format!("{}\n", "0a".repeat(32)).as_bytes()), Some([10; 32]));
    for wrong in ["", "0a", &"0a".repeat(31), &"zz".repeat(32)] {
        assert_eq!(id_key(wrong.as_bytes()), None, "{wrong}");
    }
}

#[test]
fn the_key_file_stands_beside_the_profile_and_only_its_owner_may_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let (path, key) = (folder.path().join("import.toml"), folder.path().join("id.key"));
    std::fs::write(&path, PROFILE).unwrap();
    assert!(matches!(ImportProfile::load(&path), Err(ProfileError::KeyUnreadable { .. })));
    std::fs::write(&key, [3; 32]).unwrap();
    let set_mode = |mode| {
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    set_mode(0o604);
    let shown = key.display();
    assert_eq!(
        ImportProfile::load(&path).unwrap_err().to_string(),
        format!(
            "`id_key_file`: {shown}: the file's mode is 0604 and must be 0600 or 0400: nobody \
             but its owner may read it; run `chmod 600 {shown}`"
        )
    );
    set_mode(0o600);
    assert_eq!(ImportProfile::load(&path).unwrap().id_key, [3; 32]);
}

const SECTIONS: &str = "[mappa]\npurpose = \"public_protection\"\ngateway = \"cja2003_s325\"\n\
    [flags]\nowner_agency = \"probation-stockport\"\nowner_desk = \"iom\"\n\
    [enforcement]\n[placements]\n[identity]\nregister = \"crn\"\n";

#[test]
fn a_kind_without_a_section_is_not_shared() {
    let profile = ImportProfile::from_toml(PROFILE, [1; 32]).unwrap();
    assert_eq!(profile.shares, Shares::default());
}

#[test]
fn what_a_section_leaves_out_is_the_profiles() {
    let profile = ImportProfile::from_toml(&format!("{PROFILE}{SECTIONS}"), [1; 32]).unwrap();
    let shares = &profile.shares;
    let main = Footing {
        purpose: Purpose::OffenderManagement,
        gateway: Gateway::Oma2007S14,
        lawful_basis: LawfulBasis::Dpa2018S35Task,
        sensitive_condition: SensitiveCondition::Sch8Justice,
    };
    assert_eq!(
        shares.mappa,
        Some(Footing {
            purpose: Purpose::PublicProtection,
            gateway: Gateway::Cja2003S325,
            ..main.clone()
        })
    );
    assert_eq!(shares.enforcement, Some(main.clone()));
    assert_eq!(shares.placements, Some(main.clone()));
    let flags = shares.flags.clone().unwrap();
    assert_eq!(
        (flags.owner_agency.as_str(), flags.owner_desk.as_str()),
        ("probation-stockport", "iom")
    );
    assert_eq!(flags.footing, main);
    assert_eq!(shares.identity.as_ref().map(|share| share.register), Some(IdentifierType::Crn));
    // The profile's own footing is what movements are shared on.
    assert_eq!(profile.gateway, Gateway::Oma2007S14);
}

#[test]
fn a_faulty_section_is_named_by_section_and_key_and_never_quoted() {
    for (section, wanted) in [
        ("mappa = \"canary\"", vec![("mappa", "must be a section")]),
        ("[mappa]\nlevel = 3", vec![("mappa.level", "is not a known key")]),
        ("[mappa]\nowner_desk = \"iom\"", vec![("mappa.owner_desk", "is not a known key")]),
        (
            "[mappa]\ngateway = \"canary\"",
            vec![("mappa.gateway", "must be a known power to share")],
        ),
        (
            "[placements]\npurpose = 7",
            vec![("placements.purpose", "must be a text in quotation marks")],
        ),
        (
            "[flags]\nowner_agency = \"Canary\"",
            vec![
                ("flags.owner_agency", "must be a directory id: 1 to 40 of a-z, 0-9 and hyphen"),
                ("flags.owner_desk", "must be given"),
            ],
        ),
        ("[identity]", vec![("identity.register", "must be given")]),
        ("[identity]\nregister = \"pnc\"", vec![("identity.register", "must be noms or crn")]),
        (
            "[enforcement]\ngateway = \"consent\"\nlawful_basis = \"gdpr_6_1_a\"",
            vec![
                (
                    "enforcement.gateway",
                    "must not be consent: it can be withdrawn, and enforcement stands",
                ),
                (
                    "enforcement.lawful_basis",
                    "must not be consent: it can be withdrawn, and enforcement stands",
                ),
            ],
        ),
        ("[unknown]", vec![("unknown", "is not a known key")]),
    ] {
        let text = format!("{PROFILE}{section}\n");
        let found = faults(&text);
        let found: Vec<_> = found.iter().map(|(key, rule)| (key.as_str(), *rule)).collect();
        assert_eq!(found, wanted, "{section}");
        let error = ImportProfile::from_toml(&text, [1; 32]).unwrap_err();
        assert!(!format!("{error} {error:?}").to_lowercase().contains("canary"));
    }
}
