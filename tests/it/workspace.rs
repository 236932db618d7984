//! The folders programs run in.

use std::os::unix::fs::PermissionsExt;

use holdpoint::{
    execution::{create_folder, sanitise},
    model::Timestamp,
};
use proptest::prelude::*;

#[test]
fn a_name_from_outside_becomes_a_plain_part_of_a_name() {
    let check = |name: &str, expected: &str| assert_eq!(sanitise(name), expected, "{name:?}");
    check("beam_current", "beam_current");
    check("Beam-Current 2", "Beam-Current_2");
    check("../../etc/passwd", "etc_passwd");
    check("/etc/passwd", "etc_passwd");
    check("..", "run");
    check("", "run");
    check("   ", "run");
    check("a\u{202e}txt.exe", "a_txt_exe");
    check("a\0b\nc", "a_b_c");
    check("Größe", "Gr_e");
    check("-rf", "rf");
    check("日本", "run");
    check(&"x".repeat(5000), &"x".repeat(48));
}

proptest! {
    #[test]
    fn no_name_leads_elsewhere(name in ".*") {
        let plain = sanitise(&name);
        prop_assert!(!plain.is_empty() && plain.len() <= 48);
        prop_assert!(plain.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_'));
        prop_assert_eq!(sanitise(&plain), plain.clone());
    }
}

#[test]
fn a_folder_is_new_and_private() {
    let root = tempfile::tempdir().unwrap();
    let now = Timestamp::from_millis(1_763_689_561_000);
    let one = create_folder(root.path(), "../../evil", now).unwrap();
    let two = create_folder(root.path(), "../../evil", now).unwrap();
    assert_ne!(one, two);
    for folder in [one, two] {
        let relative = folder.strip_prefix(root.path().canonicalize().unwrap()).unwrap();
        let text = relative.to_str().unwrap();
        assert!(
            text.starts_with("2025-11/execution_20251121_014601_evil_"),
            "{text}"
        );
        assert_eq!(relative.components().count(), 2);
        for dir in [folder.as_path(), folder.parent().unwrap()] {
            assert_eq!(
                dir.metadata().unwrap().permissions().mode() & 0o7777,
                0o700,
                "{}",
                dir.display()
            );
        }
    }
}
