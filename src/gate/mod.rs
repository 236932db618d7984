//! THE HOLD POINT: decides whether a human is asked, asks, reads the answer, and gives leave.
//!
//! Everything here is a pure function of what it is given. The engine stores questions, accepts each
//! answer once and keeps the grants; this room says what they mean.

mod access;
mod account;
mod binding;
mod decision;
mod form;
mod grant;
mod listing;
mod message;
mod policy;
mod question;
mod quorum;
mod settle;
pub mod text;

pub use access::{Action, Subject, is_owner, may};
pub use account::{CodedValue, CodedWrite, Risk, advice, basis, on_lines, origin, risks, written};
pub use binding::Binding;
pub use decision::{Decided, Decision, DecisionError, decide};
pub use grant::{GrantVoid, check, grant};
pub use listing::{Line, Listing, Mark};
pub use policy::{Evidence, Refusal, Verdict, admit, asked_of, judge, may_ask, may_pend};
pub use question::{PlannedWrite, QuestionFacts, RehearsalFacts, RequestText, question};
pub use quorum::{Weighed, settler, weigh};
pub use settle::{OutcomeFacts, Settled, outcome_unknown_question, settle};
