//! Landlock: what of the file system is left to a process and to all that it starts.

use std::io;

use landlock::{
    ABI, Access, AccessFs, LandlockStatus, Ruleset, RulesetAttr, RulesetCreatedAttr, Scope,
    path_beneath_rules,
};

use super::orders::Files;

/// The newest version whose rights are asked for. What the kernel does not know of them is left out.
const NEWEST: ABI = ABI::V9;

/// Leaves this process only `files`, and no signals or abstract sockets beyond its own tree, as far as the
/// kernel can, and gives the version of Landlock that the kernel has; 0 is none.
pub(super) fn keep_only(files: &Files) -> io::Result<u32> {
    let status = restrict(files).map_err(io::Error::other)?;
    Ok(match status {
        LandlockStatus::Available { effective_abi, .. } => effective_abi as u32,
        _ => 0,
    })
}

fn restrict(files: &Files) -> Result<LandlockStatus, landlock::RulesetError> {
    let ruleset = Ruleset::default()
        .handle_access(AccessFs::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?;
    let ruleset = ruleset
        .create()?
        .add_rules(path_beneath_rules(&files.read, AccessFs::from_read(NEWEST)))?
        .add_rules(path_beneath_rules(&files.write, AccessFs::from_all(NEWEST)))?;
    Ok(ruleset.restrict_self()?.landlock)
}
