//! What is known of libraries and modules, compiled for looking things up.

use crate::config::{AnalysisSettings, Effect, Level, PythonKnowledge, Route, Rule, Unlisted};

use super::AnalysisSetupError;

/// One client library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct LibraryId(pub(super) u16);

/// One type of a library's objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct TypeId(pub(super) u16);

/// The parameters of a member with their roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct SignatureId(pub(super) u16);

/// What a member of a library, or of one of its objects, does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Does {
    Write,
    Read,
    /// Neither; the result is plain data.
    Quiet,
    /// It gives an object of the type.
    Gives(TypeId),
    /// It stands in no list.
    Unlisted,
}

/// A member, as listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) does: Does,
    pub(super) signature: Option<SignatureId>,
}

/// What an argument is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Nothing that matters here.
    Plain,
    /// It names a channel, or is a sequence of such names.
    Channel,
    /// It is the value to be written, or a sequence of values for as many channels.
    Value,
    /// It maps channels to values.
    Mapping,
    /// It is called with plain data.
    Callback,
}

/// One parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parameter {
    pub(super) name: Box<str>,
    pub(super) role: Role,
}

/// One type of a library's objects.
#[derive(Debug)]
pub(super) struct Type {
    pub(super) library: LibraryId,
    pub(super) name: Box<str>,
    pub(super) unlisted: Unlisted,
}

/// Everything known, compiled.
#[derive(Debug)]
pub(super) struct Knowledge {}

impl Knowledge {
    /// Compiles what is shipped and what `settings` add.
    ///
    /// # Errors
    /// [`AnalysisSetupError`] names the entry that is not well formed.
    pub(super) fn new(settings: &AnalysisSettings) -> Result<Self, AnalysisSetupError>;

    /// The library that the module `path` (dotted) belongs to, if it reaches a control system.
    pub(super) fn library_of(&self, path: &str) -> Option<LibraryId>;

    /// The library's id as a text, and the way it takes to the hardware.
    pub(super) fn library(&self, id: LibraryId) -> (&str, Route);

    /// Whether importing the module `path` tells nothing.
    pub(super) fn is_harmless(&self, path: &str) -> bool;

    /// What `path` (dotted, below one of the library's modules) does. A path through a type, as in
    /// `epics.PV.put`, is the type's member.
    pub(super) fn function(&self, library: LibraryId, path: &str) -> Member;

    /// What the member `name` of an object does, by being named or called.
    pub(super) fn member(&self, of: TypeId, name: &str) -> Member;

    /// Whether the member `name` may be set without a write.
    pub(super) fn is_settable(&self, of: TypeId, name: &str) -> bool;

    /// The type of objects of which only the library is known: its members are those of all its types.
    pub(super) fn any_of(&self, library: LibraryId) -> TypeId;

    pub(super) fn type_of(&self, id: TypeId) -> &Type;

    pub(super) fn signature(&self, id: SignatureId) -> &[Parameter];

    /// The effect of naming or calling `path`, by the longest entry that fits.
    pub(super) fn effect(&self, path: &str) -> Option<&Effect>;

    /// The effect of calling a method of this name on an object that could not be resolved: entries of the
    /// form `?.subprocess_shell`.
    pub(super) fn effect_of_method(&self, name: &str) -> Option<&Effect>;

    /// Whether a member of this name writes in one of the `libraries`.
    pub(super) fn writes_somewhere(&self, libraries: &[LibraryId], name: &str) -> bool;

    /// Whether the member leads around the names that the analysis follows.
    pub(super) fn is_gateway(&self, name: &str) -> bool;

    pub(super) fn is_caller(&self, name: &str) -> bool;

    pub(super) fn is_plain(&self, path: &str) -> bool;

    /// Whether `path` lies in a module that must not be tampered with.
    pub(super) fn is_guarded(&self, path: &str) -> bool;

    pub(super) fn python(&self) -> &PythonKnowledge;

    pub(super) fn rule(&self, id: &str) -> Option<&Rule>;

    /// What follows from findings of the rule, the configuration considered; `Ask` for an unknown rule.
    pub(super) fn level(&self, rule: &str) -> Level;
}
