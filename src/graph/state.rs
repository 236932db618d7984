//! Typed state: channels, reducers, patches and routes.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::model::Channels;

/// How writes to a channel combine with what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reducer {
    /// The write takes the place of the old value; two writers in one superstep are an error.
    Replace,
    /// The items of the written array are added at the end.
    Append,
    /// The keys of the written object are set, the others stay.
    Merge,
    /// The first write stays; another value is an error.
    SetOnce,
}

/// One channel of a graph's state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    /// Its name.
    pub name: String,
    /// How writes combine.
    pub reducer: Reducer,
    /// Whether only nodes may write it: input and `update_state` may not.
    pub protected: bool,
}

/// A graph's state as a Rust type. Implemented by [`state!`](crate::state).
pub trait State: Clone + Default + Serialize + DeserializeOwned + std::marker::Send + Sync + 'static {
    /// A partial write of the state.
    type Patch: Patch;
    /// The version of the state's shape, from 1.
    const VERSION: u32;
    /// The channels, in the order of the fields.
    fn channels() -> Vec<Channel>;
}

/// A partial write of a state: the channels it names, and no others.
pub trait Patch: Default + std::marker::Send + 'static {
    /// The written channels as JSON.
    ///
    /// # Errors
    /// When a value cannot be written as JSON (a map with keys that aren't strings).
    fn into_channels(self) -> Result<Channels, serde_json::Error>;
}

/// A branch's closed set of targets. Implemented by [`route!`](crate::route).
pub trait Route: 'static {
    /// Every node the branch can lead to.
    const TARGETS: &'static [&'static str];
    /// The node this value leads to.
    fn target(&self) -> &'static str;
}

/// Defines a graph's state: a struct with one reducer per field, and its patch.
///
/// ```
/// holdpoint::state! {
///     /// What is known of a ticket.
///     pub struct Ticket, TicketPatch, version = 1 {
///         /// What was asked.
///         question: String [replace],
///         /// What was noted.
///         notes: Vec<String> [append],
///         /// Who signed; only nodes may write it.
///         signed_by: Option<String> [replace, protected],
///     }
/// }
/// let patch = TicketPatch::new().question("why?").notes(vec!["first".to_owned()]);
/// # use holdpoint::graph::Patch;
/// assert_eq!(patch.into_channels().unwrap().len(), 2);
/// ```
#[macro_export]
macro_rules! state {
    (
        $(#[$doc:meta])*
        $visibility:vis struct $state:ident, $patch:ident, version = $version:literal {
            $( $(#[$field_doc:meta])* $field:ident : $type:ty [ $reducer:ident $(, $protected:ident)? ] ),+ $(,)?
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
        #[serde(default)]
        $visibility struct $state {
            $( $(#[$field_doc])* pub $field: $type, )+
        }

        #[doc = concat!("A partial write of [`", stringify!($state), "`].")]
        #[derive(Debug, Clone, Default)]
        $visibility struct $patch {
            $( $field: Option<$type>, )+
        }

        impl $patch {
            /// A patch that writes nothing.
            $visibility fn new() -> Self {
                Self::default()
            }
            $(
                #[doc = concat!("Writes `", stringify!($field), "`.")]
                #[must_use]
                $visibility fn $field(mut self, value: impl Into<$type>) -> Self {
                    self.$field = Some(value.into());
                    self
                }
            )+
        }

        impl $crate::graph::State for $state {
            type Patch = $patch;
            const VERSION: u32 = $version;
            fn channels() -> Vec<$crate::graph::Channel> {
                vec![ $( $crate::graph::Channel {
                    name: stringify!($field).to_owned(),
                    reducer: $crate::state!(@reducer $reducer),
                    protected: $crate::state!(@protected $($protected)?),
                }, )+ ]
            }
        }

        impl $crate::graph::Patch for $patch {
            fn into_channels(self) -> Result<$crate::model::Channels, serde_json::Error> {
                let mut channels = $crate::model::Channels::new();
                $(
                    if let Some(value) = self.$field {
                        channels.insert(stringify!($field).to_owned(), serde_json::to_value(value)?);
                    }
                )+
                Ok(channels)
            }
        }
    };
    (@reducer replace) => { $crate::graph::Reducer::Replace };
    (@reducer append) => { $crate::graph::Reducer::Append };
    (@reducer merge) => { $crate::graph::Reducer::Merge };
    (@reducer set_once) => { $crate::graph::Reducer::SetOnce };
    (@protected) => { false };
    (@protected protected) => { true };
}

/// Defines a branch's closed set of targets.
///
/// ```
/// use holdpoint::graph::{END, Route};
/// holdpoint::route! {
///     /// Where to go after the review.
///     pub enum AfterReview { Publish => "publish", Abandon => END }
/// }
/// assert_eq!(AfterReview::TARGETS, ["publish", END]);
/// ```
#[macro_export]
macro_rules! route {
    (
        $(#[$doc:meta])*
        $visibility:vis enum $route:ident { $( $(#[$variant_doc:meta])* $variant:ident => $target:expr ),+ $(,)? }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        $visibility enum $route {
            $(
                $(#[$variant_doc])*
                #[doc = concat!("Leads to `", stringify!($target), "`.")]
                $variant,
            )+
        }

        impl $crate::graph::Route for $route {
            const TARGETS: &'static [&'static str] = &[ $( $target ),+ ];
            fn target(&self) -> &'static str {
                match self { $( Self::$variant => $target, )+ }
            }
        }
    };
}
