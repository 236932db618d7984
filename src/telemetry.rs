//! What the program tells its operator: log lines on standard error.

use tracing_subscriber::EnvFilter;

/// The environment variable with the filter, such as `info` or `holdpoint::engine=debug`; `warn` without it.
pub const FILTER: &str = "HOLDPOINT_LOG";

/// The environment variable with the format: `json`, or readable text without it.
pub const FORMAT: &str = "HOLDPOINT_LOG_FORMAT";

/// Why nothing can be logged.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter can't be followed.
    #[error("{FILTER}: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// The format is not known.
    #[error("{FORMAT}: '{0}' is not one of json, text")]
    Format(String),
    /// Something else logs already.
    #[error("the log can't be set up: {0}")]
    Taken(#[from] tracing::subscriber::SetGlobalDefaultError),
}

/// Sends log lines to standard error, as the environment says.
///
/// # Errors
/// The environment says what can't be followed.
pub fn start() -> Result<(), TelemetryError> {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let filter = EnvFilter::try_new(variable(FILTER).as_deref().unwrap_or("warn"))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .log_internal_errors(false);
    match variable(FORMAT).as_deref() {
        Some("json") => tracing::subscriber::set_global_default(builder.json().finish())?,
        Some("text") | None => {
            let colour = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
            tracing::subscriber::set_global_default(builder.with_ansi(colour).finish())?;
        }
        Some(other) => return Err(TelemetryError::Format(other.to_owned())),
    }
    Ok(())
}
