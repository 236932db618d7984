//! Reads process variables for the service itself.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::future::join_all;
use tokio::{sync::mpsc, time::Instant};

use crate::{
    config::{ControlSystemSettings, Interlock},
    model::{Reading, Timestamp},
};

use super::{
    NameError, PvName,
    finder::{Answer, Finder},
    interlock::holds,
    link::Link,
    terms::Terms,
};

/// How long to wait before a question without an answer is asked again; it doubles from time to time.
const FIRST_PAUSE: Duration = Duration::from_millis(30);

/// The least and the most time in which a second server may still answer for a name.
const GRACE: (Duration, Duration) = (Duration::from_millis(15), Duration::from_millis(150));

/// Why a process variable could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadFault {
    /// It is none.
    #[error("{0}")]
    Name(#[from] NameError),
    /// No server answered for it.
    #[error("no server answered for it")]
    NotFound,
    /// Several servers answered for it.
    #[error("several servers answered for it: {}", .0.join(", "))]
    Ambiguous(Vec<String>),
    /// It took too long.
    #[error("the server did not answer in time")]
    Timeout,
    /// The server cannot be reached.
    #[error("the server {0} cannot be reached: {1}")]
    Unreachable(SocketAddr, String),
    /// The server refused it.
    #[error("the server refused it with status {0}")]
    Refused(u32),
    /// What the server sent is no value.
    #[error("the server sent what is no value")]
    Undecodable,
    /// There is no control system, or no way to it.
    #[error("no control system can be asked: {0}")]
    Unavailable(String),
}

impl ReadFault {
    /// The stable code of the fault, documented in `docs/errors.md`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Name(_) => "pv_name",
            Self::NotFound => "pv_not_found",
            Self::Ambiguous(_) => "ambiguous_pv",
            Self::Timeout => "pv_timeout",
            Self::Unreachable(..) => "pv_unreachable",
            Self::Refused(_) => "pv_read_refused",
            Self::Undecodable => "pv_undecodable",
            Self::Unavailable(_) => "no_control_system",
        }
    }
}

/// An interlock that does not hold, or whose process variable cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the interlock on {pv} does not hold: {reason}")]
pub struct InterlockOpen {
    /// Its process variable.
    pub pv: String,
    /// Why, in a sentence.
    pub reason: String,
}

/// Reads process variables. It shares its circuits between reads, and between its copies.
///
/// Servers see it under the name of the client that writes, so that the access rights they tell are those that
/// an approved write would have. It cannot write: there is no such message in it.
#[derive(Clone)]
pub struct Reader(Arc<Inner>);

struct Inner {
    settings: Arc<ControlSystemSettings>,
    terms: Terms,
    /// Where names were found, as they are spelt towards servers.
    found: Mutex<HashMap<String, SocketAddr>>,
    links: Mutex<HashMap<SocketAddr, Arc<Link>>>,
}

impl Reader {
    pub(super) fn new(settings: Arc<ControlSystemSettings>, terms: Terms) -> Self {
        Self(Arc::new(Inner {
            settings,
            terms,
            found: Mutex::default(),
            links: Mutex::default(),
        }))
    }

    /// Reads `names`, all at once; neither asking where they are nor reading them takes longer than the
    /// configured time-out.
    /// The result has an entry for each of `names`, as they were given.
    pub async fn read(&self, names: &[String]) -> BTreeMap<String, Result<Reading, ReadFault>> {
        let inner = &self.0;
        let mut results = BTreeMap::new();
        let mut asked: BTreeMap<&str, PvName> = BTreeMap::new();
        for name in names {
            match PvName::parse(name) {
                Ok(parsed) => {
                    asked.insert(name, parsed);
                }
                Err(error) => {
                    results.insert(name.clone(), Err(error.into()));
                }
            }
        }
        let texts: Vec<&str> = asked.keys().copied().collect();
        let places = inner.find(&texts).await;
        let reads = asked.iter().map(|(text, name)| {
            let place = places.get(*text).cloned().unwrap_or(Err(ReadFault::NotFound));
            async move { ((*text).to_owned(), inner.read(name, text, place).await) }
        });
        results.extend(join_all(reads).await);
        results
    }

    /// Reads the interlocks' process variables and says whether all hold.
    ///
    /// # Errors
    /// [`InterlockOpen`] is the first that does not, or that cannot be read.
    pub async fn interlocks(&self) -> Result<(), InterlockOpen> {
        let interlocks: &[Interlock] = &self.0.settings.interlocks;
        if interlocks.is_empty() {
            return Ok(());
        }
        let names: BTreeSet<String> = interlocks.iter().map(|lock| lock.pv.clone()).collect();
        let readings = self.read(&names.into_iter().collect::<Vec<_>>()).await;
        for interlock in interlocks {
            let held = match readings.get(&interlock.pv) {
                Some(Ok(reading)) => holds(interlock, &reading.value),
                Some(Err(fault)) => Err(fault.to_string()),
                None => Err(ReadFault::NotFound.to_string()),
            };
            held.map_err(|reason| InterlockOpen {
                pv: interlock.pv.clone(),
                reason,
            })?;
        }
        Ok(())
    }

    /// Reads `text` from `server`, without asking where it is.
    pub(super) async fn read_at(&self, server: SocketAddr, text: &str) -> Result<Reading, ReadFault> {
        let name = PvName::parse(text)?;
        self.0.read(&name, text, Ok(server)).await
    }
}

impl Inner {
    async fn read(
        &self,
        name: &PvName,
        text: &str,
        place: Result<SocketAddr, ReadFault>,
    ) -> Result<Reading, ReadFault> {
        let server = place?;
        let reading = async {
            let link = self.link(server).await?;
            link.read(name, text).await
        };
        let reading = tokio::time::timeout(self.settings.epics.timeout, reading)
            .await
            .unwrap_or(Err(ReadFault::Timeout));
        if reading.as_ref().is_err_and(|fault| *fault == ReadFault::Timeout) {
            // What a server leaves unanswered is not kept for ever.
            self.links().remove(&server);
        }
        if reading.is_err() {
            // The next read asks where it is: the server may have moved.
            self.found().remove(text);
        }
        let reading = reading?;
        Ok(Reading {
            pv: name.canonical().to_owned(),
            value: reading.value,
            ioc: server.to_string(),
            writable: reading.writable,
            at: Timestamp::now(),
        })
    }

    async fn link(&self, server: SocketAddr) -> Result<Arc<Link>, ReadFault> {
        if let Some(link) = self.links().get(&server).filter(|link| link.is_open()) {
            return Ok(Arc::clone(link));
        }
        let link = Arc::new(Link::connect(server, &self.settings.epics, &self.terms).await?);
        let mut links = self.links();
        links.retain(|_, link| link.is_open());
        // Of two that were made at once, one is enough.
        Ok(Arc::clone(links.entry(server).or_insert(link)))
    }

    fn links(&self) -> std::sync::MutexGuard<'_, HashMap<SocketAddr, Arc<Link>>> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn found(&self) -> std::sync::MutexGuard<'_, HashMap<String, SocketAddr>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where names are: as found before while a circuit to that server stands, and else by asking.
    async fn find(&self, names: &[&str]) -> BTreeMap<String, Result<SocketAddr, ReadFault>> {
        let mut places = BTreeMap::new();
        {
            let links = self.links();
            let found = self.found();
            for name in names {
                let known = found.get(*name).copied();
                if let Some(server) =
                    known.filter(|server| links.get(server).is_some_and(|link| link.is_open()))
                {
                    places.insert((*name).to_owned(), Ok(server));
                }
            }
        }
        let missing: Vec<&str> = names
            .iter()
            .copied()
            .filter(|name| !places.contains_key(*name))
            .collect();
        if missing.is_empty() {
            return places;
        }
        let answers = match self.search(&missing).await {
            Ok(answers) => answers,
            Err(error) => {
                let fault = || Err(ReadFault::Unavailable(error.to_string()));
                places.extend(missing.iter().map(|name| ((*name).to_owned(), fault())));
                return places;
            }
        };
        for (name, servers) in answers {
            let place = match servers.as_slice() {
                [server] => Ok(*server),
                several => Err(ReadFault::Ambiguous(
                    several.iter().map(ToString::to_string).collect(),
                )),
            };
            if let Ok(server) = &place {
                self.found().insert(name.clone(), *server);
            }
            places.insert(name, place);
        }
        places
    }

    /// Asks for `names` until each has an answer, and a little longer for other servers' answers.
    async fn search(&self, names: &[&str]) -> std::io::Result<BTreeMap<String, Vec<SocketAddr>>> {
        let (sender, mut answers) = mpsc::channel::<Answer>(1024);
        let finder = Finder::open(&self.settings.epics, &self.terms, sender).await?;
        let begun = Instant::now();
        let deadline = begun + self.settings.epics.timeout;
        let (mut pause, mut end) = (FIRST_PAUSE, deadline);
        let mut found: BTreeMap<String, Vec<SocketAddr>> = BTreeMap::new();
        let mut ask_at = begun;
        loop {
            if Instant::now() >= ask_at {
                let open: Vec<&str> = names
                    .iter()
                    .copied()
                    .filter(|name| !found.contains_key(*name))
                    .collect();
                finder.ask(&open).await;
                ask_at = Instant::now() + pause;
                pause *= 2;
            }
            match tokio::time::timeout_at(end.min(ask_at), answers.recv()).await {
                Ok(Some(Answer { name, server })) => {
                    let servers = found.entry(name).or_default();
                    if !servers.contains(&server) {
                        servers.push(server);
                    }
                    if found.len() == names.len() && end == deadline {
                        let grace = (begun.elapsed() * 2).clamp(GRACE.0, GRACE.1);
                        end = deadline.min(Instant::now() + grace);
                        // Nobody is left to be asked for.
                        ask_at = end + FIRST_PAUSE;
                    }
                }
                Ok(None) => return Ok(found),
                Err(_) if Instant::now() >= end => return Ok(found),
                Err(_) => {}
            }
        }
    }
}
