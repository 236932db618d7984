//! What an entrance holds: the service itself, or a line to the process that owns the store.

use std::{
    io,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixStream, unix::OwnedReadHalf},
    sync::mpsc::UnboundedSender,
};

use crate::{
    config::Config,
    model::{Actor, Entrance, Event},
    store::StoreError,
};

use super::{
    Builder, Service, ServiceCommand, ServiceError,
    error::is_in_use,
    owner::{Ask, MAX_LINE, Tell, socket_path},
};

/// How long to wait for the store, or for an owner that answers.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long to wait between two tries.
const PAUSE: Duration = Duration::from_millis(20);

/// What an entrance holds.
pub enum Session {
    /// This process owns the store.
    Own(Box<Service>),
    /// Another process does.
    Remote(Box<Remote>),
}

/// A line to the process that owns the store.
pub struct Remote {
    config: Config,
    builder: fn() -> Builder,
}

impl Session {
    /// Takes the store, or finds the process that holds it.
    ///
    /// # Errors
    /// The service can't be opened; or another process holds the store and doesn't answer, in which
    /// case its process id is named.
    pub async fn open(config: Config) -> Result<Self, ServiceError> {
        Self::open_with(config, || Service::builder().inspecting()).await
    }

    /// As [`Session::open`], with a service that is not all as the configuration says.
    ///
    /// # Errors
    /// As [`Session::open`].
    pub async fn open_with(config: Config, builder: fn() -> Builder) -> Result<Self, ServiceError> {
        let started = Instant::now();
        loop {
            let error = match builder().open(config.clone()).await {
                Ok(service) => return Ok(Self::Own(Box::new(service))),
                Err(error) => error,
            };
            if is_in_use(&error).is_none() {
                return Err(error);
            }
            if connect(&config.data_dir).await.is_ok() {
                return Ok(Self::Remote(Box::new(Remote { config, builder })));
            }
            if started.elapsed() > PATIENCE {
                return Err(error);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Does what `command` says under `name`, here or at the owner; `events` takes the run's events.
    ///
    /// # Errors
    /// What went wrong, as entrances tell it. An owner that ends after it took the command and
    /// before it answered is an error that says so: what was asked may have been done.
    pub async fn call(
        &mut self,
        command: ServiceCommand,
        name: &str,
        events: Option<UnboundedSender<Event>>,
    ) -> Result<Value, ServiceError> {
        let started = Instant::now();
        loop {
            let remote = match self {
                Self::Own(service) => {
                    let by = Actor::asserted(name, os_user(), Entrance::Cli);
                    return service.execute(command, by, events).await;
                }
                Self::Remote(remote) => remote,
            };
            if let Some(reply) = remote.ask(&command, name, events.as_ref()).await? {
                return Ok(reply);
            }
            if started.elapsed() > PATIENCE {
                return Err(in_use(&remote.config.data_dir, None));
            }
            tokio::time::sleep(PAUSE).await;
            // The owner let go of the store before it took the command: ours now, or the next owner's.
            let (config, builder) = (remote.config.clone(), remote.builder);
            *self = Box::pin(Self::open_with(config, builder)).await?;
        }
    }

    /// Lets go of the store, if this process owns it.
    ///
    /// # Errors
    /// The store's.
    pub async fn close(self) -> Result<(), ServiceError> {
        match self {
            Self::Own(service) => service.close().await,
            Self::Remote(_) => Ok(()),
        }
    }
}

impl Remote {
    /// Asks the owner; `None` if it did not take the command.
    async fn ask(
        &self,
        command: &ServiceCommand,
        name: &str,
        events: Option<&UnboundedSender<Event>>,
    ) -> Result<Option<Value>, ServiceError> {
        let Ok(stream) = connect(&self.config.data_dir).await else {
            return Ok(None);
        };
        let ask = Ask {
            name: name.to_owned(),
            command: command.clone(),
        };
        let mut line = serde_json::to_vec(&ask).map_err(|error| {
            ServiceError::Owner(format!("the command cannot be written as JSON: {error}"))
        })?;
        line.push(b'\n');
        let owner = stream
            .peer_cred()
            .ok()
            .and_then(|peer| u32::try_from(peer.pid()?).ok());
        let (reader, mut writer) = stream.into_split();
        let mut reader = BufReader::new(reader);
        let handed_over = async {
            match writer.write_all(&line).await {
                Ok(()) => hear(&mut reader).await,
                Err(_) => Ok(None),
            }
        };
        let first = match tokio::time::timeout(PATIENCE, handed_over).await {
            Ok(first) => first?,
            Err(_) => {
                // From here on the owner can't say that it takes the command, and so never will.
                let socket: &UnixStream = reader.get_ref().as_ref();
                rustix::net::shutdown(socket, rustix::net::Shutdown::Read)
                    .map_err(|error| ServiceError::Owner(error.to_string()))?;
                match hear(&mut reader).await? {
                    None => return Err(in_use(&self.config.data_dir, owner)),
                    taken_just_now => taken_just_now,
                }
            }
        };
        match first {
            Some(Tell::Taken) => {}
            Some(Tell::Error(error)) => return Err(ServiceError::Remote(Box::new(error))),
            _ => return Ok(None),
        }
        loop {
            match hear(&mut reader).await? {
                Some(Tell::Event(event)) => {
                    if let Some(events) = events {
                        // Nobody has to listen.
                        let _ = events.send(*event);
                    }
                }
                Some(Tell::Reply(reply)) => return Ok(Some(reply)),
                Some(Tell::Error(error)) => return Err(ServiceError::Remote(Box::new(error))),
                Some(Tell::Taken) => {}
                None => {
                    return Err(ServiceError::Owner(
                        "the process that holds the store ended before it answered; see 'holdpoint threads' for what it did".into(),
                    ));
                }
            }
        }
    }
}

/// What the owner tells next; `None` if it hung up.
async fn hear(reader: &mut BufReader<OwnedReadHalf>) -> Result<Option<Tell>, ServiceError> {
    let mut line = String::new();
    match reader.take(MAX_LINE).read_line(&mut line).await {
        // Half a line is what an owner leaves that was killed.
        Ok(_) if line.ends_with('\n') => serde_json::from_str(&line).map(Some).map_err(|error| {
            ServiceError::Owner(format!("the process that holds the store is not ours: {error}"))
        }),
        _ => Ok(None),
    }
}

/// The error of a store whose owner doesn't answer.
fn in_use(data_dir: &Path, owner: Option<u32>) -> ServiceError {
    let path = data_dir.join("store");
    StoreError::InUse { path, owner }.into()
}

async fn connect(data_dir: &Path) -> io::Result<UnixStream> {
    let path = socket_path(data_dir);
    let stream = with_short_path(&path, |short| std::os::unix::net::UnixStream::connect(short))?;
    stream.set_nonblocking(true)?;
    UnixStream::from_std(stream)
}

/// The kernel takes socket paths of at most 107 bytes; a longer one is reached through a
/// descriptor of its directory.
pub(super) fn with_short_path<T>(path: &Path, work: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    const LIMIT: usize = 100;
    match (path.parent(), path.file_name()) {
        (Some(directory), Some(name)) if path.as_os_str().len() > LIMIT => {
            use std::os::fd::AsRawFd;
            let directory = std::fs::File::open(directory)?;
            let short = Path::new("/proc/self/fd")
                .join(directory.as_raw_fd().to_string())
                .join(name);
            work(&short)
        }
        _ => work(path),
    }
}

/// The operating-system user of this process.
pub fn os_user() -> String {
    user_name(rustix::process::getuid().as_raw())
}

/// The name of the user `uid`, or its number where the system knows no name.
pub(super) fn user_name(uid: u32) -> String {
    let names = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = names.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    });
    name.unwrap_or_else(|| format!("uid {uid}"))
}
