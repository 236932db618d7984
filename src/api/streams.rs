//! Streams: server-sent events of a run, and answers that keep a connection alive until a run has ended.

use std::{collections::VecDeque, convert::Infallible, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::{
        HeaderValue,
        header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use futures::stream::{self, Stream};
use serde_json::{Value, json};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use crate::{
    model::RunId,
    service::{Heard, Listener},
};

use super::{
    events::{Frame, Teller},
    state::Door,
};

/// What was last seen of a stream: the number of what was told, and of its event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Seen {
    pub(super) told: u64,
    pub(super) frame: u64,
}

impl Seen {
    /// Nothing at all.
    pub(super) const NOTHING: Self = Self { told: 0, frame: 0 };

    /// Reads what a client that comes back says it saw last; `None` if that is none of our numbers.
    pub(super) fn read(text: &str) -> Option<Self> {
        if text.trim() == "-1" {
            return Some(Self::NOTHING);
        }
        let (told, frame) = text.trim().split_once('-')?;
        Some(Self {
            told: told.parse().ok()?,
            frame: frame.parse().ok()?,
        })
    }
}

/// A stream of a run's events.
pub(super) struct Events {
    pub(super) door: Door,
    pub(super) run: RunId,
    pub(super) listener: Listener,
    pub(super) teller: Teller,
    /// Whether events carry ids, by which a client can come back.
    pub(super) numbered: bool,
    /// What the client has seen already.
    pub(super) seen: Seen,
    /// Whether the run is cancelled if the client goes away.
    pub(super) cancels: bool,
}

impl Events {
    /// The answer that streams.
    pub(super) fn respond(self) -> Response {
        let every = self.door.settings().heartbeat;
        let mut waiting = VecDeque::new();
        if self.seen == Seen::NOTHING {
            let id = self.numbered.then_some(Seen { told: 0, frame: 1 });
            waiting.push_back(written(&self.teller.metadata(), id));
        }
        let stream = Streaming {
            guard: Guard {
                door: self.door.clone(),
                run: self.cancels.then_some(self.run),
            },
            heartbeat: heartbeat(every),
            events: self,
            waiting,
            ended: false,
        };
        let pieces = stream::unfold(stream, |mut stream| async move {
            let piece = stream.next().await?;
            Some((Ok::<_, Infallible>(piece), stream))
        });
        event_stream(pieces)
    }
}

/// An answer that streams `pieces`.
pub(super) fn event_stream(
    pieces: impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static,
) -> Response {
    let headers = [
        (
            CONTENT_TYPE,
            HeaderValue::from_static("text/event-stream; charset=utf-8"),
        ),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (CONNECTION, HeaderValue::from_static("keep-alive")),
    ];
    let mut response = (headers, Body::from_stream(pieces)).into_response();
    response
        .headers_mut()
        .insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

struct Streaming {
    events: Events,
    waiting: VecDeque<Bytes>,
    heartbeat: Interval,
    guard: Guard,
    ended: bool,
}

impl Streaming {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(piece) = self.waiting.pop_front() {
                return Some(piece);
            }
            if self.ended {
                return None;
            }
            let closing = self.events.door.closing().clone();
            tokio::select! {
                heard = self.events.listener.next() => match heard {
                    Some(heard) => self.take(heard),
                    None => self.finish(),
                },
                _ = self.heartbeat.tick() => {
                    return Some(Bytes::from_static(b": heartbeat\r\n\r\n"));
                }
                () = closing.cancelled() => {
                    let message = "the service is shutting down; the run comes to its end";
                    let frame = Frame { event: "closing".into(), data: json!({ "message": message }) };
                    self.waiting.push_back(written(&frame, None));
                    self.finish();
                }
            }
        }
    }

    fn finish(&mut self) {
        self.ended = true;
        self.guard.run = None;
    }

    fn take(&mut self, heard: Heard) {
        let seen = self.events.seen;
        match heard {
            Heard::Missed(count) => {
                // Of what is gone, the client has seen all but this much.
                let unseen = count.saturating_sub(seen.told);
                if unseen > 0 || seen == Seen::NOTHING {
                    let frame = Frame {
                        event: "gap".into(),
                        data: json!({ "missed": unseen.max(1) }),
                    };
                    self.waiting.push_back(written(&frame, None));
                }
            }
            Heard::Told { number, at, told } => {
                let ended = matches!(told.as_ref(), crate::service::Told::Ended(_));
                for (frame, index) in self.events.teller.tell(&told, at).iter().zip(1..) {
                    let place = Seen {
                        told: number,
                        frame: index,
                    };
                    if place > seen {
                        let id = self.events.numbered.then_some(place);
                        self.waiting.push_back(written(frame, id));
                    }
                }
                if ended {
                    self.finish();
                }
            }
        }
    }
}

/// Cancels a run when it is dropped, if it holds one.
struct Guard {
    door: Door,
    run: Option<RunId>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(run) = self.run {
            self.door.service().abandon(run);
        }
    }
}

/// An event in its written form.
fn written(frame: &Frame, id: Option<Seen>) -> Bytes {
    let mut text = format!("event: {}\r\ndata: {}\r\n", frame.event, frame.data);
    if let Some(Seen { told, frame }) = id {
        text.push_str(&format!("id: {told}-{frame}\r\n"));
    }
    text.push_str("\r\n");
    text.into()
}

fn heartbeat(every: Duration) -> Interval {
    let mut ticks = interval_at(Instant::now() + every, every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// An answer of JSON that `result` gives in its time; until then the connection is kept alive with line ends, which
/// mean nothing in JSON.
pub(super) fn kept_alive(
    door: Door,
    cancels: Option<RunId>,
    result: impl Future<Output = Value> + Send + 'static,
) -> Response {
    struct Waiting {
        result: std::pin::Pin<Box<dyn Future<Output = Value> + Send>>,
        heartbeat: Interval,
        guard: Guard,
        done: bool,
    }
    let waiting = Waiting {
        result: Box::pin(result),
        heartbeat: heartbeat(door.settings().heartbeat),
        guard: Guard { door, run: cancels },
        done: false,
    };
    let pieces = stream::unfold(waiting, |mut waiting| async move {
        if waiting.done {
            return None;
        }
        let piece = tokio::select! {
            result = &mut waiting.result => {
                waiting.done = true;
                waiting.guard.run = None;
                Bytes::from(result.to_string())
            }
            _ = waiting.heartbeat.tick() => Bytes::from_static(b"\n"),
        };
        Some((Ok::<_, Infallible>(piece), waiting))
    });
    let json = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    (json, Body::from_stream(pieces)).into_response()
}
