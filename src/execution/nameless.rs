//! Files that are held open and have no name any more: they take space on the disk, and no look at the
//! directories finds them.

use std::{collections::BTreeSet, fs, os::unix::fs::MetadataExt, path::Path};

use rustix::fs::statfs;

use super::collect::Bounds;

/// The most descriptors that are looked at.
const MOST_DESCRIPTORS: usize = 50_000;

/// File systems that hold their files in memory, which has bounds of its own: tmpfs and hugetlbfs.
const IN_MEMORY: [i64; 2] = [0x0102_1994, 0x9584_58f6];

/// Whether what a process and its descendants hold in such files is more than `bounds` allow: `Some` says in
/// which way. What vanishes or cannot be seen meanwhile is passed over; the next look sees it.
pub(super) fn excess(root: u32, bounds: &Bounds) -> Option<String> {
    let mut looked = 0usize;
    let mut seen = BTreeSet::new();
    let mut bytes = 0u64;
    for pid in family(root) {
        for entry in entries(&format!("/proc/{pid}/fd")) {
            looked += 1;
            if looked > MOST_DESCRIPTORS {
                return Some(format!("it held more than {MOST_DESCRIPTORS} descriptors"));
            }
            let path = Path::new("/proc").join(pid.to_string()).join("fd").join(entry);
            let Ok(meta) = fs::metadata(&path) else { continue };
            if !meta.is_file() || meta.nlink() > 0 || meta.uid() != bounds.owner {
                continue;
            }
            let in_memory = statfs(&path).is_ok_and(|disk| IN_MEMORY.contains(&disk.f_type));
            if !in_memory && seen.insert((meta.dev(), meta.ino())) {
                bytes = bytes.saturating_add(meta.blocks().saturating_mul(512));
            }
        }
    }
    (bytes > bounds.total_bytes).then(|| {
        format!(
            "files that it deleted and held open took more than {} bytes",
            bounds.total_bytes
        )
    })
}

/// A process and its descendants.
fn family(root: u32) -> BTreeSet<u32> {
    let mut family = BTreeSet::new();
    let mut next = vec![root];
    while let Some(pid) = next.pop() {
        if !family.insert(pid) {
            continue;
        }
        for task in entries(&format!("/proc/{pid}/task")) {
            let children = fs::read_to_string(format!("/proc/{pid}/task/{task}/children"));
            let children = children.unwrap_or_default();
            next.extend(
                children
                    .split_whitespace()
                    .filter_map(|child| child.parse::<u32>().ok()),
            );
        }
    }
    family
}

fn entries(dir: &str) -> impl Iterator<Item = String> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned())
}
