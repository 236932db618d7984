//! What this host has to build walls from.

use std::path::PathBuf;

use rustix::process::geteuid;

use super::{
    ExecutionError,
    cgroup::Cgroups,
    host::{Account, Launcher, tool},
    interpreter::Interpreter,
    launcher::Look,
};
use crate::config::{ExecutionSettings, Isolation};

/// What to do where there is no bubblewrap.
pub(super) const INSTALL: &str = "install bubblewrap (Debian, Ubuntu: apt-get install bubblewrap; RHEL, Fedora: dnf install \
                       bubblewrap) and allow user namespaces; `holdpoint doctor` tells more, and \
                       execution.local.isolation: none runs programs without any isolation";

/// The oldest version of Landlock that stands alone: from here on it keeps files from being cut short.
const OLDEST_LANDLOCK: u32 = 3;

/// The oldest one that stands alone where programs run as the service's own user: it keeps signals from the
/// service.
const OLDEST_LANDLOCK_ONE_USER: u32 = 6;

/// What this host offers, whatever isolation is asked for.
#[derive(Debug, Clone)]
pub(super) struct Ground {
    pub(super) account: Option<Account>,
    pub(super) launcher: Launcher,
    pub(super) look: Look,
    pub(super) interpreter: Interpreter,
    /// Where control groups can be made, or what is missing.
    pub(super) cgroups: Result<Cgroups, String>,
    pub(super) bwrap: Option<PathBuf>,
}

impl Ground {
    /// Finds out what this host offers, without starting a sandbox.
    pub(super) fn find(settings: &ExecutionSettings) -> Result<Self, ExecutionError> {
        let account = geteuid()
            .is_root()
            .then(|| Account::of(&settings.local.user))
            .transpose()?;
        let launcher = Launcher::find(settings.local.launcher.as_deref(), account.as_ref())?;
        let look = launcher.look()?;
        let interpreter = Interpreter::find(&settings.local.python, &launcher, account.as_ref())?;
        Ok(Self {
            account,
            launcher,
            look,
            interpreter,
            cgroups: Cgroups::find(),
            bwrap: tool("bwrap"),
        })
    }

    /// Why an isolation cannot be had here, as far as can be told without trying.
    pub(super) fn lacks(&self, isolation: Isolation) -> Option<String> {
        let no_filter = (!self.look.seccomp).then(|| {
            "the kernel filters no system calls (seccomp); one with CONFIG_SECCOMP_FILTER does".to_owned()
        });
        let no_bwrap = || {
            self.bwrap
                .is_none()
                .then(|| format!("bwrap was not found; {INSTALL}"))
        };
        match isolation {
            Isolation::BubblewrapCgroup => no_bwrap().or(no_filter).or_else(|| {
                let reason = self.cgroups.as_ref().err()?;
                Some(format!("no control group can be made: {reason}"))
            }),
            Isolation::Bubblewrap => no_bwrap().or(no_filter),
            Isolation::Landlock => no_filter.or_else(|| {
                let oldest = match self.account {
                    Some(_) => OLDEST_LANDLOCK,
                    None => OLDEST_LANDLOCK_ONE_USER,
                };
                (self.look.landlock < oldest).then(|| {
                    format!(
                        "Landlock is needed in version {oldest}, and the kernel has {}: Linux 6.2 has version 3, \
                         Linux 6.12 version 6; `lsm=` on the kernel's command line must name landlock",
                        match self.look.landlock {
                            0 => "none".to_owned(),
                            version => format!("version {version}"),
                        }
                    )
                })
            }),
            Isolation::Auto | Isolation::None => None,
        }
    }
}
